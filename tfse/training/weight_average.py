"""Exponential moving average of a model's weights."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import Any

import keras
import tensorflow as tf


class WeightAverage:
    """Exponential moving average of every weight of a model, moving statistics included.

    After step n the average moves by 1 - min(decay, (1 + n) / (10 + n)) towards
    the weights, so that the first weights soon lose their influence.

    Args:
        model: the model; made under the scope of the strategy, as this is.
        decay: decay of the average; 0 for no average.
        strategy: distribution strategy.

    Source:
        Polyak and Juditsky, SIAM J. Control and Optimization 30(4), 1992; the
        slow start is that of `tf.train.ExponentialMovingAverage`.
    """

    def __init__(self, model: keras.Model, decay: float, strategy: tf.distribute.Strategy) -> None:
        self._decay = decay
        self._strategy = strategy
        self._weights = list(model.weights) if decay else []
        self.variables = [
            keras.Variable(
                keras.ops.convert_to_numpy(weight),
                dtype=weight.dtype,
                trainable=False,
                name=f"average_{index}",
            )
            for index, weight in enumerate(self._weights)
        ]

    def start(self) -> None:
        """Sets the average to the present weights."""
        for average, weight in zip(self.variables, self._weights, strict=True):
            average.assign(weight)

    def update(self, step: Any) -> None:
        """Moves the average towards the weights; in the graph, across replicas.

        Args:
            step: number of the step that was applied, from 1.
        """
        step = tf.cast(step, tf.float32)
        rate = 1.0 - tf.minimum(self._decay, (1.0 + step) / (10.0 + step))
        for average, weight in zip(self.variables, self._weights, strict=True):
            self._strategy.extended.update(
                average.value, _move, args=(weight.value, rate), group=False
            )

    @contextlib.contextmanager
    def applied(self) -> Iterator[None]:
        """Applies the average to the model, and restores the weights afterwards."""
        self._swap()
        try:
            yield
        finally:
            self._swap()

    @tf.function
    def _swap(self) -> None:
        for average, weight in zip(self.variables, self._weights, strict=True):
            kept = tf.identity(average.value)
            average.assign(tf.identity(weight.value))
            weight.assign(kept)


def _move(average: Any, weight: Any, rate: Any) -> Any:
    return average.assign_add(rate * (weight - average))
