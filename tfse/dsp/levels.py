"""Powers and their ratios in dB, finite on silence."""

from __future__ import annotations

from keras import ops

from tfse.types import Tensor

# -100 dBFS, added to both powers of a ratio: digital silence has none.
_SMALLEST_POWER = 1e-10


def decibels(power: Tensor) -> Tensor:
    """Returns 10 log10 of a positive power."""
    return 10.0 / 2.302585092994046 * ops.log(power)


def mean_power(waveform: Tensor, length: Tensor) -> Tensor:
    """Returns the mean square, `[batch]`, of `[batch, samples]` over `length` samples.

    Samples beyond `length` must be zero.
    """
    return ops.sum(ops.square(waveform), axis=1) / ops.maximum(length, 1.0)


def power_ratio_db(numerator: Tensor, denominator: Tensor, length: Tensor) -> Tensor:
    """Returns the power ratio of two waveforms in dB.

    Args:
        numerator: `[batch, samples]`, zero beyond `length`.
        denominator: of the same shape, zero beyond `length`.
        length: valid samples, `[batch]`.

    Returns:
        `[batch]`; finite, and 0 if both are silent.
    """
    above = mean_power(numerator, length) + _SMALLEST_POWER
    below = mean_power(denominator, length) + _SMALLEST_POWER
    return decibels(above) - decibels(below)


def limited_ratio_db(
    numerator: Tensor, denominator: Tensor, length: Tensor, limit_db: float
) -> Tensor:
    """Returns the power ratio of two waveforms in dB, which approaches a limit.

        10 log10(|n|^2 / (|d|^2 + 10^(-limit / 10) |n|^2))

    Args:
        numerator: `[batch, samples]`, zero beyond `length`.
        denominator: of the same shape, zero beyond `length`.
        length: valid samples, `[batch]`.
        limit_db: the limit; infinity for none.

    Returns:
        `[batch]`; 0 where the numerator is silent, for which the ratio is undefined.

    Source:
        Wisdom et al., "Unsupervised sound separation using mixture invariant training",
        NeurIPS 2020, equation 2.
    """
    above = mean_power(numerator, length)
    below = mean_power(denominator, length) + 10.0 ** (-limit_db / 10.0) * above
    ratio = decibels(above + _SMALLEST_POWER) - decibels(below + _SMALLEST_POWER)
    return ops.where(above > _SMALLEST_POWER, ratio, 0.0)


def si_sdr_db(reference: Tensor, estimate: Tensor, length: Tensor) -> Tensor:
    """Returns the scale-invariant signal-to-distortion ratio in dB.

    Args:
        reference: `[batch, samples]`, zero beyond `length`.
        estimate: of the same shape, zero beyond `length`.
        length: valid samples, `[batch]`.

    Returns:
        `[batch]`, finite on silence.

    Source:
        Le Roux et al., ICASSP 2019, equation 2.
    """
    target = projected(reference, estimate, length)
    return power_ratio_db(target, target - estimate, length)


def projected(reference: Tensor, estimate: Tensor, length: Tensor) -> Tensor:
    """Returns the projection of an estimate onto the reference, `[batch, samples]`.

    Args:
        reference: `[batch, samples]`, zero beyond `length`.
        estimate: of the same shape, zero beyond `length`.
        length: valid samples, `[batch]`.
    """
    product = ops.sum(reference * estimate, axis=1) / ops.maximum(length, 1.0)
    scale = product / (mean_power(reference, length) + _SMALLEST_POWER)
    return scale[:, None] * reference
