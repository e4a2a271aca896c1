"""LSTM-IRM."""

from tfse.data.config import DataConfig
from tfse.losses import LossConfig
from tfse.models import LSTMIRMConfig
from tfse.training import ExperimentConfig, TrainConfig


def get_config() -> ExperimentConfig:
    """Returns the experiment."""
    return ExperimentConfig(
        model=LSTMIRMConfig(),
        data=DataConfig(segment_s=3.0),
        loss=LossConfig(mask_mse=1.0, compressed_spectrum_mse=1.0, negative_si_sdr=0.01),
        train=TrainConfig(batch_size=16, steps=1_900, validate_every=200, schedule="cosine"),
    )
