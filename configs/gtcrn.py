"""GTCRN: 24,000 trained parameters, 26 M multiply-accumulates per second, frames of 32 ms.

Paper: Rong et al., "GTCRN: A speech enhancement model requiring ultralow computational
resources", ICASSP 2024. The authors' weights can be imported
(docs/how-to/bring-your-own-weights.md).
Data, loss and training: `tfse.training.recipes.waveform_recipe`.

    tfse-train --config=configs/gtcrn.py --data_dir=prepared --run_dir=runs/gtcrn
"""

from tfse.models import GTCRNConfig
from tfse.training import ExperimentConfig
from tfse.training.recipes import waveform_recipe


def get_config() -> ExperimentConfig:
    """Returns the experiment."""
    return waveform_recipe(GTCRNConfig(), steps=100_000, validate_every=2_000, checkpoint_every=200)
