"""Gated linear unit."""

from __future__ import annotations

import keras
from keras import ops

from tfse.types import Shape, Tensor


@keras.saving.register_keras_serializable(package="tfse")
class GatedLinearUnit(keras.layers.Layer):
    """First half of the channels, gated by the sigmoid of the second half.

    Shapes:
        `[batch, frames, ..., 2 * channels]` -> `[batch, frames, ..., channels]`.

    Source:
        Dauphin et al., "Language modeling with gated convolutional networks", ICML 2017.
    """

    is_framewise = True

    def call(self, x: Tensor) -> Tensor:
        values, gates = ops.split(x, 2, axis=-1)
        return values * ops.sigmoid(gates)

    def compute_output_shape(self, input_shape: Shape) -> Shape:
        return (*input_shape[:-1], input_shape[-1] // 2)
