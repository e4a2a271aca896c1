"""FastEnhancer tiny: 22,000 parameters, 61 M multiply-accumulates per second, 32 ms frames.

Paper: Ahn et al., "FastEnhancer: Speed-optimized streaming neural speech enhancement",
ICASSP 2026, arXiv 2509.21867. Two things are not the paper's, since they learn more in equal
time (`docs/recipes.md`): the log power of every bin as a third input, and a mask of a bounded
magnitude and a phase rotation. And a constant offset is subtracted from the waveform.
Data, loss and training: `tfse.training.recipes.waveform_recipe`.
Expect: the shipped weights, of 64 hours of mixtures, have PESQ +0.494, STOI +0.043 and SI-SDR
+4.56 dB on the validation mixtures of `tfse/pretrained/fastenhancer_tiny.md`. The last 37 hours
were with a teacher, which pays once the first 20 or 30 hours are over:

    tfse-train --config=configs/fastenhancer_tiny.py --data_dir=prepared \\
        --run_dir=runs/fastenhancer_tiny --config.train.teacher=fastenhancer_base
"""

from tfse.models import FastEnhancerConfig
from tfse.training import ExperimentConfig
from tfse.training.recipes import waveform_recipe


def get_config() -> ExperimentConfig:
    """Returns the experiment."""
    return waveform_recipe(
        FastEnhancerConfig(
            name="fastenhancer_tiny",
            log_power_input=True,
            mask="polar",
            dc_time_s=0.5,
            channels=24,
            blocks=2,
            block_channels=20,
            bands=16,
        ),
        steps=100_000,
        validate_every=2_000,
        checkpoint_every=200,
    )
