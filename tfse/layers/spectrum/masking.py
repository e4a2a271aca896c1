"""Layers that apply a mask to the noisy spectrum."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import keras
from keras import ops

from tfse.dsp import masks
from tfse.types import Shape, Tensor


class _Masking(keras.layers.Layer):
    """Base class: `apply(spectrum, mask)` in float32, the dtype of the spectrum."""

    is_framewise = True
    apply: Callable[[Tensor, Tensor], Tensor]

    # Keras reserves an argument called `mask` for its padding masks.
    def call(self, spectrum: Tensor, gain: Tensor) -> Tensor:
        """Returns the masked spectrum, `[batch, frames, bins, 2]`."""
        return type(self).apply(spectrum, ops.cast(gain, spectrum.dtype))

    def compute_output_shape(self, spectrum_shape: Shape, gain_shape: Shape) -> Shape:
        return spectrum_shape


@keras.saving.register_keras_serializable(package="tfse")
class MagnitudeMasking(_Masking):
    """Product of a spectrum and a real mask, which keeps phases.

    Shapes:
        spectrum `[batch, frames, bins, 2]`, mask `[batch, frames, bins]` -> the
        spectrum's shape.
    """

    apply = staticmethod(masks.apply_magnitude_mask)


@keras.saving.register_keras_serializable(package="tfse")
class ComplexMasking(_Masking):
    """Product of a spectrum and a complex ratio mask.

    Shapes:
        spectrum and mask `[batch, frames, bins, 2]` -> the same.
    """

    apply = staticmethod(masks.apply_complex_mask)


@keras.saving.register_keras_serializable(package="tfse")
class PolarMask(keras.layers.Layer):
    """Complex mask from a bounded magnitude and a phase rotation.

        2 sigmoid(m) (1 + c, s) / sqrt((1 + c)^2 + s^2 + epsilon)

    An input of zeros is the mask 1. The magnitude is at most 2, for bins in which speech and
    noise nearly cancel each other.

    Args:
        epsilon: added under the root against division by zero.

    Shapes:
        `[batch, frames, bins, 3]`, logit m of the magnitude, cosine c and sine s of
        the rotation up to their common length -> `[batch, frames, bins, 2]`, float32.

    Source:
        A magnitude mask with a phase of two normalized channels, as in Yin et al.,
        "PHASEN: A phase-and-harmonics-aware speech enhancement network", AAAI
        2020, section 3.2.
    """

    is_framewise = True

    def __init__(self, epsilon: float = 1e-6, **kwargs: Any) -> None:
        kwargs["dtype"] = "float32"
        super().__init__(**kwargs)
        self.epsilon = epsilon

    def call(self, x: Tensor) -> Tensor:
        # `split`, since device runtimes turn indexing into a slow copy.
        logit, cosine, sine = ops.split(x, 3, axis=-1)
        cosine = cosine + 1.0
        length = ops.sqrt(ops.square(cosine) + ops.square(sine) + self.epsilon)
        gain = 2.0 * ops.sigmoid(logit) / length
        return ops.concatenate([gain * cosine, gain * sine], axis=-1)

    def compute_output_shape(self, input_shape: Shape) -> Shape:
        return (*input_shape[:-1], 2)

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "epsilon": self.epsilon}
