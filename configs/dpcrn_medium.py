"""DPCRN of 540,489 parameters and 1.07 G multiply-accumulates per second, 32 ms frames.

Paper: Le, Chen, Chen and Lu, "DPCRN: Dual-path convolution recurrent network for
single channel speech enhancement", Interspeech 2021; here with a third stage
with stride, so that 32 bins reach the LSTMs instead of 50; the log power of every bin
as a third input, since the paper's normalization hides which frames are loud; and a
mask of a bounded magnitude and a phase rotation. A constant offset is subtracted from the
waveform.
Data, loss and training: `tfse.training.recipes.waveform_recipe`.
Expect: the shipped weights have PESQ +0.596, STOI +0.054 and SI-SDR +5.98 dB on the test
mixtures of `tfse/pretrained/dpcrn_medium.md`. They are of Adam 1e-3, levels of -35 to -15
dBFS and no synthetic noise; the settings below learn more in equal time
(`docs/recipes.md`). A step takes 1.0 s on one quiet core. Widened from a small model it
begins where that one ends:

    tfse-train --config=configs/dpcrn_medium.py --data_dir=prepared --run_dir=runs/dpcrn_medium \\
        --init_from=dpcrn_small --widen
"""

from tfse.models import DPCRNConfig
from tfse.training import ExperimentConfig
from tfse.training.recipes import waveform_recipe


def get_config() -> ExperimentConfig:
    """Returns the experiment."""
    return waveform_recipe(
        DPCRNConfig(
            name="dpcrn_medium",
            frame_length=512,
            hop_length=256,
            fft_length=512,
            log_power_input=True,
            mask="polar",
            dc_time_s=0.5,
            filters=(32, 32, 48, 64, 96),
            strides=(2, 2, 2, 1, 1),
            paddings=((0, 2), (0, 1), (0, 1), (1, 1), (1, 1)),
            frequency_units=48,
            time_units=96,
        ),
        steps=20_000,
        validate_every=1000,
        checkpoint_every=100,
    )
