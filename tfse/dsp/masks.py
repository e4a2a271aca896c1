"""Masks on a spectrum: ideal masks, and their application.

The last axis of a spectrum holds its real and imaginary part, `[batch, frames, bins, 2]`;
a power or a magnitude mask is `[batch, frames, bins]`.
"""

from __future__ import annotations

import numpy as np
from keras import ops

from tfse.types import Tensor

# Added to a power before a division, for digital silence. It is at least 100 dB
# below the power of a bin of the quietest 16-bit speech.
_SMALLEST_POWER = 1e-12


def power(spectrum: Tensor) -> Tensor:
    """Returns |X|^2, `[batch, frames, bins]`, of a spectrum."""
    return ops.sum(ops.square(spectrum), axis=-1)


def ideal_ratio_mask(clean: Tensor, noise: Tensor, *, exponent: float = 0.5) -> Tensor:
    """Returns (S^2 / (S^2 + N^2))^exponent, in 0..1; 0 in digital silence.

    Args:
        clean: spectrum of the clean speech, `[batch, frames, bins, 2]`.
        noise: spectrum of the noise, of the same shape.
        exponent: 0.5 for the square root of the Wiener gain.

    Returns:
        `[batch, frames, bins]`.

    Source:
        Wang, Narayanan and Wang, "On training targets for supervised speech
        separation", IEEE/ACM TASLP 22(12), 2014, equation 2.
    """
    clean_power, noise_power = power(clean), power(noise)
    return ops.power(clean_power / (clean_power + noise_power + _SMALLEST_POWER), exponent)


def ideal_complex_mask(clean: Tensor, noisy: Tensor) -> Tensor:
    """Returns S / Y, which maps the noisy to the clean spectrum; 0 in digital silence.

    Args:
        clean: spectrum S of the clean speech, `[batch, frames, bins, 2]`.
        noisy: spectrum Y of the mixture, of the same shape.

    Returns:
        `[batch, frames, bins, 2]`.

    Source:
        Williamson, Wang and Wang, "Complex ratio masking for monaural speech
        separation", IEEE/ACM TASLP 24(3), 2016, equations 9 and 10.
    """
    conjugate = noisy * np.array([1.0, -1.0], np.float32)
    return apply_complex_mask(clean, conjugate) / (power(noisy) + _SMALLEST_POWER)[..., None]


def apply_magnitude_mask(spectrum: Tensor, mask: Tensor) -> Tensor:
    """Scales a spectrum, `[batch, frames, bins, 2]`, and keeps its phase."""
    return spectrum * ops.expand_dims(mask, axis=-1)


def apply_complex_mask(spectrum: Tensor, mask: Tensor) -> Tensor:
    """Multiplies two complex arrays, both `[batch, frames, bins, 2]`.

    Source:
        Williamson, Wang and Wang, "Complex ratio masking for monaural speech
        separation", IEEE/ACM TASLP 24(3), 2016, equation 3.
    """
    # `split`, since device runtimes turn indexing into a slow copy.
    real, imaginary = ops.split(spectrum, 2, axis=-1)
    mask_real, mask_imaginary = ops.split(mask, 2, axis=-1)
    return ops.concatenate(
        [
            real * mask_real - imaginary * mask_imaginary,
            real * mask_imaginary + imaginary * mask_real,
        ],
        axis=-1,
    )
