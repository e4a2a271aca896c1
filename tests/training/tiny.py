"""Tiny experiments, for programs that take a config file: `tiny.py:dpcrn`."""

from tests import instances
from tfse.data.config import DataConfig
from tfse.losses import LossConfig
from tfse.training import ExperimentConfig, TrainConfig


def get_config(model: str = "lstm_irm") -> ExperimentConfig:
    """Returns the experiment of a model, `dpcrn`, `fastenhancer` or `lstm_irm`."""
    models = {
        "dpcrn": instances.tiny_dpcrn,
        "fastenhancer": instances.tiny_fastenhancer,
        "lstm_irm": instances.tiny_lstm_irm,
    }
    return ExperimentConfig(
        model=models[model](),
        data=DataConfig(segment_s=0.25, reverb_probability=0.0, valid_mixtures=3),
        loss=LossConfig(negative_snr=1.0, log_spectral_mse=1.0),
        train=TrainConfig(
            batch_size=4,
            steps=6,
            validate_every=2,
            warmup_steps=1,
            statistics_batches=2,
            tensorboard_clips=0,
        ),
    )
