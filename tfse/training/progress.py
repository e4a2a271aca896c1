"""Progress of a run: all of its state besides variables."""

from __future__ import annotations

import dataclasses
import math
from typing import Any

from tfse.training import schedule
from tfse.training.config import TrainConfig


@dataclasses.dataclass
class Progress:
    """Counters of a run; saved in every checkpoint, so that a resumed run continues unchanged.

    Attributes:
        step: steps done.
        validated_step: step of the last validation.
        loss_sum: sum of the losses of good steps since that validation.
        norm_sum: sum of the norms of their gradients, before clipping.
        loss_count: number of those steps.
        best: lowest validation loss so far.
        since_best: validations since then, for early stopping.
        plateau_best: `best` of `tfse.training.schedule.Plateau`.
        plateau_wait: likewise `wait`.
        plateau_scale: likewise `scale`.
        bad_steps: steps that were not applied.
        bad_in_a_row: the last of them, without a good one in between.
    """

    step: int = 0
    validated_step: int = 0
    loss_sum: float = 0.0
    norm_sum: float = 0.0
    loss_count: int = 0
    best: float = math.inf
    since_best: int = 0
    plateau_best: float = math.inf
    plateau_wait: int = 0
    plateau_scale: float = 1.0
    bad_steps: int = 0
    bad_in_a_row: int = 0

    def as_dict(self) -> dict[str, Any]:
        """Returns the counters by name."""
        return dataclasses.asdict(self)

    def count_step(self, loss: float, norm: float, *, bad: bool, overflow: bool) -> None:
        """Counts a step; one that float16 could not hold is neither good nor bad."""
        self.step += 1
        if not bad:
            self.loss_sum += loss
            self.norm_sum += norm
            self.loss_count += 1
            self.bad_in_a_row = 0
        elif not overflow:
            self.bad_steps += 1
            self.bad_in_a_row += 1

    def take_means(self) -> dict[str, float]:
        """Returns mean loss and gradient norm since the last validation, and resets them.

        Both are NaN without a step.
        """
        count = self.loss_count or math.nan
        means = {"loss": self.loss_sum / count, "gradient_norm": self.norm_sum / count}
        self.loss_sum, self.norm_sum, self.loss_count = 0.0, 0.0, 0
        return means

    def count_validation(self, loss: float, config: TrainConfig) -> bool:
        """Counts a validation and returns whether it is the best so far."""
        self.validated_step = self.step
        better = loss < self.best
        self.best = min(self.best, loss) if better else self.best
        self.since_best = 0 if better else self.since_best + 1
        if config.schedule == "plateau":
            plateau = schedule.Plateau(self.plateau_best, self.plateau_wait, self.plateau_scale)
            self.plateau_best, self.plateau_wait, self.plateau_scale = schedule.after_validation(
                plateau, loss, config
            )
        return better

    def is_at_end(self, config: TrainConfig) -> bool:
        """Returns whether the last step is done, or early stopping ends the run."""
        patience = config.early_stopping_patience
        return self.step >= config.steps or (0 < patience <= self.since_best)

    def learning_rate(self, config: TrainConfig) -> float:
        """Returns the learning rate of the next step."""
        return schedule.learning_rate(config, self.step, self.plateau_scale)
