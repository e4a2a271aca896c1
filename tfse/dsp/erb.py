"""Bands of bins, equally wide on the scale of equivalent rectangular bandwidths (ERB)."""

from __future__ import annotations

import math

from tfse.errors import ConfigError

# Scale of Glasberg and Moore: an ERB at f Hz is 24.7 + f / 9.265 Hz wide.
_QUALITY = 9.265
_LEAST_WIDTH_HZ = 24.7


def erb_widths(bands: int, least_bins: int, fft_length: int, sample_rate: int) -> tuple[int, ...]:
    """Returns the number of bins per band, from 0 Hz upwards; they sum to all bins.

    Band edges are equally spaced on the ERB scale and rounded to bins. Where a band would be
    narrower than `least_bins`, it borrows bins from those above.

    Args:
        bands: number of bands.
        least_bins: fewest bins per band.
        fft_length: points of the transform, even.
        sample_rate: in Hz.

    Raises:
        ConfigError: a number is below 1, or the bands do not fit.

    Source:
        Glasberg and Moore, "Derivation of auditory filter shapes from notched-noise data",
        Hearing Research 47, 1990; Schroeter et al., "DeepFilterNet", ICASSP 2022.
    """
    bins = fft_length // 2 + 1
    if min(bands, least_bins, sample_rate) < 1 or bands * least_bins > bins:
        raise ConfigError(
            "`bands` of `least_bins` must fit into the bins, and be above 0; received "
            f"bands={bands}, least_bins={least_bins}, {bins} bins, sample_rate={sample_rate}."
        )
    widths: list[int] = []
    last = borrowed = 0
    for edge in _edges(bands, fft_length, sample_rate):
        width = edge - last - borrowed
        borrowed = max(0, least_bins - width)
        widths.append(width + borrowed)
        last = edge
    # The bin at half the sample rate belongs to the last band.
    widths[-1] = bins - sum(widths[:-1])
    if widths[-1] < 1:
        raise ConfigError(
            "`least_bins` must leave bins for the last band; received "
            f"least_bins={least_bins}, bands={bands}, {bins} bins."
        )
    return tuple(widths)


def _edges(bands: int, fft_length: int, sample_rate: int) -> list[int]:
    """Returns the upper edges of the bands, in bins."""
    highest = math.log1p(0.5 * sample_rate / (_LEAST_WIDTH_HZ * _QUALITY))
    hertz = [
        _LEAST_WIDTH_HZ * _QUALITY * math.expm1(highest * band / bands)
        for band in range(1, bands + 1)
    ]
    return [math.floor(edge * fft_length / sample_rate + 0.5) for edge in hertz]
