"""The training loop."""

from __future__ import annotations

import itertools
import pathlib
from collections.abc import Iterator
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from tfse.data import pipeline
from tfse.losses import build_loss
from tfse.models import EnhancementModel, build
from tfse.training.callbacks import LearningRate, ModelSaver, ProgressLine, TensorBoardClips
from tfse.training.checkpoints import Checkpoints
from tfse.training.config import ExperimentConfig
from tfse.training.run_folder import RunFolder
from tfse.training.statistics import measure_statistics
from tfse.training.step import BATCH_KEYS, Stepper


class Trainer:
    """Trains one experiment in one run folder; goes on where that left off.

    Args:
        config: the experiment.
        data_dir: prepared data, see `tfse-prepare`.
        run_dir: folder of the run; a run that was stopped is resumed.
        strategy: where it runs.

    Raises:
        ConfigError: a setting breaks a rule, or the folder is another experiment's.
        DataError: the data is missing or incomplete.
    """

    def __init__(
        self,
        config: ExperimentConfig,
        data_dir: str | pathlib.Path,
        run_dir: str | pathlib.Path,
        strategy: tf.distribute.Strategy,
    ) -> None:
        """Builds everything, and restores what was there."""
        config.validate()
        self._config = config
        self._data_dir = data_dir
        self._strategy = strategy
        self._valid = self._valid_dataset()
        self._folder = RunFolder(run_dir)
        self._folder.claim(config)
        keras.utils.set_random_seed(config.train.seed)
        with strategy.scope():
            self.model = build(config.model)
            loss = build_loss(config.loss, self.model)
            optimizer = keras.optimizers.Adam(config.train.learning_rate)
            optimizer.build(self.model.trainable_variables)
            self.model.compile(optimizer=optimizer)
        self._stepper = Stepper(self.model, loss, optimizer, strategy, config.train.clip_norm)
        self._callbacks = self._make_callbacks()
        self._checkpoints = Checkpoints(
            self._folder.checkpoints,
            self.model,
            optimizer,
            {type(callback).__name__: callback for callback in self._callbacks.callbacks},
        )

    def train(self) -> EnhancementModel:
        """Runs to the last step, or until validation stops getting better.

        Returns:
            The model as it is at the end; `best.keras` holds the best.
        """
        self._callbacks.on_train_begin()
        step = self._checkpoints.restore()
        if step == 0:
            measure_statistics(self.model, self._first_batches())
        batches = iter(self._training_dataset(step))
        while step < self._config.train.steps and not self.model.stop_training:
            end = min(step + self._config.train.validate_every, self._config.train.steps)
            epoch = (end - 1) // self._config.train.validate_every
            self._callbacks.on_epoch_begin(epoch)
            loss = self._run_steps(batches, range(step, end))
            step = end
            logs = {"step": step, "loss": loss, **self._validate(), **self._learning_rate()}
            self._callbacks.on_epoch_end(epoch, logs)
            self._checkpoints.save(step)
        self._callbacks.on_train_end()
        return self.model

    def _run_steps(self, batches: Iterator[Any], steps: range) -> float:
        batch_size = tf.constant(self._config.train.batch_size, tf.float32)
        losses = []
        for step in steps:
            self._callbacks.on_train_batch_begin(step)
            losses.append(float(self._stepper.train(next(batches), batch_size)))
            self._callbacks.on_train_batch_end(step, {"loss": losses[-1]})
        return float(np.mean(losses))

    def _validate(self) -> dict[str, float]:
        sums = sum(np.asarray(self._stepper.validate(batch)) for batch in self._valid)
        loss, count, improvement, noisy = np.asarray(sums)
        return {
            "val_loss": float(loss / count),
            "val_si_sdr_improvement_db": float(improvement / max(noisy, 1.0)),
        }

    def _learning_rate(self) -> dict[str, float]:
        return {"learning_rate": float(self.model.optimizer.learning_rate)}

    def _make_callbacks(self) -> keras.callbacks.CallbackList:
        train, data = self._config.train, self._config.data
        callbacks: list[keras.callbacks.Callback] = [
            LearningRate(train),
            ProgressLine(train.steps, train.batch_size * data.segment_s),
            ModelSaver(self._folder),
            keras.callbacks.CSVLogger(str(self._folder.history), append=True),
            TensorBoardClips(self._folder, self._stepper, self.model, self._clips()),
        ]
        if train.schedule == "plateau":
            plateau = keras.callbacks.ReduceLROnPlateau(
                factor=train.plateau_factor, patience=train.plateau_patience, verbose=1
            )
            callbacks.append(plateau)
        if train.early_stopping_patience:
            callbacks.append(
                keras.callbacks.EarlyStopping(patience=train.early_stopping_patience, verbose=1)
            )
        return keras.callbacks.CallbackList(callbacks, model=self.model)

    def _clips(self) -> dict[str, Any]:
        wanted = self._config.train.tensorboard_clips
        if not wanted:
            return {}
        batch = next(iter(self._fixed_dataset(batch_size=wanted, count=wanted)))
        return {name: batch[name] for name in ("noisy", "clean")}

    def _first_batches(self) -> Iterator[Any]:
        batches = pipeline.training_dataset(
            self._data_dir, self._config.data, batch_size=self._config.train.batch_size
        )
        return itertools.islice(iter(batches), self._config.train.statistics_batches)

    def _training_dataset(self, step: int) -> Any:
        batch_size = self._config.train.batch_size
        dataset = pipeline.training_dataset(
            self._data_dir, self._config.data, batch_size=batch_size, start=step * batch_size
        )
        return self._strategy.experimental_distribute_dataset(dataset.map(_needed))

    def _valid_dataset(self) -> Any:
        dataset = self._fixed_dataset(batch_size=self._config.train.batch_size).map(_needed)
        return self._strategy.experimental_distribute_dataset(dataset)

    def _fixed_dataset(self, **settings: int) -> Any:
        return pipeline.fixed_dataset(self._data_dir, self._config.data, split="valid", **settings)


def _needed(batch: dict[str, Any]) -> dict[str, Any]:
    return {name: batch[name] for name in BATCH_KEYS}
