"""The training loop."""

from __future__ import annotations

import contextlib
import itertools
import pathlib
from collections.abc import Iterator
from typing import Any

import numpy as np
import tensorflow as tf

from tfse.data import pipeline
from tfse.errors import TrainingError
from tfse.models import EnhancementModel
from tfse.training import run_provenance
from tfse.training.bad_batches import write_bad_batches
from tfse.training.checkpoints import Checkpoints
from tfse.training.config import ExperimentConfig
from tfse.training.feature_statistics import measure_statistics
from tfse.training.follow_chief import follow_chief
from tfse.training.history import History
from tfse.training.learner import build_learner
from tfse.training.progress import Progress
from tfse.training.progress_display import Figures, ProgressLine, TensorBoard, plan_line, say
from tfse.training.run_folder import RunFolder, save_model
from tfse.training.shared_data import SharedData
from tfse.training.stop_signal import StopSignal, Terminated
from tfse.training.strategy import has_machines, is_chief
from tfse.training.warm_start import WarmStart, load_source


class Trainer:
    """Trains one experiment in one run folder; goes on where that left off.

    The loop is a row of moves, each of which follows from `Progress` alone: a
    step, a validation, or the end. After any of them a checkpoint may hold the
    run, so a run that is killed and started again makes the same moves.

    With several machines every one runs this loop; the chief alone reads and
    writes the run folder, and tells the others where it stands.

    Args:
        config: the experiment.
        data_dir: prepared data, see `tfse-prepare`.
        run_dir: folder of the run; a run that was stopped is resumed.
        strategy: where it runs.
        init_from: `.keras` file or name of a shipped model whose weights the run
            begins with; empty for fresh ones. A run that is resumed has its own.
        widens: `init_from` is a narrower model, see `widen`.

    Raises:
        ConfigError: a setting breaks a rule, or the folder is another experiment's.
        DataError: the data is missing or incomplete.
        ModelError: `init_from` is no model, or cannot be widened to this one.
    """

    def __init__(
        self,
        config: ExperimentConfig,
        data_dir: str | pathlib.Path,
        run_dir: str | pathlib.Path,
        strategy: tf.distribute.Strategy,
        init_from: str = "",
        widens: bool = False,
    ) -> None:
        config.validate()
        self._config = config
        self._data_dir = data_dir
        self._strategy = strategy
        self._is_chief = is_chief(strategy)
        self._data = SharedData(data_dir, config.data, config.train.batch_size, strategy)
        self._valid = self._data.validation()
        self._folder = RunFolder(run_dir)
        self._learner = build_learner(config, strategy)
        self._checkpoints = Checkpoints(self._folder.checkpoints, self._learner.variables)
        self._warm_start: WarmStart | None = None
        if self._is_chief:
            # Before the folder is made: a model that does not fit leaves none behind.
            if not self._checkpoints.exist and (source := load_source(init_from, widens)):
                self._warm_start = source.give(self.model)
            start = run_provenance.of_start(config, data_dir, strategy, init_from)
            self._folder.claim(config, start, self._checkpoints.step)
        self._history = History(self._folder.history)
        self._line = ProgressLine(
            config.train.steps, config.train.mixtures_per_step * config.data.segment_s
        )
        self._stop = StopSignal()

    @property
    def model(self) -> EnhancementModel:
        """The model that learns."""
        return self._learner.model

    def train(self) -> EnhancementModel:
        """Runs to the last step, or until validation stops getting better.

        Returns:
            The model as it is at the end; `best.keras` holds the best.

        Raises:
            Terminated: SIGTERM came; a checkpoint is kept.
            TrainingError: losses are not finite, or a file cannot be written.
        """
        if self._is_chief:
            replicas = self._strategy.num_replicas_in_sync
            say(plan_line(self._config, self._data_dir, replicas))
        with self._stop.heard():
            self._progress = self._begin()
            self._tensorboard = self._open_tensorboard()
            self._batches = self._training_batches()
            while self._move():
                pass
        return self.model

    def _begin(self) -> Progress:
        """Resumes the run, or starts it, and makes all machines agree."""
        progress = self._resume_or_start() if self._is_chief else Progress()
        variables = list(self._learner.variables.values())
        return Progress(**follow_chief(self._strategy, variables, progress.as_dict()))

    def _resume_or_start(self) -> Progress:
        kept = self._checkpoints.restore()
        if kept is not None:
            progress = Progress(**kept)
            say(f"The run goes on from step {progress.step}.")
            self._history.go_back_to(progress.step)
            return progress
        loaded: list[str] = []
        if self._warm_start:
            say(str(self._warm_start))
            self._folder.keep_init_from(self._warm_start.as_dict())
            loaded = self._warm_start.loaded
        measure_statistics(self.model, self._first_batches(), loaded)
        self._learner.stepper.average.start()
        self._checkpoints.save(0, Progress().as_dict())
        return Progress()

    def _move(self) -> bool:
        """Makes the next move; False at the end."""
        train, progress = self._config.train, self._progress
        if self._validation_is_due():
            self._validate()
        elif progress.is_at_end(train):
            return False
        else:
            self._step()
            due = train.checkpoint_every and progress.step % train.checkpoint_every == 0
            if due and not self._validation_is_due():
                self._keep()
        return True

    def _validation_is_due(self) -> bool:
        train, step = self._config.train, self._progress.step
        if step == self._progress.validated_step:
            return False
        return step % train.validate_every == 0 or step >= train.steps

    def _step(self) -> None:
        train, progress = self._config.train, self._progress
        loss, norm, bad, overflow, stops = self._learner.step(
            self._batches, train, progress.learning_rate(train), stopping=self._stop.came
        )
        progress.count_step(loss, norm, bad=bool(bad), overflow=bool(overflow))
        if self._is_chief:
            self._line.show_step(progress, loss, bad=bool(bad) and not overflow)
        if progress.bad_in_a_row >= train.max_bad_steps:
            self._give_up(loss)
        if stops:
            self._leave()

    def _validate(self) -> None:
        with self._learner.stepper.average.in_place():
            scores = self._scores()
            if scores:
                self._take_note(scores)
        if not scores:
            self._leave()
        self._keep()

    def _scores(self) -> dict[str, float]:
        """Returns the figures of the validation set, none if the run shall stop now."""
        sums = np.zeros(4)
        for batch in self._valid:
            sums += self._learner.stepper.validate(batch).numpy()
            # One of several machines cannot leave the others alone here.
            if self._stop.came and not has_machines(self._strategy):
                return {}
        loss, count, improvement, noisy = (float(value) for value in sums)
        return {
            "val_loss": loss / count,
            "val_si_sdr_improvement_db": improvement / max(noisy, 1.0),
        }

    def _take_note(self, scores: dict[str, float]) -> None:
        figures = {
            "step": self._progress.step,
            **self._progress.take_means(),
            **scores,
            "learning_rate": float(np.asarray(self._learner.optimizer.learning_rate)),
            "bad_steps": self._progress.bad_steps,
        }
        is_best = self._progress.count_validation(scores["val_loss"], self._config.train)
        if self._is_chief:
            with self._writing():
                self._show_and_save(figures, is_best)

    def _show_and_save(self, figures: Figures, is_best: bool) -> None:
        self._line.show_validation(figures)
        self._history.add(figures)
        model = self._learner.release()
        save_model(model, self._folder.last)
        if is_best:
            save_model(model, self._folder.best)
        if self._tensorboard:
            self._tensorboard.show_validation(figures)

    def _keep(self) -> None:
        if self._is_chief:
            self._checkpoints.save(self._progress.step, self._progress.as_dict())

    def _leave(self) -> None:
        self._keep()
        raise Terminated(f"Stopped at step {self._progress.step}; a checkpoint is kept.")

    def _give_up(self, loss: float) -> None:
        step, count = self._progress.step, self._progress.bad_in_a_row
        if self._is_chief:
            write_bad_batches(
                self._folder.bad_batches, self._config, self._data_dir, range(step - count, step)
            )
        # Started again, the run goes on behind the bad batches.
        self._progress.bad_in_a_row = 0
        self._keep()
        raise TrainingError(
            f"loss and gradient must be finite; they were not in {count} steps in a row, the last "
            f"of which is {step} with a loss of {loss}. Its mixtures are in "
            f"{self._folder.bad_batches}; hear them with tfse-inspect-data --keys."
        )

    @contextlib.contextmanager
    def _writing(self) -> Iterator[None]:
        try:
            yield
        except (OSError, tf.errors.OpError) as error:
            reason = getattr(error, "strerror", None) or getattr(error, "message", error)
            raise TrainingError(
                f"results cannot be written to {self._folder.path}: {reason}; the last "
                "checkpoint stays, and the run goes on from it."
            ) from error

    def _open_tensorboard(self) -> TensorBoard | None:
        if not self._is_chief:
            return None
        with self._writing():
            return TensorBoard(
                self._folder.tensorboard, self._learner.stepper, self.model, self._clips()
            )

    def _clips(self) -> dict[str, Any]:
        wanted = self._config.train.tensorboard_clips
        if not wanted:
            return {}
        clips = pipeline.fixed_dataset(
            self._data_dir, self._config.data, batch_size=wanted, count=wanted
        )
        batch = next(iter(clips))
        return {name: batch[name] for name in ("noisy", "clean")}

    def _first_batches(self) -> Iterator[Any]:
        train = self._config.train
        batches = pipeline.training_dataset(
            self._data_dir, self._config.data, batch_size=train.batch_size
        )
        # The same mixtures, however many batches make a step.
        count = train.statistics_batches * train.accumulation_steps
        return itertools.islice(iter(batches), count)

    def _training_batches(self) -> Iterator[Any]:
        start = self._progress.step * self._config.train.mixtures_per_step
        return iter(self._data.training(start))
