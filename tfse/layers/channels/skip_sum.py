"""Sum of a signal and a skip connection."""

from __future__ import annotations

import keras

from tfse.types import Shape, Tensor


@keras.saving.register_keras_serializable(package="tfse")
class SkipSum(keras.layers.Layer):
    """Sum of two tensors of the same shape, for steps of a single frame.

    `keras.layers.Add` (Keras 3.15 on TensorFlow) adds a tensor `[1, 1, channels]` as a bias. The
    converter for devices then moves it behind the next product, which becomes two, one of them
    with a bias that is no constant: the quantizer refuses it.

    Shapes:
        twice `[batch, frames, ...]` -> the same.
    """

    is_framewise = True

    def call(self, x: Tensor, skip: Tensor) -> Tensor:
        return x + skip

    def compute_output_shape(self, x_shape: Shape, skip_shape: Shape) -> Shape:
        return x_shape
