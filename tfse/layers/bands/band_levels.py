"""Levels of bands of bins, and gains per band applied to their bins."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import keras
import numpy as np
from keras import ops

from tfse.errors import ConfigError
from tfse.types import Shape, Tensor


class _Bands(keras.layers.Layer):
    """Base class: bands of adjacent bins, in float32."""

    is_framewise = True

    def __init__(self, widths: Sequence[int], **kwargs: Any) -> None:
        kwargs["dtype"] = "float32"
        super().__init__(**kwargs)
        if not widths or min(widths) < 1:
            raise ConfigError(f"`widths` must be 1 or more for every band; received {widths}.")
        self.widths = tuple(widths)

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "widths": self.widths}


@keras.saving.register_keras_serializable(package="tfse")
class BandLevels(_Bands):
    """Level of each band in dB, 10 log10(mean over its bins of |X|^2 + floor).

    Args:
        widths: bins per band, from 0 Hz upwards; they sum to all bins.
        floor: power added before the logarithm.

    Shapes:
        `[batch, frames, bins, 2]`, real and imaginary part -> `[batch, frames, bands]`,
        float32.

    Raises:
        ConfigError: a width is below 1, the widths are not those of the bins, or the floor is
            not above 0.
    """

    def __init__(self, widths: Sequence[int], floor: float = 1e-10, **kwargs: Any) -> None:
        super().__init__(widths, **kwargs)
        if not floor > 0:
            raise ConfigError(f"`floor` must be above 0; received {floor}.")
        self.floor = floor
        bands = np.repeat(np.eye(len(self.widths)), self.widths, axis=0)
        self._mean = (bands / np.asarray(self.widths)).astype(np.float32)

    def build(self, input_shape: Shape) -> None:
        if sum(self.widths) != input_shape[2]:
            raise ConfigError(
                "`widths` must sum to the number of bins; received "
                f"{sum(self.widths)} for {input_shape[2]} bins."
            )

    def call(self, spectrum: Tensor) -> Tensor:
        power = ops.matmul(ops.sum(ops.square(spectrum), axis=-1), self._mean)
        # Device runtimes have the natural logarithm only.
        return ops.log(power + self.floor) * np.float32(10 / np.log(10))

    def compute_output_shape(self, input_shape: Shape) -> Shape:
        return (*input_shape[:2], len(self.widths))

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "floor": self.floor}


@keras.saving.register_keras_serializable(package="tfse")
class BandGains(_Bands):
    """Gain of every bin from that of its band, for the bins from `first_bin` on.

    Args:
        widths: bins per band, from 0 Hz upwards.
        first_bin: lowest bin of the output.

    Shapes:
        `[batch, frames, bands]` -> `[batch, frames, bins - first_bin]`, float32.

    Raises:
        ConfigError: a width is below 1, or no bin is left.
    """

    def __init__(self, widths: Sequence[int], first_bin: int = 0, **kwargs: Any) -> None:
        super().__init__(widths, **kwargs)
        if not 0 <= first_bin < sum(self.widths):
            raise ConfigError(
                f"`first_bin` must be one of {sum(self.widths)} bins; received {first_bin}."
            )
        self.first_bin = first_bin
        self._band_of_bin = np.repeat(np.arange(len(self.widths)), self.widths)[first_bin:]

    def call(self, gains: Tensor) -> Tensor:
        return ops.take(gains, self._band_of_bin.astype(np.int32), axis=2)

    def compute_output_shape(self, input_shape: Shape) -> Shape:
        return (*input_shape[:2], len(self._band_of_bin))

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "first_bin": self.first_bin}
