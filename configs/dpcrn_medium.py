"""DPCRN of 540,489 parameters and 1.07 G multiply-accumulates per second, 32 ms frames.

Paper: Le, Chen, Chen and Lu, "DPCRN: Dual-path convolution recurrent network for
single channel speech enhancement", Interspeech 2021, on 32 bins
(`tfse.models.dpcrn_on_32_bins`).
Data, loss and training: `tfse.training.recipes.waveform_recipe`.
Expect: the shipped weights, of 108 hours of mixtures, have PESQ +0.677, STOI +0.062 and SI-SDR
+5.59 dB on the validation mixtures of `tfse/pretrained/dpcrn_medium.md`. A step takes 1.0 s on
one quiet core. It can be widened from a small model:

    tfse-train --config=configs/dpcrn_medium.py --data_dir=prepared --run_dir=runs/dpcrn_medium \\
        --init_from=dpcrn_small --widen
"""

from tfse.models import dpcrn_on_32_bins
from tfse.training import ExperimentConfig
from tfse.training.recipes import waveform_recipe


def get_config() -> ExperimentConfig:
    """Returns the experiment."""
    return waveform_recipe(
        dpcrn_on_32_bins(
            "dpcrn_medium", filters=(32, 32, 48, 64, 96), frequency_units=48, time_units=96
        ),
        steps=20_000,
        validate_every=1000,
        checkpoint_every=100,
    )
