"""Reshaping of what a frame holds, and selection of its bins."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import keras
from keras import ops

from tfse.errors import ConfigError
from tfse.types import Shape, Tensor


@keras.saving.register_keras_serializable(package="tfse")
class FrameReshape(keras.layers.Layer):
    """Reshaping of every frame.

    Args:
        target_shape: of a frame.

    Shapes:
        `[batch, frames, ...]` -> `[batch, frames, *target_shape]`.

    Raises:
        ConfigError: a frame has another number of elements.
    """

    is_framewise = True

    def __init__(self, target_shape: Sequence[int], **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.target_shape = tuple(target_shape)

    def build(self, input_shape: Shape) -> None:
        if math.prod(input_shape[2:]) != math.prod(self.target_shape):
            raise ConfigError(
                "`target_shape` must keep the number of elements; received "
                f"{self.target_shape} for {tuple(input_shape[2:])}."
            )

    def call(self, x: Tensor) -> Tensor:
        return ops.reshape(x, (*ops.shape(x)[:2], *self.target_shape))

    def compute_output_shape(self, input_shape: Shape) -> Shape:
        return (*input_shape[:2], *self.target_shape)

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "target_shape": self.target_shape}


@keras.saving.register_keras_serializable(package="tfse")
class BinRange(keras.layers.Layer):
    """Bins `first` to `stop - 1` of every frame, in float32.

    Args:
        first: lowest bin.
        stop: bin above the highest.

    Shapes:
        `[batch, frames, bins, ...]` -> `[batch, frames, stop - first, ...]`.

    Raises:
        ConfigError: the range is empty, or exceeds the bins.
    """

    is_framewise = True

    def __init__(self, first: int, stop: int, **kwargs: Any) -> None:
        kwargs["dtype"] = "float32"
        super().__init__(**kwargs)
        self.first = first
        self.stop = stop

    def build(self, input_shape: Shape) -> None:
        if not 0 <= self.first < self.stop <= input_shape[2]:
            raise ConfigError(
                f"`first` and `stop` must be a range of {input_shape[2]} bins; received "
                f"first={self.first}, stop={self.stop}."
            )

    def call(self, x: Tensor) -> Tensor:
        return x[:, :, self.first : self.stop]

    def compute_output_shape(self, input_shape: Shape) -> Shape:
        return (*input_shape[:2], self.stop - self.first, *input_shape[3:])

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "first": self.first, "stop": self.stop}
