"""Weighted spectral slope distance."""

from __future__ import annotations

import functools

import numpy as np

from tfse.metrics.frames import Frames, Values, loizou_frame_values, lowest_mean
from tfse.metrics.validation import Waveform, validate_sample_rate, validated

# Centres and widths in Hz of the 25 critical bands.
_CENTRES_HZ = (
    *(50.0, 120.0, 190.0, 260.0, 330.0, 400.0, 470.0, 540.0, 617.372, 703.378, 798.717, 904.128),
    *(1020.38, 1148.30, 1288.72, 1442.54, 1610.70, 1794.16, 1993.93, 2211.08, 2446.71, 2701.97),
    *(2978.04, 3276.17, 3597.63),
)
_WIDTHS_HZ = (
    *(70.0, 70.0, 70.0, 70.0, 70.0, 70.0, 70.0, 77.3724, 86.0056, 95.3398, 105.411, 116.256),
    *(127.914, 140.423, 153.823, 168.154, 183.457, 199.776, 217.153, 235.631, 255.255, 276.072),
    *(298.126, 321.465, 346.136),
)
# Gain below which a filter is zero: nominally -30 dB.
_SKIRT = np.exp(-30.0 / (2.0 * 2.303))
# Klatt's constants: decay of weights below the highest band and below a peak.
_K_MAX_DB, _K_PEAK_DB = 20.0, 1.0
_SMALLEST_POWER = 1e-10


def weighted_spectral_slope(reference: Waveform, estimate: Waveform, sample_rate: int) -> float:
    """Returns the weighted spectral slope distance (WSS).

    It is the mean over the lowest 95 % of frames of the squared differences of slopes between
    neighbours of 25 critical bands (50 to 3,600 Hz), weighted for peaks and divided by the
    sum of weights.

    Args:
        reference: clean speech, `[samples]`; full scale is 1.
        estimate: `[samples]`.
        sample_rate: in Hz, at least 8,000.

    Returns:
        0 or above, in dB^2; lower is better.

    Raises:
        MetricUndefined: the pair cannot be compared, or is shorter than 37.5 ms.

    Source:
        Klatt, ICASSP 1982, page 1280; Hu and Loizou, IEEE TASLP 16(1), 2008,
        with bands and filters of their program `composite.m`. As there, the peak of a rising
        slope is the band before the highest.
    """
    validate_sample_rate(sample_rate)
    pair = validated(reference, estimate)
    filters = _filters(sample_rate)
    return lowest_mean(
        loizou_frame_values(pair, sample_rate, lambda r, e: _distances(r, e, filters))
    )


def _distances(reference: Frames, estimate: Frames, filters: Frames) -> Values:
    levels = [_band_levels_db(frames, filters) for frames in (reference, estimate)]
    slopes = [np.diff(level, axis=1) for level in levels]
    weights = sum(_weights(*pair) for pair in zip(levels, slopes, strict=True)) / 2
    squares = weights * (slopes[0] - slopes[1]) ** 2
    return np.sum(squares, axis=1) / np.sum(weights, axis=1)


@functools.cache
def _filters(sample_rate: int) -> Frames:
    """Returns Gaussian filters on powers, `[bins, 25]`, without the last bin."""
    bins = _dft_samples(sample_rate) // 2
    hz_per_bin = sample_rate / (2 * bins)
    centres = np.floor(np.array(_CENTRES_HZ) / hz_per_bin)
    widths = np.array(_WIDTHS_HZ) / hz_per_bin
    distance = (np.arange(bins)[:, None] - centres) / widths
    filters = np.exp(-11.0 * distance**2) * min(_WIDTHS_HZ) / np.array(_WIDTHS_HZ)
    return np.where(filters > _SKIRT, filters, 0.0)


def _dft_samples(sample_rate: int) -> int:
    """Returns the smallest power of two that holds two frames."""
    return int(2 ** np.ceil(np.log2(2 * round(0.03 * sample_rate))))


def _band_levels_db(frames: Frames, filters: Frames) -> Frames:
    """Returns band levels, `[frames, 25]`, of frames, `[frames, window]`."""
    spectrum = np.abs(np.fft.rfft(frames, 2 * len(filters))[:, :-1]) ** 2
    return 10 * np.log10(np.maximum(spectrum @ filters, _SMALLEST_POWER))


def _weights(levels_db: Frames, slopes_db: Frames) -> Frames:
    """Returns weights of slopes, `[frames, 24]`: large near peaks and near the highest band."""
    here = levels_db[:, :-1]
    highest = np.max(levels_db, axis=1, keepdims=True)
    near_highest = _K_MAX_DB / (_K_MAX_DB + highest - here)
    return near_highest * _K_PEAK_DB / (_K_PEAK_DB + _peaks(here, slopes_db) - here)


def _peaks(levels_db: Frames, slopes_db: Frames) -> Frames:
    """Returns the level of the peak next to each slope, `[frames, 24]`.

    The peak of a rising slope is to the right, the last but one band of the rise; that of a
    falling slope is to the left, the first band of the fall.
    """
    above, below = levels_db.copy(), levels_db.copy()
    rises = slopes_db > 0
    last = levels_db.shape[1] - 1
    for i in range(1, last + 1):
        below[:, i] = np.where(rises[:, i - 1], below[:, i], below[:, i - 1])
        j = last - i
        above[:, j] = np.where(rises[:, j + 1], above[:, j + 1], above[:, j])
    return np.where(rises, above, below)
