"""Input of models on waveforms: declares sample rate and hop."""

from __future__ import annotations

from typing import Any

import keras

from tfse.errors import ConfigError
from tfse.types import Shape, Tensor


@keras.saving.register_keras_serializable(package="tfse")
class WaveformInput(keras.layers.Layer):
    """Identity that declares the sample rate and the hop of a model without an `STFT`.

    Args:
        sample_rate: of the waveform, in Hz.
        hop_length: samples of which every block is a multiple.

    Shapes:
        `[batch, n * hop_length]` -> the same, float32.

    Raises:
        ConfigError: a number is below 1, or samples do not come in whole hops.
    """

    is_framewise = True

    def __init__(self, sample_rate: int, hop_length: int, **kwargs: Any) -> None:
        kwargs["dtype"] = "float32"
        super().__init__(**kwargs)
        if min(sample_rate, hop_length) < 1:
            raise ConfigError(
                "`sample_rate` and `hop_length` must be 1 or more; received "
                f"sample_rate={sample_rate}, hop_length={hop_length}."
            )
        self.sample_rate = sample_rate
        self.hop_length = hop_length

    def call(self, x: Tensor) -> Tensor:
        if x.shape[1] is not None and x.shape[1] % self.hop_length:
            raise ConfigError(
                f"samples must come in whole hops of {self.hop_length}; received {x.shape[1]} "
                "samples."
            )
        return x

    def compute_output_shape(self, input_shape: Shape) -> Shape:
        return input_shape

    def get_config(self) -> dict[str, Any]:
        return {
            **super().get_config(),
            "sample_rate": self.sample_rate,
            "hop_length": self.hop_length,
        }
