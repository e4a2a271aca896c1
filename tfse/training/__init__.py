"""Training: the loop, the devices it runs on, and resumption after a stop."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tfse.lazy_import import lazy_attributes
from tfse.training.config import ExperimentConfig, TrainConfig
from tfse.training.recipes import mask_recipe, waveform_recipe

if TYPE_CHECKING:
    from tfse.training.stop_signal import Terminated
    from tfse.training.strategy import make_strategy
    from tfse.training.trainer import Trainer

__all__ = [
    "ExperimentConfig",
    "Terminated",
    "TrainConfig",
    "Trainer",
    "make_strategy",
    "mask_recipe",
    "waveform_recipe",
]

# Imported on first use: config files need the dataclasses alone, and are read where
# TensorFlow is not installed.
__getattr__ = lazy_attributes(
    __name__, {"Terminated": "stop_signal", "Trainer": "trainer", "make_strategy": "strategy"}
)
