"""DPCRN made small: 141,062 values, frames of 32 ms every 16 ms, trained on a laptop.

Paper: Le, Chen, Chen and Lu, "DPCRN: Dual-path convolution recurrent network for
single channel speech enhancement", Interspeech 2021; fewer filters, and a third
stage with stride, so that 32 bins reach the LSTMs instead of 50.
Data: any corpus that `tfse-prepare` has prepared; 3 s mixtures at -5 to 20 dB,
30 % of them in a room; speakers share them by the root of how long they speak.
Loss: the paper's negative SNR + log spectral MSE, + 50 times the compressed
spectrum MSE, which hears quiet bins.
Expect: see `tfse/pretrained/dpcrn_small.md`; 8,000 steps are two hours on one shared
core.

    tfse-train --config=configs/dpcrn_small.py --data_dir=prepared --run_dir=runs/dpcrn_small
"""

from tfse.data.config import DataConfig
from tfse.losses import LossConfig
from tfse.models import DPCRNConfig
from tfse.training import ExperimentConfig, TrainConfig


def get_config() -> ExperimentConfig:
    """Returns the experiment."""
    return ExperimentConfig(
        model=DPCRNConfig(
            name="dpcrn_small",
            frame_length=512,
            hop_length=256,
            fft_length=512,
            filters=(16, 24, 32, 32, 48),
            strides=(2, 2, 2, 1, 1),
            paddings=((0, 2), (0, 1), (0, 1), (1, 1), (1, 1)),
            frequency_units=20,
            time_units=40,
        ),
        data=DataConfig(segment_s=3.0, speaker_balance=0.5),
        loss=LossConfig(negative_snr=1.0, log_spectral_mse=1.0, compressed_spectrum_mse=50.0),
        train=TrainConfig(
            batch_size=4,
            steps=8_000,
            validate_every=500,
            schedule="cosine",
            early_stopping_patience=0,
        ),
    )
