"""Training: the loop, where it runs, and how it goes on after a stop."""

from tfse.training.config import ExperimentConfig, TrainConfig
from tfse.training.dry_run import dry_run
from tfse.training.stopping import Terminated
from tfse.training.strategy import make_strategy
from tfse.training.trainer import Trainer

__all__ = [
    "ExperimentConfig",
    "Terminated",
    "TrainConfig",
    "Trainer",
    "dry_run",
    "make_strategy",
]
