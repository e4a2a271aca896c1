"""One step of training and of validation, the same on one device and on many."""

from __future__ import annotations

import functools
from collections.abc import Mapping
from typing import Any

import keras
import tensorflow as tf

from tfse.dsp import levels
from tfse.losses import EnhancementLoss
from tfse.losses.base import without_padding
from tfse.models import EnhancementModel, enhance_aligned, with_core_outputs

Batch = Mapping[str, Any]

#: What a step needs of a mixture.
BATCH_KEYS = ("noisy", "clean", "noise", "length")


class Stepper:
    """Runs steps of one model under one strategy.

    Losses are summed over the examples of a replica and divided by the size of
    the *global* batch; gradients are summed over replicas and clipped by their
    global norm afterwards. So a batch of B is the same mathematics however many
    replicas share it. Batch normalization takes its statistics over all
    replicas too (`synchronized`).

    Args:
        model: the model to train; made under the strategy's scope.
        loss: per example.
        optimizer: likewise made under the scope.
        strategy: where it runs.
        clip_norm: largest global norm of the gradient.
    """

    def __init__(
        self,
        model: EnhancementModel,
        loss: EnhancementLoss,
        optimizer: keras.optimizers.Optimizer,
        strategy: tf.distribute.Strategy,
        clip_norm: float,
    ) -> None:
        """Compiles nothing yet; the first step of each kind does."""
        self._forward = with_core_outputs(model)
        self._latency, self._hop_length = model.latency_samples, model.hop_length
        self._loss = loss
        self._optimizer = optimizer
        self._strategy = strategy
        self._clip_norm = clip_norm
        if strategy.num_replicas_in_sync > 1:
            _synchronize_batch_normalization(model)

    @tf.function(reduce_retracing=True)
    def train(self, batch: Batch, batch_size: Any) -> Any:
        """Applies one step and returns the mean loss of the global batch."""
        loss = self._strategy.run(self._train_replica, (batch, batch_size))
        return self._strategy.reduce(tf.distribute.ReduceOp.SUM, loss, axis=None)

    @tf.function(reduce_retracing=True)
    def validate(self, batch: Batch) -> Any:
        """Returns sums over a batch: loss, examples, SI-SDR improvement (dB), noisy examples."""
        sums = self._strategy.run(self._validate_replica, (batch,))
        return self._strategy.reduce(tf.distribute.ReduceOp.SUM, sums, axis=None)

    @tf.function(reduce_retracing=True)
    def enhance(self, noisy: Any) -> Any:
        """Returns the enhanced waveforms, `[batch, samples]`, in line with `noisy`."""
        return self._outputs(noisy, training=False)["enhanced"]

    def _outputs(self, noisy: Any, *, training: bool) -> dict[str, Any]:
        forward = functools.partial(self._forward, training=training)
        return enhance_aligned(forward, noisy, self._latency, self._hop_length)

    def _train_replica(self, batch: Batch, batch_size: Any) -> Any:
        with tf.GradientTape() as tape:
            losses = self._loss(batch, self._outputs(batch["noisy"], training=True))
            loss = tf.reduce_sum(losses) / batch_size
        variables = [variable.value for variable in self._forward.trainable_variables]
        self._apply(tape.gradient(loss, variables))
        return loss

    def _apply(self, gradients: list[Any]) -> None:
        context = tf.distribute.get_replica_context()
        gradients = context.all_reduce(tf.distribute.ReduceOp.SUM, gradients)
        gradients, _ = tf.clip_by_global_norm(gradients, self._clip_norm)
        # Keras sums over the replicas once more, and each now holds the sum.
        share = 1.0 / context.num_replicas_in_sync
        self._optimizer.apply(
            [gradient * share for gradient in gradients], self._forward.trainable_variables
        )

    def _validate_replica(self, batch: Batch) -> Any:
        outputs = self._outputs(batch["noisy"], training=False)
        losses = self._loss(batch, outputs)
        improvement = _si_sdr(batch, outputs) - _si_sdr(batch, {"enhanced": batch["noisy"]})
        # A mixture without noise cannot improve: its SI-SDR has no upper end.
        noisy = tf.cast(tf.reduce_any(batch["noise"] != 0, axis=1), tf.float32)
        sums = (losses, tf.ones_like(losses), improvement * noisy, noisy)
        return tf.stack([tf.reduce_sum(values) for values in sums])


def _si_sdr(batch: Batch, outputs: Mapping[str, Any]) -> Any:
    batch = {**batch, "length": tf.cast(batch["length"], tf.float32)}
    clean, enhanced = without_padding(batch, outputs)
    return levels.si_sdr_db(clean, enhanced, batch["length"])


def _synchronize_batch_normalization(model: keras.Model) -> None:
    for layer in model._flatten_layers():
        if isinstance(layer, keras.layers.BatchNormalization):
            layer.synchronized = True
