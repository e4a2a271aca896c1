"""Learner: a Keras model, its loss and its optimizer as pure functions of a state."""

from __future__ import annotations

import dataclasses
import random
from collections.abc import Iterator
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import keras
import numpy as np

from tfse.dsp import levels
from tfse.errors import ConfigError, ModelError
from tfse.layers.graph import all_layers
from tfse.layers.padding import without_padding
from tfse.losses import Distillation, EnhancementLoss, build_loss
from tfse.models import EnhancementModel, build, enhance_aligned, with_core_outputs
from tfse.training import ExperimentConfig
from tfse.training.optimizer import build_optimizer
from tfse.training.teacher import with_teacher
from tools.jax_training.clipping import (
    NormHistory,
    clipped,
    global_norm,
    no_history,
    norm_limit,
    remembered,
)

Array = Any
Arrays = list[Any]
Batch = dict[str, Array]


class Sums(NamedTuple):
    """Sums over steps since the last report; all are [].

    Attributes:
        loss: sum of the losses of good steps.
        norm: sum of the norms of their gradients, before clipping.
        good: number of good steps.
        bad: steps that were not applied.
        bad_in_a_row: the last of them, without a good one in between.
    """

    loss: Array
    norm: Array
    good: Array
    bad: Array
    bad_in_a_row: Array


class State(NamedTuple):
    """Everything that a step changes.

    Attributes:
        trainable: trainable weights.
        other: weights without gradient, such as moving statistics.
        optimizer: variables of the optimizer.
        average: moving average of `trainable` and `other`; empty for none.
        history: gradient norms.
        sums: sums for the report.
    """

    trainable: Arrays
    other: Arrays
    optimizer: Arrays
    average: tuple[Arrays, Arrays] | tuple[()]
    history: NormHistory
    sums: Sums


@dataclasses.dataclass(frozen=True, eq=False)
class Learner:
    """Steps of one model.

    Attributes:
        config: the experiment.
        model: the model in training precision.
        forward: the same with the outputs that a loss may use.
        released: the model in float32, for files.
        loss: loss per example, in validation.
        training_loss: the same with the teacher of the config, in training.
        optimizer: built for the trainable variables of `forward`.
    """

    config: ExperimentConfig
    model: EnhancementModel
    forward: keras.Model
    released: EnhancementModel
    loss: EnhancementLoss
    training_loss: EnhancementLoss
    optimizer: keras.optimizers.Optimizer

    def initial_state(self) -> State:
        """Returns the state before the first step, with copies of the model's weights."""
        trainable = [jnp.array(v.value) for v in self.forward.trainable_variables]
        other = [jnp.array(v.value) for v in self.forward.non_trainable_variables]
        optimizer = [jnp.array(v.value) for v in self.optimizer.variables]
        # Copies: donated buffers must not occur twice in the state.
        copies = jax.tree.map(jnp.copy, (trainable, other))
        average = copies if self.config.train.ema_decay else ()
        return State(trainable, other, optimizer, average, no_history(), no_sums())

    def step(self, state: State, batch: Batch, learning_rate: Array) -> State:
        """Returns the state after a step; one that is not finite changes only `sums`."""
        loss, other, gradients = self._gradients(state, batch)
        norm = global_norm(gradients)
        settings = self.config.train
        limit = norm_limit(state.history, settings.clip_norm, settings.clip_quantile)
        applied = self._applied(state, clipped(gradients, norm, limit), other, learning_rate)
        applied = applied._replace(history=remembered(state.history, norm))
        good = jnp.isfinite(norm) & jnp.isfinite(loss)
        kept = jax.tree.map(lambda new, old: jnp.where(good, new, old), applied, state)
        return kept._replace(sums=_counted(state.sums, loss, norm, good))

    def validate(self, state: State, batch: Batch) -> Array:
        """Returns sums over a batch: loss, examples, SI-SDR gain (dB), noisy examples; [4].

        The averaged weights are used where there are some.
        """
        trainable, other = state.average or (state.trainable, state.other)
        outputs, _ = self._outputs(trainable, other, batch["noisy"], training=False)
        losses = self.loss(batch, outputs)
        gain = _si_sdr(batch, outputs) - _si_sdr(batch, {"enhanced": batch["noisy"]})
        # A mixture without noise cannot improve: its SI-SDR has no upper limit.
        noisy = jnp.any(batch["noise"] != 0, axis=1).astype(jnp.float32)
        return jnp.stack(
            [losses.sum(), jnp.float32(losses.size), (gain * noisy).sum(), noisy.sum()]
        )

    def release(self, state: State) -> EnhancementModel:
        """Returns the float32 model with the averaged weights, or the weights without average."""
        trainable, other = state.average or (state.trainable, state.other)
        for variable, value in self._pairs(trainable, other):
            variable.assign(value)
        for released, weight in zip(self.released.weights, self.model.weights, strict=True):
            released.assign(weight.value)
        return self.released

    def _pairs(self, trainable: Arrays, other: Arrays) -> Iterator[tuple[keras.Variable, Array]]:
        yield from zip(self.forward.trainable_variables, trainable, strict=True)
        yield from zip(self.forward.non_trainable_variables, other, strict=True)

    def _gradients(self, state: State, batch: Batch) -> tuple[Array, Arrays, Arrays]:
        """Returns loss, next other weights and gradients of a batch or of several."""
        parts = self.config.train.accumulation_steps
        mixtures = batch["noisy"].shape[0]

        def advance(other: Arrays, part: Batch) -> tuple[Arrays, tuple[Array, Arrays]]:
            def objective(trainable: Arrays) -> tuple[Array, Arrays]:
                outputs, following = self._outputs(trainable, other, part["noisy"], training=True)
                losses = self.training_loss(part, outputs)
                return jnp.sum(losses) / mixtures, following

            (loss, following), gradients = jax.value_and_grad(objective, has_aux=True)(
                state.trainable
            )
            return following, (loss, gradients)

        if parts == 1:
            other, (loss, gradients) = advance(state.other, batch)
            return loss, other, gradients
        split = jax.tree.map(lambda leaf: leaf.reshape(parts, -1, *leaf.shape[1:]), batch)
        other, results = jax.lax.scan(advance, state.other, split)
        loss, gradients = jax.tree.map(lambda leaf: leaf.sum(axis=0), results)
        return loss, other, gradients

    def _outputs(
        self, trainable: Arrays, other: Arrays, noisy: Array, *, training: bool
    ) -> tuple[dict[str, Array], Arrays]:
        following: list[Arrays] = []

        def run(padded: Array) -> dict[str, Array]:
            outputs, after = self.forward.stateless_call(
                trainable, other, padded, training=training
            )
            following.append(after)
            return outputs

        outputs = enhance_aligned(run, noisy, self.model.latency_samples, self.model.hop_length)
        return outputs, following[0]

    def _applied(
        self, state: State, gradients: Arrays, other: Arrays, learning_rate: Array
    ) -> State:
        rate = self._rate_index
        variables = [*state.optimizer[:rate], learning_rate, *state.optimizer[rate + 1 :]]
        trainable, variables = self.optimizer.stateless_apply(variables, gradients, state.trainable)
        average = state.average and _moved(
            state.average,
            (list(trainable), other),
            self.config.train.ema_decay,
            variables[self._iterations_index],
        )
        return state._replace(
            trainable=list(trainable), other=other, optimizer=list(variables), average=average
        )

    @property
    def _rate_index(self) -> int:
        return _index_of("learning_rate", self.optimizer)

    @property
    def _iterations_index(self) -> int:
        return _index_of("iteration", self.optimizer)


