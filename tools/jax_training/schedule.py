"""Learning-rate schedule over a training of limited time."""

from __future__ import annotations

import math

from tfse.training import TrainConfig
from tfse.training import schedule as product

SCHEDULES = ("config", "constant", "cosine")


def learning_rate(config: TrainConfig, schedule: str, step: int, share_done: float) -> float:
    """Returns the learning rate of a step.

    Args:
        config: provides `learning_rate`, `warmup_steps`, and everything for "config".
        schedule: "constant", "cosine", or "config", which follows `config.schedule` over
            `config.steps`. All start with the warm-up. "cosine" is constant for half of
            the time, then decays to zero along a cosine.
        step: steps done.
        share_done: completed share of the planned training, 0 to 1.
    """
    if schedule == "config":
        return product.learning_rate(config, step)
    warm = min(1.0, (step + 1) / config.warmup_steps) if config.warmup_steps else 1.0
    if schedule == "constant":
        return config.learning_rate * warm
    decay = min(max(2.0 * share_done - 1.0, 0.0), 1.0)
    return config.learning_rate * warm * 0.5 * (1.0 + math.cos(math.pi * decay))


class Clock:
    """Completed share of a training, by time or by steps.

    Between two readings of the time, steps are assumed to last as long as before: the
    program runs ahead of the accelerator.

    Args:
        seconds: limit of the time; None for no limit.
        steps: limit of the steps; None for no limit.
    """

    def __init__(self, seconds: float | None, steps: int | None) -> None:
        self._seconds, self._steps = seconds, steps
        self._read_step, self._read_s, self._step_s = 0, 0.0, 0.0

    def read(self, step: int, elapsed_s: float) -> None:
        """Records the time at which all steps so far were done."""
        if step > self._read_step:
            self._step_s = (elapsed_s - self._read_s) / (step - self._read_step)
        self._read_step, self._read_s = step, elapsed_s

    def skip(self, elapsed_s: float) -> None:
        """Records time without a step."""
        self._read_s = elapsed_s

    @property
    def step_s(self) -> float:
        """Duration of the last steps, seconds per step."""
        return self._step_s

    def share_done(self, step: int) -> float:
        """Returns the completed share of the plan, 0 to 1."""
        shares = [0.0]
        if self._seconds is not None:
            elapsed = self._read_s + (step - self._read_step) * self._step_s
            shares.append(elapsed / max(self._seconds, 1e-9))
        if self._steps is not None:
            shares.append(step / self._steps)
        return min(max(shares), 1.0)
