"""Split of channels in two halves, and their alternation."""

from __future__ import annotations

import keras
from keras import ops

from tfse.types import Shape, Tensor


@keras.saving.register_keras_serializable(package="tfse")
class ChannelSplit(keras.layers.Layer):
    """Split of the channels in two halves.

    Shapes:
        `[batch, frames, ..., 2 * channels]` -> two of `[batch, frames, ..., channels]`.
    """

    is_framewise = True

    def call(self, x: Tensor) -> list[Tensor]:
        return list(ops.split(x, 2, axis=-1))

    def compute_output_shape(self, input_shape: Shape) -> list[Shape]:
        half = (*input_shape[:-1], input_shape[-1] // 2)
        return [half, half]


@keras.saving.register_keras_serializable(package="tfse")
class ChannelShuffle(keras.layers.Layer):
    """Alternation of the channels of two tensors: first, second, first, second, ...

    Shapes:
        two of `[batch, frames, ..., channels]` -> `[batch, frames, ..., 2 * channels]`.

    Source:
        Zhang et al., "ShuffleNet: An extremely efficient convolutional neural network for
        mobile devices", CVPR 2018, section 3.1.
    """

    is_framewise = True

    def call(self, first: Tensor, second: Tensor) -> Tensor:
        pairs = ops.stack([first, ops.cast(second, first.dtype)], axis=-1)
        *inner, channels = first.shape[2:]
        return ops.reshape(pairs, (-1, ops.shape(first)[1], *inner, 2 * channels))

    def compute_output_shape(self, first_shape: Shape, second_shape: Shape) -> Shape:
        return (*first_shape[:-1], 2 * first_shape[-1])
