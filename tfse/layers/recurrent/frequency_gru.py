"""Bidirectional GRU over the frequencies of one frame."""

from __future__ import annotations

from typing import Any

import keras
from keras import ops

from tfse.errors import ConfigError
from tfse.layers.channels.grouped_kernel import check_groups, dense_kernel
from tfse.layers.recurrent.gru import run_gru
from tfse.types import Shape, Tensor


@keras.saving.register_keras_serializable(package="tfse")
class FrequencyGRU(keras.layers.Layer):
    """Bidirectional GRU over the bins within each frame.

    Both directions and all groups are one grouped GRU, whose input is the bins in ascending
    and, beside them, in descending order: a bin is one product and one step for all of them.
    Frames are independent, so the layer has no state and its model can stream.

    Args:
        units: per direction.
        groups: of channels and units; each is a bidirectional GRU of its own.

    Shapes:
        `[batch, frames, bins, channels]` -> `[batch, frames, bins, 2 * units]`, forward
        (ascending frequency) first, in each direction the units of the first group first.
        Weights as in `TimeGRU` with `2 * units` units: `kernel` `[channels / groups,
        6 * units]`, `recurrent_kernel` `[units / groups, 6 * units]`, `bias`
        `[6 * units]`, `recurrent_bias` `[2 * units]`.

    Raises:
        ConfigError: `units` is below 1, or `groups` does not divide channels and units.

    Source:
        Rong et al., "GTCRN: A speech enhancement model requiring ultralow computational
        resources", ICASSP 2024, section 2.4, for the groups.
    """

    is_framewise = True

    def __init__(self, units: int, groups: int = 1, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        if units < 1:
            raise ConfigError(f"`units` must be 1 or more; received {units}.")
        self.units = units
        self.groups = groups

    def build(self, input_shape: Shape) -> None:
        channels = input_shape[-1]
        check_groups(self.groups, channels, self.units)
        gates = 6 * self.units
        shapes = {"kernel": channels // self.groups, "recurrent_kernel": self.units // self.groups}
        self.kernel = self.add_weight(
            name="kernel", shape=(shapes["kernel"], gates), initializer="glorot_uniform"
        )
        self.recurrent_kernel = self.add_weight(
            name="recurrent_kernel",
            shape=(shapes["recurrent_kernel"], gates),
            initializer="orthogonal",
        )
        self.bias = self.add_weight(name="bias", shape=(gates,), initializer="zeros")
        self.recurrent_bias = self.add_weight(
            name="recurrent_bias", shape=(2 * self.units,), initializer="zeros"
        )

    def call(self, x: Tensor) -> Tensor:
        bins, channels = x.shape[2:]
        rows = ops.transpose(ops.reshape(x, (-1, bins, channels)), (1, 0, 2))
        both = ops.concatenate([rows, ops.flip(rows, axis=0)], axis=-1)
        gates = ops.matmul(both, self._dense(self.kernel)) + self.bias
        hidden = ops.zeros_like(gates[0, :, : 2 * self.units])
        recurrent = ops.cast(self.recurrent_kernel, gates.dtype)
        y = run_gru(
            gates, hidden, self._dense(recurrent), ops.cast(self.recurrent_bias, gates.dtype)
        )
        forward, backward = ops.split(y, 2, axis=-1)
        y = ops.concatenate([forward, ops.flip(backward, axis=0)], axis=-1)
        return ops.reshape(ops.transpose(y, (1, 0, 2)), (-1, ops.shape(x)[1], bins, 2 * self.units))

    def _dense(self, kernel: Tensor) -> Tensor:
        return dense_kernel(kernel, 2 * self.groups, gates=3)

    def compute_output_shape(self, input_shape: Shape) -> Shape:
        return (*input_shape[:-1], 2 * self.units)

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "units": self.units, "groups": self.groups}
