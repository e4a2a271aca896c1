"""Layers within a window: reflected edges, and a factor per channel."""

from __future__ import annotations

from typing import Any

import keras
from keras import ops

from tfse.errors import ConfigError
from tfse.types import Shape, Tensor


@keras.saving.register_keras_serializable(package="tfse")
class ReflectPadding(keras.layers.Layer):
    """Samples of each window mirrored at its edges; the edge itself is not repeated.

    Args:
        padding: samples added (before, after), fewer than the window has.

    Shapes:
        `[batch, windows, samples, channels]` ->
        `[batch, windows, samples + sum(padding), channels]`.

    Raises:
        ConfigError: the padding is negative or too long.
    """

    is_framewise = True

    def __init__(self, padding: tuple[int, int], **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.padding = tuple(padding)

    def build(self, input_shape: Shape) -> None:
        if min(self.padding) < 0 or max(self.padding) >= input_shape[2]:
            raise ConfigError(
                "`padding` must not be negative, and shorter than the window; received "
                f"padding={self.padding}, {input_shape[2]} samples."
            )

    def call(self, x: Tensor) -> Tensor:
        return ops.pad(x, [[0, 0], [0, 0], list(self.padding), [0, 0]], mode="reflect")

    def compute_output_shape(self, input_shape: Shape) -> Shape:
        batch, windows, samples, channels = input_shape
        return (batch, windows, samples + sum(self.padding), channels)

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "padding": self.padding}


@keras.saving.register_keras_serializable(package="tfse")
class ChannelScale(keras.layers.Layer):
    """Product with a learned factor per channel, 1 at the start.

    Shapes:
        `[batch, frames, ..., channels]` -> the same.
    """

    is_framewise = True

    def build(self, input_shape: Shape) -> None:
        self.scale = self.add_weight(name="scale", shape=(input_shape[-1],), initializer="ones")

    def call(self, x: Tensor) -> Tensor:
        return x * self.scale

    def compute_output_shape(self, input_shape: Shape) -> Shape:
        return input_shape
