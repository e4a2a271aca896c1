"""Causal normalization of a spectrum by its running level."""

from __future__ import annotations

from typing import Any

import keras
from keras import ops

from tfse.errors import ConfigError
from tfse.layers.normalizations.exponential_average import exponential_average
from tfse.layers.streaming import State, StreamingLayer
from tfse.types import Shape, Tensor

# Power per bin that bounds the gain on silence: 23 dB below white noise at -90 dBFS in a
# Hann window of 512 samples.
_FLOOR = 1e-9


@keras.saving.register_keras_serializable(package="tfse")
class LevelNormalization(StreamingLayer):
    """Division of a spectrum by the root of its running mean power.

        s[t] = a s[t-1] + (1 - a) mean over k of |X[t, k]|^2,   w[t] = a w[t-1] + (1 - a)
        Y[t] = X[t] / sqrt(s[t] / w[t] + 1e-9)

    The division by w makes the level unbiased from the first frame on. The output does not
    depend on the gain of the input.

    Args:
        time_constant: of the exponential mean, in frames: a = exp(-1 / time_constant).

    Shapes:
        `[batch, frames, bins, 2]`, real and imaginary part -> the same, float32. State
        `sums`: `[batch, 2]`, s and w.

    Raises:
        ConfigError: `time_constant` is not above 0.
    """

    def __init__(self, time_constant: float, **kwargs: Any) -> None:
        kwargs["dtype"] = "float32"
        super().__init__(**kwargs)
        if not time_constant > 0:
            raise ConfigError(f"`time_constant` must be above 0; received {time_constant}.")
        self.time_constant = time_constant

    def initial_state(self, batch_size: int | Tensor) -> State:
        return {"sums": ops.zeros((batch_size, 2))}

    def advance(self, x: Tensor, state: State) -> tuple[Tensor, State]:
        power = ops.mean(ops.sum(ops.square(x), axis=-1), axis=-1)
        values = ops.stack([power, ops.ones_like(power)], axis=-1)
        sums = exponential_average(values, state["sums"], self.time_constant)
        total, weight = ops.split(sums, 2, axis=-1)
        level = total / weight + _FLOOR
        return x * ops.rsqrt(level)[..., None], {"sums": sums[:, -1]}

    def compute_output_shape(self, input_shape: Shape) -> Shape:
        return input_shape

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "time_constant": self.time_constant}
