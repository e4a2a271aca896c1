"""Learner: model, optimizer and step of a training."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from typing import Any

import keras
import tensorflow as tf

from tfse.losses import build_loss
from tfse.models import EnhancementModel, build
from tfse.training.checkpoints import by_name
from tfse.training.config import ExperimentConfig, TrainConfig
from tfse.training.optimizer import build_optimizer
from tfse.training.precision import dtype_policy
from tfse.training.stepper import Outcome, Stepper
from tfse.training.teacher import with_teacher


@dataclasses.dataclass(frozen=True)
class Learner:
    """Model, optimizer and step of a training.

    Attributes:
        model: the model in training precision, on every replica.
        optimizer: optimizer of its weights.
        stepper: runs the steps.
        released: the same model in float32, for files.
    """

    model: EnhancementModel
    optimizer: keras.optimizers.Optimizer
    stepper: Stepper
    released: EnhancementModel

    @property
    def variables(self) -> dict[str, keras.Variable]:
        """Everything that a step may change, by unique name."""
        return by_name(
            model=self.model.variables,
            optimizer=self.optimizer.variables,
            step=self.stepper.variables,
        )

    def step(
        self,
        batches: Iterator[Any],
        config: TrainConfig,
        learning_rate: float,
        *,
        stopping: bool = False,
    ) -> Outcome:
        """Takes the next batches and makes a step.

        Args:
            batches: global batches, as `SharedData.training` yields them.
            config: provides the number of mixtures and of batches.
            learning_rate: learning rate of this step.
            stopping: whether this process was asked to stop.

        Returns:
            The outcome, as plain numbers.
        """
        self.optimizer.learning_rate = learning_rate
        mixtures = tf.constant(config.mixtures_per_step, tf.float32)
        for _ in range(config.accumulation_steps - 1):
            self.stepper.accumulate(next(batches), mixtures)
        outcome = self.stepper.train(next(batches), mixtures, tf.constant(float(stopping)))
        return Outcome(*(float(value) for value in outcome))

    def release(self) -> EnhancementModel:
        """Returns the model with its present weights, in float32 and on one device."""
        for released, weight in zip(self.released.weights, self.model.weights, strict=True):
            released.assign(keras.ops.convert_to_numpy(weight))
        return self.released


def build_learner(config: ExperimentConfig, strategy: tf.distribute.Strategy) -> Learner:
    """Builds a learner with fresh weights.

    Args:
        config: the experiment, with the seed of the weights.
        strategy: distribution strategy.

    Raises:
        ConfigError: a setting breaks a rule.
        ModelError: there is no such teacher.
    """
    keras.utils.set_random_seed(config.train.seed)
    with strategy.scope():
        with dtype_policy(config.train.precision):
            model = build(config.model)
        loss = build_loss(config.loss, model)
        training_loss = with_teacher(loss, config.train, model)
        optimizer = build_optimizer(config.train, model)
    padded = config.data.whole_utterances
    stepper = Stepper(model, loss, optimizer, strategy, config.train, padded, training_loss)
    return Learner(model, optimizer, stepper, build(config.model))
