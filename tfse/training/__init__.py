"""Training: the loop, where it runs, and how it resumes after a stop."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

from tfse.training.config import ExperimentConfig, TrainConfig

if TYPE_CHECKING:
    from tfse.training.stop_signal import Terminated as Terminated
    from tfse.training.strategy import make_strategy as make_strategy
    from tfse.training.trainer import Trainer as Trainer

# Imported on first use: config files need the dataclasses alone, and are read where
# TensorFlow is not installed.
_LAZY = {
    "Terminated": "stop_signal",
    "Trainer": "trainer",
    "make_strategy": "strategy",
}

__all__ = [
    "ExperimentConfig",
    "Terminated",
    "TrainConfig",
    "Trainer",
    "make_strategy",
]


def __getattr__(name: str) -> Any:
    if name in _LAZY:
        return getattr(importlib.import_module(f"tfse.training.{_LAZY[name]}"), name)
    raise AttributeError(f"module 'tfse.training' has no attribute {name!r}")
