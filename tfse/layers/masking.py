"""Layers that apply a mask to the noisy spectrum."""

from __future__ import annotations

from collections.abc import Callable

import keras
from keras import ops

from tfse.dsp import masks
from tfse.layers.streaming import Shape, Tensor


class _Masking(keras.layers.Layer):
    """Applies `apply(spectrum, mask)` in float32, the precision of the spectrum."""

    keeps_to_its_frame = True
    apply: Callable[[Tensor, Tensor], Tensor]

    # Keras keeps an argument called `mask` for its own padding masks.
    def call(self, spectrum: Tensor, gain: Tensor) -> Tensor:
        """Returns the masked spectrum, `[batch, frames, bins, 2]`."""
        return type(self).apply(spectrum, ops.cast(gain, spectrum.dtype))

    def compute_output_shape(self, spectrum_shape: Shape, gain_shape: Shape) -> Shape:
        """Returns the shape of the spectrum."""
        return spectrum_shape


@keras.saving.register_keras_serializable(package="tfse")
class MagnitudeMasking(_Masking):
    """Scales every bin and keeps its phase.

    Shapes:
        spectrum `[batch, frames, bins, 2]`, mask `[batch, frames, bins]` -> the
        spectrum's shape.
    """

    apply = staticmethod(masks.apply_magnitude_mask)


@keras.saving.register_keras_serializable(package="tfse")
class ComplexMasking(_Masking):
    """Multiplies every bin with a complex ratio mask.

    Shapes:
        spectrum and mask `[batch, frames, bins, 2]` -> the same.
    """

    apply = staticmethod(masks.apply_complex_mask)
