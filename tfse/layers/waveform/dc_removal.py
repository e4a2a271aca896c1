"""Removal of a constant offset from a waveform."""

from __future__ import annotations

import math
from typing import Any

import keras
import numpy as np
from keras import ops

from tfse.errors import ConfigError
from tfse.layers.lowering import is_lowering
from tfse.layers.normalizations.exponential_average import exponential_average
from tfse.layers.streaming import State, StreamingLayer
from tfse.types import Shape, Tensor


@keras.saving.register_keras_serializable(package="tfse")
class DCRemoval(StreamingLayer):
    """Subtraction of a waveform's running mean, hop by hop and without discontinuities.

        m[t] = exponential mean over hops so far of mean(x[t]),   y[t] = x[t] - r[t]

    where r[t] is a straight line from m[t-1] to m[t], and constant in the first hop. A
    constant offset is removed from the first sample on, without the initial pulse of a
    high-pass filter.

    Args:
        hop_length: samples per hop.
        time_constant: of the exponential mean, in hops.

    Shapes:
        `[batch, hops * hop_length]` -> the same, float32. State `mean` and its `weight`,
        the sum of the exponential window so far: `[batch, 1, 1]` each.

    Raises:
        ConfigError: `hop_length` or `time_constant` is not above 0.
    """

    def __init__(self, hop_length: int, time_constant: float, **kwargs: Any) -> None:
        kwargs["dtype"] = "float32"
        super().__init__(**kwargs)
        if hop_length < 1 or not time_constant > 0:
            raise ConfigError(
                "`hop_length` and `time_constant` must be above 0; received "
                f"{hop_length} and {time_constant}."
            )
        self.hop_length = hop_length
        self.time_constant = time_constant
        self._decay = math.exp(-1.0 / time_constant)
        # Weight of the next mean against the last, per sample of a hop.
        self._ramp = (np.arange(1, hop_length + 1) / hop_length).astype(np.float32)

    def initial_state(self, batch_size: int | Tensor) -> State:
        zeros = ops.zeros((batch_size, 1, 1))
        return {"mean": zeros, "weight": zeros}

    def advance(self, x: Tensor, state: State) -> tuple[Tensor, State]:
        # A static number of hops stays static: -1 would be unknown with a dynamic batch.
        count = -1 if x.shape[1] is None else x.shape[1] // self.hop_length
        hops = ops.reshape(x, (ops.shape(x)[0], count, self.hop_length))
        means, weights = self._running_means(ops.mean(hops, axis=-1, keepdims=True), state)
        before = ops.concatenate([state["mean"], means[:, :-1]], axis=1)
        # The weight of a hop in its running mean is 1 in the first hop, later at most about 1/2.
        is_first = ops.relu(3.0 * (1.0 - self._decay) / weights - 2.0)
        lines = before + (means - before) * ops.maximum(self._ramp, is_first)
        next_state = {"mean": means[:, -1:], "weight": weights[:, -1:]}
        return ops.reshape(hops - lines, ops.shape(x)), next_state

    def _running_means(self, values: Tensor, state: State) -> tuple[Tensor, Tensor]:
        """Returns the running mean and its weight after every hop, `[batch, hops, 1]` each."""
        mean, weight = state["mean"], state["weight"]
        if values.shape[1] == 1:
            return self._next_mean(values, mean, weight)
        if is_lowering():
            means, weights = [], []
            for value in ops.split(values, values.shape[1], axis=1):
                mean, weight = self._next_mean(value, mean, weight)
                means.append(mean)
                weights.append(weight)
            return ops.concatenate(means, axis=1), ops.concatenate(weights, axis=1)
        both = ops.concatenate([values, ops.ones_like(values)], axis=-1)
        last = ops.concatenate([mean * weight, weight], axis=-1)[:, 0]
        sums = exponential_average(both, last, self.time_constant)
        return sums[..., :1] / sums[..., 1:], sums[..., 1:]

    def _next_mean(self, value: Tensor, mean: Tensor, weight: Tensor) -> tuple[Tensor, Tensor]:
        weight = self._decay * weight + (1.0 - self._decay)
        return mean + (value - mean) * ((1.0 - self._decay) / weight), weight

    def compute_output_shape(self, input_shape: Shape) -> Shape:
        return input_shape

    def get_config(self) -> dict[str, Any]:
        return {
            **super().get_config(),
            "hop_length": self.hop_length,
            "time_constant": self.time_constant,
        }
