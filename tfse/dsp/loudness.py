"""Loudness in Bark bands, as in wide-band PESQ at 16 kHz.

The tables are those of ITU-T Recommendation P.862, rounded. A band is a sum of bins of a
512-point spectrum; bands have about equal width in Bark up to 4 kHz and are wider above.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from keras import ops

from tfse.types import Tensor

Table = npt.NDArray[np.float32]

#: Sample rate, in Hz, and transform length of the tables.
SAMPLE_RATE = 16_000
FFT_LENGTH = 512

# Bins per band, from bin 0; the highest 6 of the 257 bins belong to no band.
# fmt: off
_BINS = (
    1, 1, 1, 1, 1, 1, 1, 1, 2, 1, 1, 1, 1, 1, 2, 1, 1, 2, 2, 2, 2, 2, 2, 2, 2,
    3, 3, 3, 3, 4, 3, 4, 5, 4, 5, 6, 6, 7, 8, 9, 9, 12, 12, 15, 16, 18, 21, 25, 20,
)
_WIDTH_BARK = (
    0.1573, 0.3180, 0.3224, 0.3269, 0.3315, 0.3361, 0.3407, 0.3454, 0.3501, 0.3549,
    0.3597, 0.3646, 0.3695, 0.3745, 0.3796, 0.3847, 0.3898, 0.3950, 0.4002, 0.4055,
    0.4109, 0.4163, 0.4218, 0.4273, 0.4329, 0.4385, 0.4442, 0.4500, 0.4558, 0.4616,
    0.4676, 0.4736, 0.4796, 0.4857, 0.4919, 0.4982, 0.5045, 0.5108, 0.5173, 0.5237,
    0.5303, 0.5369, 0.5436, 0.5504, 0.5572, 0.5641, 0.5711, 0.5781, 0.5852,
)
# Hearing threshold per band, 10 log10 of its power.
_THRESHOLD_DB = (
    77.1, 63.9, 48.5, 36.9, 30.7, 25.9, 20.2, 16.6, 12.5, 9.9, 6.9, 4.9, 2.8, 1.0,
    -0.1, -1.4, -2.5, -3.4, -4.1, -4.8, -5.3, -5.7, -5.9, -6.0, -6.0, -6.0, -6.0, -5.8,
    -5.4, -5.1, -4.7, -4.3, -4.0, -3.6, -3.3, -3.1, -3.0, -3.0, -2.9, -2.8, -2.8, -2.8,
    -2.9, -3.2, -3.7, -4.3, -4.4, -3.8, -2.7,
)
# Power density of a band per summed power of its bins.
_DENSITY = (
    100.0, 100.0, 100.0, 100.0, 100.0, 100.0, 100.0, 100.0, 50.0, 100.0, 100.0, 100.0,
    100.0, 100.0, 53.05, 110.0, 118.0, 65.0, 68.76, 70.0, 71.43, 75.0, 76.84, 80.97,
    88.65, 63.86, 68.16, 72.55, 75.58, 58.38, 80.95, 64.14, 54.38, 73.82, 64.44, 59.18,
    65.52, 61.4, 58.14, 57.0, 64.13, 54.31, 61.11, 55.08, 56.85, 55.63, 53.14, 54.99, 79.55,
)
# fmt: on
_POWER_SCALE = 6.910853e-6
_LOUDNESS_SCALE = 0.1866055
_ZWICKER_POWER = 0.23

#: Widths of the bands, in Bark, `[bands]`.
WIDTHS_BARK: Table = np.array(_WIDTH_BARK, np.float32)
#: Hearing thresholds of the bands, as powers, `[bands]`.
THRESHOLDS: Table = np.power(10.0, np.array(_THRESHOLD_DB) / 10).astype(np.float32)


def _exponents() -> Table:
    """Returns the exponent of Zwicker's law per band, which is larger below 4 Bark."""
    centres = np.cumsum(WIDTHS_BARK) - WIDTHS_BARK / 2
    return (_ZWICKER_POWER * np.clip(6 / (centres + 2), 1, 2) ** 0.15).astype(np.float32)


def _bands() -> Table:
    """Returns the matrix from bins to bands; bin 0 is left out."""
    ends = np.cumsum(_BINS)
    matrix = np.zeros((FFT_LENGTH // 2 + 1, len(_BINS)), np.float32)
    for band, (end, count) in enumerate(zip(ends, _BINS, strict=True)):
        matrix[end - count : end, band] = _POWER_SCALE * _DENSITY[band]
    matrix[0] = 0
    return matrix


EXPONENTS: Table = _exponents()
_MATRIX: Table = _bands()


def bark_power(power: Tensor) -> Tensor:
    """Returns the power density per band.

    Args:
        power: squared magnitudes of 512-point spectra under a Hann window, of
            waveforms at the playback level of P.862, `[..., 257]`.

    Returns:
        `[..., 49]`.
    """
    return ops.matmul(power, _MATRIX)


def audible_power(bands: Tensor, above: float = 1.0) -> Tensor:
    """Returns the powers that exceed `above` times the threshold, the others as 0.

    Shapes:
        `[..., 49]` -> the same.
    """
    return ops.where(bands > above * THRESHOLDS, bands, 0.0)


def loudness(bands: Tensor) -> Tensor:
    """Returns the loudness per band, in sone per Bark; 0 below the threshold.

    Shapes:
        `[..., 49]` -> the same.

    Source:
        Zwicker's law as in ITU-T P.862 (2001), section 10.2.
    """
    at_threshold = _LOUDNESS_SCALE * np.power(2 * THRESHOLDS, EXPONENTS)
    # The law is 0 at the threshold, so the bound keeps it continuous.
    excess = ops.maximum(0.5 + 0.5 * bands / THRESHOLDS, 1.0)
    return at_threshold * (ops.power(excess, EXPONENTS) - 1.0)
