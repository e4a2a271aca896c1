"""Power-law compression of complex numbers, and its inverse."""

from __future__ import annotations

from typing import Any

import keras
from keras import ops

from tfse.errors import ConfigError
from tfse.types import Shape, Tensor


class _PowerLaw(keras.layers.Layer):
    """Power law on magnitudes that keeps phases, in float32."""

    is_framewise = True

    def __init__(self, exponent: float = 0.3, **kwargs: Any) -> None:
        kwargs["dtype"] = "float32"
        super().__init__(**kwargs)
        if not 0 < exponent <= 1:
            raise ConfigError(f"`exponent` must be above 0 and at most 1; received {exponent}.")
        self.exponent = exponent

    def compute_output_shape(self, input_shape: Shape) -> Shape:
        return input_shape

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "exponent": self.exponent}


@keras.saving.register_keras_serializable(package="tfse")
class PowerLawCompression(_PowerLaw):
    """Power-law compression of a spectrum, X |X|^(exponent - 1).

    Args:
        exponent: of the magnitude.

    Shapes:
        `[batch, frames, bins, 2]`, real and imaginary part -> the same, float32.
        Magnitudes below 1e-5 have the gain of 1e-5.

    Source:
        Ahn et al., "FastEnhancer", ICASSP 2026, section 2.1.
    """

    def call(self, x: Tensor) -> Tensor:
        power = ops.sum(ops.square(x), axis=-1, keepdims=True)
        return x * ops.power(ops.maximum(power, 1e-10), 0.5 * (self.exponent - 1.0))


@keras.saving.register_keras_serializable(package="tfse")
class PowerLawExpansion(_PowerLaw):
    """Expansion of a mask m on a compressed spectrum to a mask on the spectrum.

        m |m|^(1 / exponent - 1)

    Multiplying the spectrum by it equals compressing the spectrum, multiplying by m and
    expanding the product.

    Args:
        exponent: of the compression.

    Shapes:
        `[batch, frames, bins, 2]`, real and imaginary part -> the same, float32.
    """

    def call(self, x: Tensor) -> Tensor:
        power = ops.sum(ops.square(x), axis=-1, keepdims=True)
        return x * ops.power(power, 0.5 * (1.0 / self.exponent - 1.0))
