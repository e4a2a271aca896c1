"""Temporal recurrent attention: gain of each channel, by a GRU over its energy."""

from __future__ import annotations

from typing import Any

import keras
from keras import ops

from tfse.layers.recurrent.gru import TimeGRU
from tfse.types import Shape, Tensor


@keras.saving.register_keras_serializable(package="tfse")
class TemporalRecurrentAttention(keras.layers.Layer):
    """Gain of each channel and frame, estimated from the mean energies of all bins.

        x sigmoid(dense(GRU(mean(x^2))))

    The only state is that of the inner `TimeGRU`.

    Args:
        units: of the GRU over time.

    Shapes:
        `[batch, frames, bins, channels]` -> the same.

    Source:
        Rong et al., "GTCRN", ICASSP 2024, section 2.3.
    """

    is_framewise = True

    def __init__(self, units: int, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.units = units
        self.time = TimeGRU(units, dtype=self.dtype_policy, name="time")

    def build(self, input_shape: Shape) -> None:
        batch, frames, _, channels = input_shape
        self.time.build((batch, frames, channels))
        self.gain = keras.layers.Dense(
            channels, activation="sigmoid", dtype=self.dtype_policy, name="gain"
        )
        self.gain.build((batch, frames, self.units))

    def call(self, x: Tensor) -> Tensor:
        gain = self.gain(self.time(ops.mean(ops.square(x), axis=2)))
        return x * gain[:, :, None]

    def compute_output_shape(self, input_shape: Shape) -> Shape:
        return input_shape

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "units": self.units}
