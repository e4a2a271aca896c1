"""Steps of training and of validation, the same on one device and on many."""

from __future__ import annotations

import contextlib
import functools
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import keras
import tensorflow as tf

from tfse.dsp import levels
from tfse.errors import ConfigError
from tfse.layers import frames_without_padding
from tfse.layers.graph import all_layers
from tfse.layers.padding import without_padding
from tfse.losses import EnhancementLoss
from tfse.models import EnhancementModel, enhance_aligned, with_core_outputs
from tfse.training.config import TrainConfig
from tfse.training.gradient_clip import GradientClip
from tfse.training.precision import LossScale
from tfse.training.weight_average import WeightAverage

Batch = Mapping[str, Any]

#: Entries of a mixture that a step needs.
BATCH_KEYS = ("noisy", "clean", "noise", "length")


class Outcome(NamedTuple):
    """Outcome of a step over the global batch.

    Attributes:
        loss: mean over the mixtures, not finite in a bad step.
        gradient_norm: global norm of the gradient before clipping.
        bad: 1 if loss or gradient were not finite, and nothing was applied.
        overflow: 1 if float16 overflowed, and the loss scale was halved.
        stopping: number of replicas that were asked to stop.
    """

    loss: Any
    gradient_norm: Any
    bad: Any
    overflow: Any
    stopping: Any


