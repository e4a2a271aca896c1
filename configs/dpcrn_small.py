"""DPCRN made small: 142,057 parameters, frames of 32 ms every 16 ms, trained on a laptop.

Paper: Le, Chen, Chen and Lu, "DPCRN: Dual-path convolution recurrent network for
single channel speech enhancement", Interspeech 2021; fewer filters; a third stage
with stride, so that 32 bins reach the LSTMs instead of 50; the log power of every bin
as a third input, since the paper's normalization hides which frames are loud; and a
mask of a bounded magnitude and a phase rotation. A constant offset is subtracted from the
waveform.
Data, loss and training: `tfse.training.recipes.waveform_recipe`.
Expect: the shipped weights have PESQ +0.526, STOI +0.042 and SI-SDR +5.41 dB on the test
mixtures of `tfse/pretrained/dpcrn_small.md`. They are of Adam 1e-3, levels of -35 to -15
dBFS and no synthetic noise; with the settings below 25 minutes on one core reach the same
PESQ on validation mixtures (`docs/recipes.md`). A step takes 0.4 s on one quiet core.

    tfse-train --config=configs/dpcrn_small.py --data_dir=prepared --run_dir=runs/dpcrn_small
"""

from tfse.models import DPCRNConfig
from tfse.training import ExperimentConfig
from tfse.training.recipes import waveform_recipe


def get_config() -> ExperimentConfig:
    """Returns the experiment."""
    return waveform_recipe(
        DPCRNConfig(
            name="dpcrn_small",
            frame_length=512,
            hop_length=256,
            fft_length=512,
            log_power_input=True,
            mask="polar",
            dc_time_s=0.5,
            filters=(16, 24, 32, 32, 48),
            strides=(2, 2, 2, 1, 1),
            paddings=((0, 2), (0, 1), (0, 1), (1, 1), (1, 1)),
            frequency_units=20,
            time_units=40,
        ),
        steps=8_000,
        validate_every=500,
        checkpoint_every=100,
    )
