"""How far a run is: all that it knows besides its variables."""

from __future__ import annotations

import dataclasses
import math
from typing import Any

from tfse.training.config import TrainConfig

# A loss must be so much lower to count as better for the plateau.
_PLATEAU_DELTA = 1e-4


@dataclasses.dataclass
class Progress:
    """Counters of a run; kept in every checkpoint, so that it goes on as if never stopped.

    Attributes:
        step: steps done.
        validated_step: at which the last validation was.
        loss_sum: of the good steps since that validation.
        norm_sum: of the norms of their gradients, before clipping.
        loss_count: how many those were.
        best: lowest validation loss so far.
        since_best: validations since then, for early stopping.
        plateau_best: lowest validation loss that the plateau has seen.
        plateau_wait: validations since then, or since the last cut.
        plateau_scale: what plateaus have made of the learning rate.
        bad_steps: steps that were not applied.
        bad_in_a_row: the last of them without a good one between.
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
        """Returns mean loss and gradient norm since the last validation, and starts over.

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
            self._follow_plateau(loss, config)
        return better

    def _follow_plateau(self, loss: float, config: TrainConfig) -> None:
        better = loss < self.plateau_best - _PLATEAU_DELTA
        self.plateau_best = loss if better else self.plateau_best
        self.plateau_wait = 0 if better else self.plateau_wait + 1
        if self.plateau_wait >= config.plateau_patience:
            self.plateau_scale *= config.plateau_factor
            self.plateau_wait = 0

    def is_at_end(self, config: TrainConfig) -> bool:
        """Tells whether the last step is done, or validation no longer gets better."""
        patience = config.early_stopping_patience
        return self.step >= config.steps or (0 < patience <= self.since_best)

    def learning_rate(self, config: TrainConfig) -> float:
        """Returns the learning rate of the next step."""
        if self.step < config.warmup_steps:
            return config.learning_rate * (self.step + 1) / config.warmup_steps
        if config.schedule == "cosine":
            half = config.steps / 2
            done = min(max(self.step - half, 0.0) / half, 1.0)
            return config.learning_rate * 0.5 * (1 + math.cos(math.pi * done))
        return config.learning_rate * self.plateau_scale
