"""Training loop: steps, validations and checkpoints of one run."""

from __future__ import annotations

import contextlib
import itertools
import pathlib
from collections.abc import Iterator
from typing import Any, NoReturn

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
from tfse.training.progress_display import (
    Metrics,
    ProgressLine,
    TensorBoard,
    plan_line,
    print_line,
)
from tfse.training.run_folder import RunFolder, save_model
from tfse.training.shared_data import SharedData
from tfse.training.stepper import Outcome
from tfse.training.stop_signal import StopSignal, Terminated
from tfse.training.strategy import is_chief, is_multi_worker
from tfse.training.warm_start import WarmStart, load_source


class Trainer:
    """Training of one experiment in one run folder; a stopped run resumes.

    Whether the next move of the loop is a step, a validation or the end follows
    from `Progress` alone, which every checkpoint holds: a run that is killed
    and started again makes the same moves.

    With several machines every one runs this loop; the chief alone reads and
    writes the run folder, and sends its state to the others.

    Args:
        config: the experiment.
        data_dir: prepared data, see `tfse-prepare`.
        run_dir: folder of the run; a run that was stopped is resumed.
        strategy: distribution strategy, see `make_strategy`.
        init_from: `.keras` file or name of a shipped model with the initial weights;
            empty for fresh ones. A run that is resumed has its own.
        widens: `init_from` is a narrower model, see `widen`.

    Raises:
        ConfigError: a setting breaks a rule, or the folder holds another experiment.
        DataError: the data is missing or incomplete.
        ModelError: `init_from` is not a model, or cannot be widened to this one.
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
                self._warm_start = source.copy_to(self.model)
            start = run_provenance.describe_start(config, data_dir, strategy, init_from)
            self._folder.claim(config, start, self._checkpoints.step)
        self._history = History(self._folder.history)
        self._line = ProgressLine(
            config.train.steps, config.train.mixtures_per_step * config.data.segment_s
        )
        self._stop_signal = StopSignal()

    @property
    def model(self) -> EnhancementModel:
        """The model in training."""
        return self._learner.model

    def train(self) -> EnhancementModel:
        """Trains to the last step, or until early stopping.

        Returns:
            The model with the weights of the last step; `last.keras` and `best.keras` hold
            averaged ones if `ema_decay` is set.

        Raises:
            Terminated: SIGTERM was received; a checkpoint is saved.
            TrainingError: losses are not finite, or a file cannot be written.
        """
        config = self._config.train
        if self._is_chief:
            replicas = self._strategy.num_replicas_in_sync
            print_line(plan_line(self._config, self._data_dir, replicas))
        with self._stop_signal.installed():
            self._progress = self._begin()
            self._tensorboard = self._open_tensorboard()
            batches = self._training_batches()
            while True:
                if self._validation_is_due():
                    if not self._validate():
                        self._stop()
                    self._save_checkpoint()
                if self._progress.is_at_end(config):
                    return self.model
                outcome = self._step(batches)
                if self._progress.bad_in_a_row >= config.max_bad_steps:
                    self._abort(outcome.loss)
                if outcome.stopping:
                    self._stop()
                if self._checkpoint_is_due():
                    self._save_checkpoint()

    def _begin(self) -> Progress:
        """Resumes the run or starts it, and copies the chief's state to all machines."""
        progress = self._resume_or_start() if self._is_chief else Progress()
        variables = list(self._learner.variables.values())
        return Progress(**follow_chief(self._strategy, variables, progress.as_dict()))

    def _resume_or_start(self) -> Progress:
        saved = self._checkpoints.restore()
        if saved is not None:
            progress = Progress(**saved)
            print_line(f"Resuming from step {progress.step}.")
            self._history.truncate_after(progress.step)
            return progress
        loaded: list[str] = []
        if self._warm_start:
            print_line(str(self._warm_start))
            self._folder.write_init_from(self._warm_start.as_dict())
            loaded = self._warm_start.loaded
        measure_statistics(self.model, self._first_batches(), loaded)
        self._learner.stepper.average.start()
        self._checkpoints.save(0, Progress().as_dict())
        return Progress()

    def _validation_is_due(self) -> bool:
        train, step = self._config.train, self._progress.step
        if step == self._progress.validated_step:
            return False
        return step % train.validate_every == 0 or step >= train.steps

    def _checkpoint_is_due(self) -> bool:
        every = self._config.train.checkpoint_every
        # A validation saves one itself.
        return bool(every) and self._progress.step % every == 0 and not self._validation_is_due()

    def _step(self, batches: Iterator[Any]) -> Outcome:
        """Takes the next batches, makes a step and counts it."""
        train, progress = self._config.train, self._progress
        outcome = self._learner.step(
            batches, train, progress.learning_rate(train), stopping=self._stop_signal.received
        )
        bad, overflow = bool(outcome.bad), bool(outcome.overflow)
        progress.count_step(outcome.loss, outcome.gradient_norm, bad=bad, overflow=overflow)
        if self._is_chief:
            self._line.show_step(progress, outcome.loss, bad=bad and not overflow)
        return outcome

    def _validate(self) -> bool:
        """Validates the averaged weights; returns False if asked to stop before the end."""
        with self._learner.stepper.average.applied():
            metrics = self._validation_metrics()
            if metrics:
                self._record_validation(metrics)
        return bool(metrics)

    def _validation_metrics(self) -> dict[str, float]:
        """Returns the metrics of the validation set; none if asked to stop before the end."""
        sums = np.zeros(4)
        for batch in self._valid:
            sums += self._learner.stepper.validate(batch).numpy()
            # One of several machines cannot leave the others alone here.
            if self._stop_signal.received and not is_multi_worker(self._strategy):
                return {}
        loss, count, improvement, noisy = (float(value) for value in sums)
        return {
            "val_loss": loss / count,
            "val_si_sdr_improvement_db": improvement / max(noisy, 1.0),
        }

    def _record_validation(self, validation: Metrics) -> None:
        metrics = {
            "step": self._progress.step,
            **self._progress.take_means(),
            **validation,
            "learning_rate": float(np.asarray(self._learner.optimizer.learning_rate)),
            "bad_steps": self._progress.bad_steps,
        }
        is_best = self._progress.count_validation(validation["val_loss"], self._config.train)
        if self._is_chief:
            with self._writing():
                self._show_and_save(metrics, is_best)

    def _show_and_save(self, metrics: Metrics, is_best: bool) -> None:
        self._line.show_validation(metrics)
        self._history.add(metrics)
        model = self._learner.release()
        save_model(model, self._folder.last)
        if is_best:
            save_model(model, self._folder.best)
        if self._tensorboard:
            self._tensorboard.show_validation(metrics)

    def _save_checkpoint(self) -> None:
        if self._is_chief:
            self._checkpoints.save(self._progress.step, self._progress.as_dict())

    def _stop(self) -> NoReturn:
        """Saves a checkpoint and ends the training on request."""
        self._save_checkpoint()
        raise Terminated(f"Stopped at step {self._progress.step}; a checkpoint is saved.")

    def _abort(self, loss: float) -> NoReturn:
        """Writes the keys of the bad mixtures, saves a checkpoint and ends with an error."""
        step, count = self._progress.step, self._progress.bad_in_a_row
        if self._is_chief:
            write_bad_batches(
                self._folder.bad_batches, self._config, self._data_dir, range(step - count, step)
            )
        # Started again, the run resumes after the bad batches.
        self._progress.bad_in_a_row = 0
        self._save_checkpoint()
        raise TrainingError(
            f"loss or gradient was not finite in {count} steps in a row, the last of which is "
            f"{step} with a loss of {loss}; the keys of the mixtures are in "
            f"{self._folder.bad_batches}, listen to them with tfse-inspect-data --keys."
        )

    @contextlib.contextmanager
    def _writing(self) -> Iterator[None]:
        try:
            yield
        except (OSError, tf.errors.OpError) as error:
            reason = getattr(error, "strerror", None) or getattr(error, "message", error)
            raise TrainingError(
                f"results cannot be written to {self._folder.path}: {reason}; the last "
                "checkpoint is intact, and the run resumes from it."
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
