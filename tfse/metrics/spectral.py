"""Log-spectral distance."""

from __future__ import annotations

import numpy as np

from tfse.metrics.frames import Frames, Values, frame_values
from tfse.metrics.validation import Waveform, validate_sample_rate, validated

_FRAME_S = 0.032
_DYNAMIC_RANGE_DB = 50.0


def log_spectral_distance(reference: Waveform, estimate: Waveform, sample_rate: int) -> float:
    """Returns the log-spectral distance.

    With the power spectra R and E of frame l at bin k, it is the mean over l of
    sqrt(mean over k of (10 log10 max(R, d) - 10 log10 max(E, d))^2). The floor d is 50 dB
    below the largest R of all frames and bins. Whole frames of 32 ms overlap by 75 %, under
    a periodic Hann window; bins are those of a DFT of the frame length, from 0 to half the
    sample rate inclusive.

    Args:
        reference: clean speech, `[samples]`.
        estimate: `[samples]`.
        sample_rate: in Hz, at least 8,000.

    Returns:
        dB, 0 or above; lower is better.

    Raises:
        MetricUndefined: the pair cannot be compared, or is shorter than 32 ms.

    Source:
        Gray and Markel, "Distance measures for speech processing", IEEE TASSP
        24(5), 1976; the floor of Cohen and Gannot, "Spectral enhancement methods",
        Springer Handbook of Speech Processing, 2008.
    """
    validate_sample_rate(sample_rate)
    pair = validated(reference, estimate)
    samples = round(_FRAME_S * sample_rate)
    hop = samples // 4
    window = 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(samples) / samples)
    count = (len(pair[0]) - samples) // hop + 1
    peak = frame_values(pair, window, hop, count, lambda frames, _: _power(frames).max(axis=1))
    floor = peak.max() * 10 ** (-_DYNAMIC_RANGE_DB / 10)
    distances = frame_values(pair, window, hop, count, lambda r, e: _distances_db(r, e, floor))
    return float(np.mean(distances))


def _distances_db(reference: Frames, estimate: Frames, floor: float) -> Values:
    # The lower bound is for a reference that is not zero only at zeros of the window.
    floor = max(floor, float(np.finfo(np.float64).tiny))
    ratio = np.maximum(_power(reference), floor) / np.maximum(_power(estimate), floor)
    return np.sqrt(np.mean((10 * np.log10(ratio)) ** 2, axis=1))


def _power(frames: Frames) -> Frames:
    spectrum = np.fft.rfft(frames)
    return spectrum.real**2 + spectrum.imag**2
