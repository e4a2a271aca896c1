"""DPCRN small."""

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
        data=DataConfig(segment_s=3.0),
        loss=LossConfig(negative_snr=1.0, log_spectral_mse=1.0, compressed_spectrum_mse=50.0),
        train=TrainConfig(batch_size=4, steps=2_000, validate_every=200, schedule="cosine"),
    )