def build_learner(config: ExperimentConfig, *, cudnn: bool = False) -> Learner:
    """Builds a learner with fresh weights.

    Args:
        config: the experiment, with the seed of the weights.
        cudnn: lets cuDNN run forward recurrent layers. Backward ones never use it: Keras
            3.15 returns their outputs in the wrong order.

    Raises:
        ConfigError: a setting breaks a rule, or nothing can be trained.
    """
    if config.train.precision == "mixed_float16":
        raise ConfigError("`train.precision` must be float32 or mixed_bfloat16 here.")
    # As keras.utils.set_random_seed on JAX, which would also import TensorFlow.
    random.seed(config.train.seed)
    np.random.seed(config.train.seed)
    before = keras.config.dtype_policy()
    keras.config.set_dtype_policy(config.train.precision)
    try:
        model = build(config.model)
    finally:
        keras.config.set_dtype_policy(before)
    _choose_kernels(model, cudnn)
    forward = with_core_outputs(model)
    if not forward.trainable_variables:
        raise ConfigError(f"the model {model.name!r} has no weights to train.")
    loss = build_loss(config.loss, model)
    optimizer = build_optimizer(config.train, model)
    if [v.path for v in forward.trainable_variables] != [v.path for v in model.trainable_variables]:
        raise ModelError(f"{model.name!r} has another order of weights with its heads.")
    training_loss = with_teacher(loss, config.train, model)
    if isinstance(training_loss, Distillation):
        _choose_kernels(training_loss.teacher, cudnn)
    return Learner(config, model, forward, build(config.model), loss, training_loss, optimizer)


def no_sums() -> Sums:
    """Returns the sums before the first step."""
    return Sums(*jnp.zeros(2), *jnp.zeros(3, jnp.int32))


def _choose_kernels(model: keras.Model, cudnn: bool) -> None:
    for layer in all_layers(model):
        if isinstance(layer, (keras.layers.LSTM, keras.layers.GRU)):
            layer.use_cudnn = "auto" if cudnn and not layer.go_backwards else False


def _index_of(name: str, optimizer: keras.optimizers.Optimizer) -> int:
    paths = [variable.path.rsplit("/", 1)[-1] for variable in optimizer.variables]
    return next(index for index, path in enumerate(paths) if path.startswith(name))


def _moved(average: Any, weights: Any, decay: float, step: Array) -> Any:
    """Moves an average towards the weights, as `tfse.training.weight_average` does."""
    step = step.astype(jnp.float32)
    rate = 1.0 - jnp.minimum(decay, (1.0 + step) / (10.0 + step))

    def moved(old: Array, new: Array) -> Array:
        is_float = jnp.issubdtype(old.dtype, jnp.floating)
        return (old + rate * (new - old)).astype(old.dtype) if is_float else new

    return jax.tree.map(moved, average, weights)


def _counted(sums: Sums, loss: Array, norm: Array, good: Array) -> Sums:
    is_good = good.astype(jnp.int32)
    return Sums(
        sums.loss + jnp.where(good, loss, 0.0),
        sums.norm + jnp.where(good, norm, 0.0),
        sums.good + is_good,
        sums.bad + 1 - is_good,
        jnp.where(good, 0, sums.bad_in_a_row + 1),
    )


def _si_sdr(batch: Batch, outputs: dict[str, Array]) -> Array:
    clean, enhanced = without_padding(batch, outputs)
    return levels.si_sdr_db(clean, enhanced, batch["length"])
