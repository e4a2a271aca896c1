"""Real Fourier transforms in operations that device runtimes support.

LiteRT has a real transform for powers of two (RFFT2D) and no inverse. The inverse is
computed by a forward transform. Other lengths are two small matrix products if they are
composite, see `tfse.dsp.factored_fourier`, or else one.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from keras import ops

from tfse.dsp import factored_fourier
from tfse.types import Tensor


def forward(frames: Tensor, length: int) -> tuple[Tensor, Tensor]:
    """Returns the real and imaginary parts of the transform of real frames.

    Args:
        frames: `[..., samples]`, at most `length` samples, padded with zeros.
        length: points of the transform, even.

    Shapes:
        `[..., samples]` -> two of `[..., length // 2 + 1]`.
    """
    if is_power_of_two(length):
        real, imaginary = ops.rfft(frames, fft_length=length)
        return real, imaginary
    if (pair := factored_fourier.factors(length)) and frames.shape[-1] == length:
        return factored_fourier.forward(frames, *pair)
    spectrum = ops.matmul(frames, _forward_matrix(frames.shape[-1], length))
    bins = length // 2 + 1
    return spectrum[..., :bins], spectrum[..., bins:]


def inverse(real: Tensor, imaginary: Tensor, length: int) -> Tensor:
    """Returns the real frames whose half spectrum is given.

    Powers of two take a second forward transform: with the spectrum A + iB let
    s[k] = A[k] + B[k] for k <= N/2 and A[N-k] - B[N-k] beyond; then Y = rfft(s)
    yields x[n] = (Re Y + Im Y)[n] / N and x[N-n] = (Re Y - Im Y)[n] / N.

    Args:
        real: `[..., length // 2 + 1]`.
        imaginary: of the same shape; ignored in the first and the last bin.
        length: points of the transform, even.

    Shapes:
        two of `[..., length // 2 + 1]` -> `[..., length]`.

    Source:
        Bracewell, "Discrete Hartley transform", JOSA 73(12), 1983.
    """
    if not is_power_of_two(length):
        if pair := factored_fourier.factors(length):
            return factored_fourier.inverse(real, imaginary, *pair)
        spectrum = ops.concatenate([real, imaginary], axis=-1)
        return ops.matmul(spectrum, _inverse_matrix(length))
    inner = slice(1, length // 2)
    below, above = real + imaginary, real - imaginary
    hartley = ops.concatenate(
        [real[..., :1], below[..., inner], real[..., -1:], ops.flip(above[..., inner], axis=-1)],
        axis=-1,
    )
    y_real, y_imaginary = ops.rfft(hartley * np.float32(1 / length), fft_length=length)
    first, second = y_real + y_imaginary, y_real - y_imaginary
    return ops.concatenate([first, ops.flip(second[..., inner], axis=-1)], axis=-1)


def is_power_of_two(length: int) -> bool:
    """Returns whether a length is 1, 2, 4, 8, ..."""
    return length & (length - 1) == 0


def _forward_matrix(samples: int, length: int) -> np.ndarray[Any, np.dtype[np.float32]]:
    """Returns `[samples, 2 * bins]`."""
    spectra = np.fft.rfft(np.eye(samples), length)
    return np.concatenate([spectra.real, spectra.imag], axis=1).astype(np.float32)


def _inverse_matrix(length: int) -> np.ndarray[Any, np.dtype[np.float32]]:
    """Returns `[2 * bins, length]`."""
    unit = np.eye(length // 2 + 1)
    frames = [np.fft.irfft(part, length) for part in (unit, 1j * unit)]
    return np.concatenate(frames).astype(np.float32)
