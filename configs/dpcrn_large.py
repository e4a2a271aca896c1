"""DPCRN with the paper's filters and units: 787,913 parameters, frames of 32 ms every 16 ms.

Paper: Le, Chen, Chen and Lu, "DPCRN: Dual-path convolution recurrent network for
single channel speech enhancement", Interspeech 2021. Filters, kernels and units are
the paper's; transform, input, strides and mask are those of `dpcrn_small.py`, so that it
can be widened from that: a third stage with stride, so that 32 bins reach the LSTMs
instead of 50, which halves the cost; the log power of every bin as a third input; a
mask of a bounded magnitude and a phase rotation. A constant offset is subtracted from the
waveform. `dpcrn_paper.py` is the paper's own.
Data, loss and training: `tfse.training.recipes.waveform_recipe`.
Expect: the shipped weights have PESQ +0.554, STOI +0.045 and SI-SDR +5.68 dB on the test
mixtures of `tfse/pretrained/dpcrn_large.md`. They are of 2,300 steps of Adam 1e-3 at levels of
-35 to -15 dBFS without synthetic noise; the settings below learn more in equal time
(`docs/recipes.md`). Widened from a small model it begins where that one ends:

    tfse-train --config=configs/dpcrn_large.py --data_dir=prepared --run_dir=runs/dpcrn_large \\
        --init_from=dpcrn_small --widen
"""

from tfse.models import DPCRNConfig
from tfse.training import ExperimentConfig
from tfse.training.recipes import waveform_recipe


def get_config() -> ExperimentConfig:
    """Returns the experiment."""
    return waveform_recipe(
        DPCRNConfig(
            name="dpcrn_large",
            frame_length=512,
            hop_length=256,
            fft_length=512,
            log_power_input=True,
            mask="polar",
            dc_time_s=0.5,
            filters=(32, 32, 32, 64, 128),
            strides=(2, 2, 2, 1, 1),
            paddings=((0, 2), (0, 1), (0, 1), (1, 1), (1, 1)),
            frequency_units=64,
            time_units=128,
        ),
        steps=20_000,
        validate_every=1000,
        checkpoint_every=100,
    )
