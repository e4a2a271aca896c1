"""Training loop: steps until the time is over, a report and a checkpoint every minute."""

from __future__ import annotations

import dataclasses
import pathlib
import time
from typing import Any

import jax
import jax.numpy as jnp

from tfse.errors import TrainingError
from tfse.training.stop_signal import StopSignal
from tools.jax_training import checkpoint
from tools.jax_training.history import History, Row
from tools.jax_training.learner import State, no_sums
from tools.jax_training.schedule import Clock, learning_rate
from tools.jax_training.session import Session, check_gradient

# Steps are queued on the accelerator for about this long before the program waits.
_AHEAD_S = 0.5


@dataclasses.dataclass(frozen=True)
class Plan:
    """Duration of a training.

    Attributes:
        seconds: limit of the time from the first step; None for no limit.
        steps: limit of the steps; None for no limit.
        schedule: learning-rate schedule, see `tools.jax_training.schedule`.
        report_s: from one report, validation and checkpoint to the next, seconds.
    """

    seconds: float | None
    steps: int | None
    schedule: str
    report_s: float = 60.0


class Training:
    """One run of a session.

    Args:
        session: the session.
        output_dir: folder of `last.keras` and `history.csv`.
        plan: duration of the training.
    """

    def __init__(self, session: Session, output_dir: pathlib.Path, plan: Plan) -> None:
        output_dir.mkdir(parents=True, exist_ok=True)
        self._session = session
        self._folder = output_dir
        self._plan = plan
        self._clock = Clock(plan.seconds, plan.steps)
        self._history = History(output_dir)
        self._stop = StopSignal()
        self._number = 0
        self._rate = 0.0
        self._start = 0.0

    def run(self, state: State, step: Any) -> bool:
        """Trains until the plan or the process ends.

        Args:
            state: initial state; its buffers are donated.
            step: from `Session.compiled_step`.

        Returns:
            Whether the plan was completed, not ended by SIGTERM.

        Raises:
            ConfigError: there is no gradient.
            TrainingError: too many steps in a row were not finite.
        """
        with self._stop.installed():
            self._start = time.monotonic()
            state = self._several(state, step, 1)
            check_gradient(state)
            reported_s = self._elapsed()
            while not self._is_over():
                state = self._several(state, step, self._ahead())
                if self._elapsed() - reported_s >= self._plan.report_s:
                    state = self._report(state)
                    reported_s = self._elapsed()
            self._report(state)
        return not self._stop.received

    def _elapsed(self) -> float:
        return time.monotonic() - self._start

    def _is_over(self) -> bool:
        return self._stop.received or self._clock.share_done(self._number) >= 1

    def _ahead(self) -> int:
        """Returns the number of steps to queue before the time is read again."""
        count = max(1, int(_AHEAD_S / self._clock.step_s)) if self._clock.step_s else 1
        left = (self._plan.steps or self._number + count) - self._number
        return max(1, min(count, left))

    def _several(self, state: State, step: Any, count: int) -> State:
        config = self._session.config.train
        for _ in range(count):
            share = self._clock.share_done(self._number)
            self._rate = learning_rate(config, self._plan.schedule, self._number, share)
            number = jnp.int32(self._number)
            state = step(state, self._session.corpus, number, jnp.float32(self._rate))
            self._number += 1
        jax.block_until_ready(state.sums)
        self._clock.read(self._number, self._elapsed())
        self._check_finite(state)
        return state

    def _check_finite(self, state: State) -> None:
        count = int(state.sums.bad_in_a_row)
        if count >= self._session.config.train.max_bad_steps:
            raise TrainingError(
                f"loss or gradient was not finite in {count} steps in a row, the last of which is "
                f"{self._number}."
            )

    def _report(self, state: State) -> State:
        loss, gain = self._session.validate(state)
        good = max(int(state.sums.good), 1)
        audio_s = self._session.audio_s_per_step
        row = Row(
            step=self._number,
            minutes=self._elapsed() / 60,
            mixtures_h=self._number * audio_s / 3600,
            learning_rate=self._rate,
            loss=float(state.sums.loss) / good,
            gradient_norm=float(state.sums.norm) / good,
            bad_steps=int(state.sums.bad),
            validation_loss=loss,
            validation_si_sdr_gain_db=gain,
            audio_s_per_s=audio_s / self._clock.step_s if self._clock.step_s else 0.0,
        )
        self._history.add(row)
        print(row, flush=True)
        checkpoint.save(self._session.learner.release(state), self._folder)
        # The time of a report is not counted as time of a step.
        self._clock.skip(self._elapsed())
        sums = no_sums()._replace(bad=state.sums.bad, bad_in_a_row=state.sums.bad_in_a_row)
        return state._replace(sums=sums)
