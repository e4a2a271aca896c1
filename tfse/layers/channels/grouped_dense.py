"""Dense layer in groups of channels."""

from __future__ import annotations

from typing import Any

import keras
from keras import ops

from tfse.layers.channels.grouped_kernel import check_groups
from tfse.types import Shape, Tensor


@keras.saving.register_keras_serializable(package="tfse")
class GroupedDense(keras.layers.Layer):
    """Products of groups of adjacent channels with one matrix each, without bias.

    Args:
        units: output channels.
        groups: number of groups; divides input and output channels.

    Shapes:
        `[batch, frames, channels]` -> `[batch, frames, units]`. `kernel`
        `[groups, channels / groups, units / groups]`.

    Raises:
        ConfigError: `groups` does not divide the channels.

    Source:
        Schroeter et al., "DeepFilterNet2", IWAENC 2022, section 2.3: grouped linear layers.
    """

    is_framewise = True

    def __init__(self, units: int, groups: int, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.units = units
        self.groups = groups

    def build(self, input_shape: Shape) -> None:
        channels = input_shape[-1]
        check_groups(self.groups, channels, self.units)
        shape = (self.groups, channels // self.groups, self.units // self.groups)
        # Keras would take the groups for part of a receptive field.
        bound = (6.0 / (shape[1] + shape[2])) ** 0.5
        self.kernel = self.add_weight(
            name="kernel",
            shape=shape,
            initializer=keras.initializers.RandomUniform(-bound, bound),
        )

    def call(self, x: Tensor) -> Tensor:
        batch, frames = ops.shape(x)[:2]
        size = x.shape[-1] // self.groups
        if tuple(x.shape[:2]) == (1, 1):
            # One row needs no transposition.
            y = ops.matmul(ops.reshape(x, (self.groups, 1, size)), self.kernel)
            return ops.reshape(y, (1, 1, self.units))
        rows = ops.transpose(ops.reshape(x, (-1, self.groups, size)), (1, 0, 2))
        y = ops.transpose(ops.matmul(rows, self.kernel), (1, 0, 2))
        return ops.reshape(y, (batch, frames, self.units))

    def compute_output_shape(self, input_shape: Shape) -> Shape:
        return (*input_shape[:-1], self.units)

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "units": self.units, "groups": self.groups}