class Stepper:
    """Steps of one model under one strategy.

    Losses are summed over the examples of a replica and divided by the size of
    the *global* batch; gradients are summed over replicas and clipped by their
    global norm afterwards. So a batch of B is the same mathematics however many
    replicas share it, and however many batches it is accumulated from. Batch
    normalization takes its statistics over all replicas too (`synchronized`).
    Weights change, in one `tf.cond` across the replicas, only if the loss and
    the gradient of the whole step are finite.

    Args:
        model: the model to train; made under the strategy's scope.
        loss: loss per example.
        optimizer: likewise made under the scope.
        strategy: distribution strategy.
        config: provides `clip_norm`, `clip_quantile`, `ema_decay`, `precision`,
            `accumulation_steps` and `jit_compile`.
        padded: examples of a batch differ in length, so that the statistics of batch
            normalization must leave padding out.
        training_loss: loss per example in training, if validation has another.

    Raises:
        ConfigError: XLA is requested where it is not available.
    """

    def __init__(
        self,
        model: EnhancementModel,
        loss: EnhancementLoss,
        optimizer: keras.optimizers.Optimizer,
        strategy: tf.distribute.Strategy,
        config: TrainConfig,
        padded: bool = False,
        training_loss: EnhancementLoss | None = None,
    ) -> None:
        self._padded = padded
        self._forward = with_core_outputs(model)
        self._latency, self._hop_length = model.latency_samples, model.hop_length
        self._loss = loss
        self._training_loss = training_loss or loss
        self._optimizer = optimizer
        self._strategy = strategy
        self._variables = list(model.trainable_variables)
        normalizations = _batch_normalizations(model)
        self._statistics = [
            variable for layer in normalizations for variable in layer.non_trainable_variables
        ]
        with strategy.scope():
            self.average = WeightAverage(model, config.ema_decay, strategy)
            self._clip = GradientClip(config.clip_norm, config.clip_quantile)
            self._scale = LossScale(needed=config.precision == "mixed_float16")
            self._sums = _zeros(self._variables) if config.accumulation_steps > 1 else []
            self._kept = [_copy(variable) for variable in self._statistics]
            self._is_first_batch = keras.Variable(
                1.0, trainable=False, dtype="float32", name="is_first_batch"
            )
        self._local = self._compiled(config, normalizations)

    @property
    def variables(self) -> list[keras.Variable]:
        """Variables that a step changes, besides weights and optimizer."""
        return [*self.average.variables, *self._scale.variables, *self._clip.variables]

    @tf.function(reduce_retracing=True, autograph=False)
    def accumulate(self, batch: Batch, mixtures: Any) -> None:
        """Adds the gradient of a batch to the step that ends with `train`.

        Args:
            batch: share of each replica.
            mixtures: mixtures of the whole step, over all replicas and batches; float32 [].
        """
        results, _ = self._gradients(batch, mixtures, tf.constant(0.0))
        for total, result in zip(self._sums, results, strict=True):
            total.assign_add(result)

    @tf.function(reduce_retracing=True, autograph=False)
    def train(self, batch: Batch, mixtures: Any, stopping: Any = 0.0) -> Outcome:
        """Ends a step with its last batch, and applies it if it is finite.

        Args:
            batch: share of each replica.
            mixtures: mixtures of the whole step, over all replicas and batches; float32 [].
            stopping: 1 if this process was asked to stop; summed over all replicas.

        Returns:
            The outcome.
        """
        results, stops = self._gradients(batch, mixtures, stopping)
        for index, total in enumerate(self._sums):
            results[index] += tf.convert_to_tensor(total.value)
            total.assign(tf.zeros_like(results[index]))
        *gradients, loss = results
        scale = self._scale.value
        gradients = [gradient / scale for gradient in gradients]
        clipped, norm = tf.clip_by_global_norm(gradients, self._clip.limit())
        good = tf.math.is_finite(norm) & tf.math.is_finite(loss)
        overflow = ~good & tf.math.is_finite(loss) & (scale > 1.0)
        tf.cond(good, lambda: self._apply(clipped, norm), self._skip)
        self._is_first_batch.assign(1.0)
        return Outcome(loss, norm, tf.cast(~good, tf.float32), tf.cast(overflow, tf.float32), stops)

    @tf.function(reduce_retracing=True, autograph=False)
    def validate(self, batch: Batch) -> Any:
        """Returns sums over a batch: loss, examples, SI-SDR improvement (dB), noisy examples."""
        sums = self._strategy.run(self._validate_replica, (batch,))
        return self._strategy.reduce(tf.distribute.ReduceOp.SUM, sums, axis=None)

    @tf.function(reduce_retracing=True, autograph=False)
    def enhance(self, noisy: Any) -> Any:
        """Returns the enhanced waveforms, `[batch, samples]`, time-aligned with `noisy`."""
        return self._outputs(noisy, training=False)["enhanced"]

    def _compiled(self, config: TrainConfig, normalizations: list[Any]) -> Callable[..., Any]:
        if self._strategy.num_replicas_in_sync > 1:
            for layer in normalizations:
                layer.synchronized = True
            if config.jit_compile and normalizations:
                raise ConfigError(
                    "`train.jit_compile` must be off where several replicas share a batch "
                    "normalization; received it with "
                    f"{self._strategy.num_replicas_in_sync} replicas."
                )
        return (
            tf.function(self._backward, jit_compile=True) if config.jit_compile else self._backward
        )

    def _gradients(self, batch: Batch, mixtures: Any, stopping: Any) -> tuple[list[Any], Any]:
        """Returns gradients of the scaled loss, the loss, stop requests; summed over replicas."""
        self._keep_statistics()
        results = self._strategy.run(
            self._replica_gradients, (batch, mixtures, self._scale.value, stopping)
        )
        # Each replica holds the same sums.
        *sums, stops = (self._strategy.experimental_local_results(result)[0] for result in results)
        return sums, stops

    def _keep_statistics(self) -> None:
        """Copies the moving statistics before the first batch of a step."""
        is_first = self._is_first_batch.value > 0
        for kept, variable in zip(self._kept, self._statistics, strict=True):
            kept.assign(tf.where(is_first, variable.value, kept.value))
        self._is_first_batch.assign(0.0)

    def _replica_gradients(
        self, batch: Batch, mixtures: Any, scale: Any, stopping: Any
    ) -> list[Any]:
        results = [*self._local(batch, mixtures, scale), tf.identity(stopping)]
        context = tf.distribute.get_replica_context()
        return list(context.all_reduce(tf.distribute.ReduceOp.SUM, results))

    def _backward(self, batch: Batch, mixtures: Any, scale: Any) -> list[Any]:
        with tf.GradientTape() as tape:
            with self._without_padding(batch["length"]):
                outputs = self._outputs(batch["noisy"], training=True)
            losses = self._training_loss(batch, outputs)
            loss = tf.reduce_sum(losses) / mixtures
            scaled = loss * scale
        variables = [variable.value for variable in self._variables]
        return [*_connected(tape.gradient(scaled, variables), variables), loss]

    def _without_padding(self, length: Any) -> contextlib.AbstractContextManager[None]:
        if not self._padded:
            return contextlib.nullcontext()
        samples = tf.cast(length, tf.int32) + self._latency
        return frames_without_padding(-(-samples // self._hop_length))

    def _outputs(self, noisy: Any, *, training: bool) -> dict[str, Any]:
        forward = functools.partial(self._forward, training=training)
        return enhance_aligned(forward, noisy, self._latency, self._hop_length)

    def _apply(self, gradients: list[Any], norm: Any) -> None:
        self._clip.remember(norm)
        self._optimizer.apply(gradients, self._variables)
        self.average.update(self._optimizer.iterations.value)
        self._scale.grow()

    def _skip(self) -> None:
        # The forward passes of the step have changed them.
        for kept, variable in zip(self._kept, self._statistics, strict=True):
            variable.assign(kept.value)
        self._scale.shrink()

    def _validate_replica(self, batch: Batch) -> Any:
        outputs = self._outputs(batch["noisy"], training=False)
        losses = self._loss(batch, outputs)
        improvement = _si_sdr(batch, outputs) - _si_sdr(batch, {"enhanced": batch["noisy"]})
        # A mixture without noise cannot improve: its SI-SDR has no upper limit.
        noisy = tf.cast(tf.reduce_any(batch["noise"] != 0, axis=1), tf.float32)
        counted = batch["counted"] if "counted" in batch else tf.ones_like(losses)
        sums = (losses, tf.ones_like(losses), improvement * noisy, noisy)
        return tf.stack([tf.reduce_sum(counted * values) for values in sums])


def _connected(gradients: list[Any], variables: list[Any]) -> list[Any]:
    """Returns gradients with zeros for variables that the loss does not depend on.

    Raises:
        ConfigError: the loss depends on no variable.
    """
    if all(gradient is None for gradient in gradients):
        raise ConfigError(
            "the loss must depend on a trainable weight of the model; received "
            f"{len(variables)} trainable weights and no gradient."
        )
    return [
        tf.zeros_like(variable) if gradient is None else gradient
        for gradient, variable in zip(gradients, variables, strict=True)
    ]


def _si_sdr(batch: Batch, outputs: Mapping[str, Any]) -> Any:
    batch = {**batch, "length": tf.cast(batch["length"], tf.float32)}
    clean, enhanced = without_padding(batch, outputs)
    return levels.si_sdr_db(clean, enhanced, batch["length"])


def _batch_normalizations(model: keras.Model) -> list[keras.layers.BatchNormalization]:
    layers = all_layers(model)
    return [layer for layer in layers if isinstance(layer, keras.layers.BatchNormalization)]


def _copy(variable: keras.Variable) -> keras.Variable:
    value = keras.ops.convert_to_numpy(variable)
    return keras.Variable(value, trainable=False, dtype=variable.dtype, name="kept")


def _zeros(variables: list[keras.Variable]) -> list[keras.Variable]:
    """Returns accumulators of gradients and loss."""
    shapes = [*(variable.shape for variable in variables), ()]
    return [
        keras.Variable(tf.zeros(shape), trainable=False, dtype="float32", name="sum")
        for shape in shapes
    ]
