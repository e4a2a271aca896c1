"""Dual-path block: recurrence along frequency, then along time."""

from __future__ import annotations

from typing import Any

import keras

from tfse.layers.normalizations.normalization import FrameNormalization
from tfse.layers.recurrent.lstm import FrequencyBLSTM, TimeLSTM
from tfse.types import Shape, Tensor


@keras.saving.register_keras_serializable(package="tfse")
class DualPathBlock(keras.layers.Layer):
    """Two residual stages: BLSTM over frequency, then LSTM over time for each bin.

    Each stage is an LSTM, a linear dense layer to the channels of the input and a frame
    normalization, added to the input of the stage. The only state is that of the inner
    `TimeLSTM`.

    Args:
        frequency_units: per direction of the BLSTM.
        time_units: of the LSTM over time.
        recurrent_activation: of the gates of both LSTMs.
        epsilon: of the normalizations.

    Shapes:
        `[batch, frames, bins, channels]` -> the same.

    Source:
        Le et al., "DPCRN", Interspeech 2021, section 2.2 and figure 1(b).
    """

    is_framewise = True

    def __init__(
        self,
        frequency_units: int,
        time_units: int,
        recurrent_activation: str = "sigmoid",
        epsilon: float = 1e-3,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.frequency_units = frequency_units
        self.time_units = time_units
        self.epsilon = epsilon
        policy = self.dtype_policy
        self.frequency = FrequencyBLSTM(
            frequency_units, recurrent_activation, dtype=policy, name="frequency"
        )
        self.time = TimeLSTM(time_units, recurrent_activation, dtype=policy, name="time")

    def build(self, input_shape: Shape) -> None:
        channels, policy = input_shape[-1], self.dtype_policy
        self.frequency_dense = keras.layers.Dense(channels, dtype=policy, name="frequency_dense")
        self.frequency_norm = FrameNormalization(self.epsilon, dtype=policy, name="frequency_norm")
        self.time_dense = keras.layers.Dense(channels, dtype=policy, name="time_dense")
        self.time_norm = FrameNormalization(self.epsilon, dtype=policy, name="time_norm")
        for lstm, dense, norm in self._stages():
            lstm.build(input_shape)
            dense.build(lstm.compute_output_shape(input_shape))
            norm.build(input_shape)

    def _stages(self) -> list[tuple[keras.layers.Layer, ...]]:
        return [
            (self.frequency, self.frequency_dense, self.frequency_norm),
            (self.time, self.time_dense, self.time_norm),
        ]

    def call(self, x: Tensor) -> Tensor:
        for lstm, dense, norm in self._stages():
            x = x + norm(dense(lstm(x)))
        return x

    def compute_output_shape(self, input_shape: Shape) -> Shape:
        return input_shape

    def get_config(self) -> dict[str, Any]:
        return {
            **super().get_config(),
            "frequency_units": self.frequency_units,
            "time_units": self.time_units,
            "recurrent_activation": self.time.recurrent_activation,
            "epsilon": self.epsilon,
        }
