"""DPCRN with the paper's filters and units: 787,913 parameters, frames of 32 ms every 16 ms.

Paper: Le, Chen, Chen and Lu, "DPCRN: Dual-path convolution recurrent network for
single channel speech enhancement", Interspeech 2021, on 32 bins (`tfse.models.dpcrn_on_32_bins`)
with the paper's filters and units. `dpcrn_paper.py` is the paper's own.
Data, loss and training: `tfse.training.recipes.waveform_recipe`.
Expect: no weights are shipped: those of 2,300 steps were below `dpcrn_medium` at 1.4 times the
time per frame. It can be widened from a small model:

    tfse-train --config=configs/dpcrn_large.py --data_dir=prepared --run_dir=runs/dpcrn_large \\
        --init_from=dpcrn_small --widen
"""

from tfse.models import dpcrn_on_32_bins
from tfse.training import ExperimentConfig
from tfse.training.recipes import waveform_recipe


def get_config() -> ExperimentConfig:
    """Returns the experiment."""
    return waveform_recipe(
        dpcrn_on_32_bins(
            "dpcrn_large", filters=(32, 32, 32, 64, 128), frequency_units=64, time_units=128
        ),
        steps=20_000,
        validate_every=1000,
        checkpoint_every=100,
    )
