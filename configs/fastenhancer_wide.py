"""FastEnhancer of twice the width: 367,000 parameters, 1.0 G multiply-accumulates per second.

A real-time factor of 0.015 on one core in float32 and 0.010 in dynamic-range
(`docs/recipes.md`). Since only its channels differ from those of `fastenhancer_base`, its
weights can be made of that model's (`--widen`). Paper and differences from it:
`fastenhancer_base.py`.

    tfse-train --config=configs/fastenhancer_wide.py --data_dir=prepared \\
        --run_dir=runs/fastenhancer_wide --init_from=fastenhancer_base --widen
"""

from tfse.models import FastEnhancerConfig
from tfse.training import ExperimentConfig
from tfse.training.recipes import waveform_recipe


def get_config() -> ExperimentConfig:
    """Returns the experiment."""
    return waveform_recipe(
        FastEnhancerConfig(
            name="fastenhancer_wide",
            log_power_input=True,
            mask="polar",
            dc_time_s=0.5,
            channels=96,
            block_channels=72,
        ),
        steps=100_000,
        validate_every=2_000,
        checkpoint_every=200,
    )
