"""An experiment whose model has no weights to train."""

import dataclasses

from tests.instances import tiny_lstm_irm
from tfse import models
from tfse.data.config import DataConfig
from tfse.losses import LossConfig
from tfse.models.registry import register
from tfse.training import ExperimentConfig, TrainConfig


@dataclasses.dataclass
class FrozenConfig(models.LSTMIRMConfig):
    """An LSTM-IRM that cannot learn."""


@register(FrozenConfig)
def frozen(config):
    model = models.build(tiny_lstm_irm())
    model.trainable = False
    return model


def get_config():
    return ExperimentConfig(
        FrozenConfig(), DataConfig(segment_s=0.5), LossConfig(mask_mse=1.0), TrainConfig()
    )
