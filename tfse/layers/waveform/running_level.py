"""Division of a waveform by its running level."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
from keras import ops

from tfse.errors import ConfigError
from tfse.layers.streaming import State, StreamingLayer
from tfse.types import Shape, Tensor


@keras.saving.register_keras_serializable(package="tfse")
class RunningLevel(StreamingLayer):
    """Root mean square of a waveform from its first sample to the end of each hop.

    Every hop so far has the same weight, so that the level settles: after a minute, one
    second changes it by less than 2 % of its change at the start.

    Args:
        hop_length: samples per hop.

    Shapes:
        `[batch, hops * hop_length]` -> the same, constant in each hop, float32. State `power`,
        the sum over hops of their mean squares, and `hops`: `[batch, 1]` each.

    Raises:
        ConfigError: `hop_length` is below 1.
    """

    def __init__(self, hop_length: int, **kwargs: Any) -> None:
        kwargs["dtype"] = "float32"
        super().__init__(**kwargs)
        if hop_length < 1:
            raise ConfigError(f"`hop_length` must be at least 1; received {hop_length}.")
        self.hop_length = hop_length

    def initial_state(self, batch_size: int | Tensor) -> State:
        zeros = ops.zeros((batch_size, 1))
        return {"power": zeros, "hops": zeros}

    def advance(self, x: Tensor, state: State) -> tuple[Tensor, State]:
        count = ops.shape(x)[1] // self.hop_length
        hops = ops.reshape(x, (-1, count, self.hop_length))
        powers = ops.mean(ops.square(hops), axis=-1)
        # A sum over one hop is the hop itself: one operation less on a device.
        sums = powers if x.shape[1] == self.hop_length else ops.cumsum(powers, axis=1)
        power = state["power"] + sums
        number = state["hops"] + ops.arange(1, count + 1, dtype="float32")[None]
        level = ops.sqrt(power / number)[..., None] * np.ones(self.hop_length, np.float32)
        next_state = {"power": power[:, -1:], "hops": number[:, -1:]}
        return ops.reshape(level, ops.shape(x)), next_state

    def compute_output_shape(self, input_shape: Shape) -> Shape:
        return input_shape

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "hop_length": self.hop_length}


@keras.saving.register_keras_serializable(package="tfse")
class DivideByLevel(keras.layers.Layer):
    """Quotient of a waveform and its level plus a floor, which bounds the gain on silence.

    Args:
        floor: linear, full scale 1.

    Shapes:
        waveform and level `[batch, samples]` -> the same, float32.

    Raises:
        ConfigError: `floor` is not above 0.
    """

    is_framewise = True

    def __init__(self, floor: float, **kwargs: Any) -> None:
        kwargs["dtype"] = "float32"
        super().__init__(**kwargs)
        if not floor > 0:
            raise ConfigError(f"`floor` must be above 0; received {floor}.")
        self.floor = floor

    def call(self, x: Tensor, level: Tensor) -> Tensor:
        return x / (level + self.floor)

    def compute_output_shape(self, x_shape: Shape, level_shape: Shape) -> Shape:
        return x_shape

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "floor": self.floor}
