"""DTLN: masks on the spectrum and on a learned code, 987,000 parameters, frames of 32 ms.

Paper: Westhausen and Meyer, "Dual-signal transformation LSTM network for real-time noise
suppression", Interspeech 2020. `--config.model.normalized_input=true` trains the variant whose
input is normalized. The authors' weights can be imported (docs/how-to/bring-your-own-weights.md).
Data, loss and training: `tfse.training.recipes.waveform_recipe`.

    tfse-train --config=configs/dtln.py --data_dir=prepared --run_dir=runs/dtln
"""

from tfse.models import DTLNConfig
from tfse.training import ExperimentConfig
from tfse.training.recipes import waveform_recipe


def get_config() -> ExperimentConfig:
    """Returns the experiment."""
    return waveform_recipe(DTLNConfig(), steps=100_000, validate_every=2_000, checkpoint_every=200)
