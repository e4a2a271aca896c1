"""FastEnhancer base: 93,000 parameters, 265 M multiply-accumulates per second, 32 ms frames.

Paper: Ahn et al., "FastEnhancer: Speed-optimized streaming neural speech enhancement",
ICASSP 2026, arXiv 2509.21867. Two things are not the paper's, since they learn more in equal
time (`docs/recipes.md`): the log power of every bin as a third input, and a mask of a bounded
magnitude and a phase rotation. And a constant offset is subtracted from the waveform.
Data, loss and training: `tfse.training.recipes.waveform_recipe`.
Expect: the shipped weights, of 820 hours of mixtures, have PESQ +0.843, STOI +0.077 and SI-SDR
+6.29 dB on the validation mixtures of `tfse/pretrained/fastenhancer_base.md`.

    tfse-train --config=configs/fastenhancer_base.py --data_dir=prepared \\
        --run_dir=runs/fastenhancer_base
"""

from tfse.models import FastEnhancerConfig
from tfse.training import ExperimentConfig
from tfse.training.recipes import waveform_recipe


def get_config() -> ExperimentConfig:
    """Returns the experiment."""
    return waveform_recipe(
        FastEnhancerConfig(log_power_input=True, mask="polar", dc_time_s=0.5),
        steps=100_000,
        validate_every=2_000,
        checkpoint_every=200,
    )
