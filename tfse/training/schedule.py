"""Learning-rate schedule: warm-up, then constant, cosine or plateau."""

from __future__ import annotations

import math
from typing import NamedTuple

from tfse.training.config import TrainConfig

# A loss must be so much lower to count as better for the plateau.
_PLATEAU_DELTA = 1e-4


class Plateau(NamedTuple):
    """State of a plateau schedule.

    Attributes:
        best: lowest validation loss so far.
        wait: validations since then, or since the last cut.
        scale: factor on the learning rate, product of all cuts.
    """

    best: float = math.inf
    wait: int = 0
    scale: float = 1.0


def learning_rate(config: TrainConfig, step: int, plateau_scale: float = 1.0) -> float:
    """Returns the learning rate of the next step.

    Args:
        config: provides `schedule`, `learning_rate`, `warmup_steps` and `steps`.
        step: steps done.
        plateau_scale: `Plateau.scale`; unused by "cosine" and during the warm-up.
    """
    if step < config.warmup_steps:
        return config.learning_rate * (step + 1) / config.warmup_steps
    if config.schedule == "cosine":
        half = config.steps / 2
        done = min(max(step - half, 0.0) / half, 1.0)
        return config.learning_rate * 0.5 * (1 + math.cos(math.pi * done))
    return config.learning_rate * plateau_scale


def after_validation(plateau: Plateau, loss: float, config: TrainConfig) -> Plateau:
    """Returns the plateau after a validation; its scale is cut when patience ends.

    Args:
        plateau: state before the validation.
        loss: validation loss.
        config: provides `plateau_patience` and `plateau_factor`.
    """
    better = loss < plateau.best - _PLATEAU_DELTA
    best = loss if better else plateau.best
    wait = 0 if better else plateau.wait + 1
    if wait >= config.plateau_patience:
        return Plateau(best, 0, plateau.scale * config.plateau_factor)
    return Plateau(best, wait, plateau.scale)
