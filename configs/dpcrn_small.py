"""DPCRN made small: 142,057 parameters, frames of 32 ms every 16 ms, trained on a laptop.

Paper: Le, Chen, Chen and Lu, "DPCRN: Dual-path convolution recurrent network for
single channel speech enhancement", Interspeech 2021, on 32 bins (`tfse.models.dpcrn_on_32_bins`)
and with fewer filters.
Data, loss and training: `tfse.training.recipes.waveform_recipe`.
Expect: the shipped weights, of 70 hours of mixtures, have PESQ +0.577, STOI +0.054 and SI-SDR
+4.91 dB on the validation mixtures of `tfse/pretrained/dpcrn_small.md`. A step takes 0.4 s on one
quiet core.

    tfse-train --config=configs/dpcrn_small.py --data_dir=prepared --run_dir=runs/dpcrn_small
"""

from tfse.models import dpcrn_on_32_bins
from tfse.training import ExperimentConfig
from tfse.training.recipes import waveform_recipe


def get_config() -> ExperimentConfig:
    """Returns the experiment."""
    return waveform_recipe(
        dpcrn_on_32_bins(
            "dpcrn_small", filters=(16, 24, 32, 32, 48), frequency_units=20, time_units=40
        ),
        steps=8_000,
        validate_every=500,
        checkpoint_every=100,
    )
