"""Magnitude of a spectrum, linear or logarithmic."""

from __future__ import annotations

from typing import Any

import keras
from keras import ops

from tfse.errors import ConfigError
from tfse.types import Shape, Tensor


@keras.saving.register_keras_serializable(package="tfse")
class Magnitude(keras.layers.Layer):
    """Magnitude of a spectrum, sqrt(|X|^2 + power_floor), in float32.

    Args:
        power_floor: added under the root, above 0, so that the gradient is finite for digital
            silence. The default changes no magnitude above 1e-9.

    Shapes:
        spectrum `[batch, frames, bins, 2]` -> `[batch, frames, bins]`.

    Raises:
        ConfigError: `power_floor` is not above 0.
    """

    is_framewise = True

    def __init__(self, power_floor: float = 1e-20, **kwargs: Any) -> None:
        kwargs["dtype"] = "float32"
        super().__init__(**kwargs)
        if not power_floor > 0:
            raise ConfigError(f"`power_floor` must be above 0; received {power_floor}.")
        self.power_floor = power_floor

    def call(self, spectrum: Tensor) -> Tensor:
        return ops.sqrt(ops.sum(ops.square(spectrum), axis=-1) + self.power_floor)

    def compute_output_shape(self, input_shape: Shape) -> Shape:
        return input_shape[:-1]

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "power_floor": self.power_floor}


@keras.saving.register_keras_serializable(package="tfse")
class LogMagnitude(Magnitude):
    """Logarithm of the magnitude of a spectrum, log(|X| + floor), in float32.

    Args:
        floor: added to the magnitude, above 0.

    Shapes:
        spectrum `[batch, frames, bins, 2]` -> `[batch, frames, bins]`.

    Raises:
        ConfigError: `floor` is not above 0.
    """

    def __init__(self, floor: float = 1e-7, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        if not floor > 0:
            raise ConfigError(f"`floor` must be above 0; received {floor}.")
        self.floor = floor

    def call(self, spectrum: Tensor) -> Tensor:
        return ops.log(super().call(spectrum) + self.floor)

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "floor": self.floor}
