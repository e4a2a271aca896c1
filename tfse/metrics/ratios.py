"""Ratios of powers."""

from __future__ import annotations

import numpy as np

from tfse.metrics.errors import MetricUndefined
from tfse.metrics.validation import Waveform, validate


def si_sdr(reference: Waveform, estimate: Waveform) -> float:
    """Returns the scale-invariant signal-to-distortion ratio.

    Args:
        reference: clean speech, `[samples]`.
        estimate: `[samples]`.

    Returns:
        dB; higher is better.

    Raises:
        MetricUndefined: the pair cannot be compared, or the estimate is the
            reference up to its scale, so that there is no distortion.

    Source:
        Le Roux, Wisdom, Erdogan and Hershey, "SDR - half-baked or well done?",
        ICASSP 2019, equation 2; no mean is taken away.
    """
    validate(reference, estimate)
    reference, estimate = reference.astype(np.float64), estimate.astype(np.float64)
    target = (estimate @ reference) / (reference @ reference) * reference
    distortion = np.sum((estimate - target) ** 2)
    if not distortion:
        raise MetricUndefined("the estimate must differ from the reference; it is a copy of it.")
    if not np.any(target):
        raise MetricUndefined("the estimate must share something with the reference.")
    return float(10 * np.log10(np.sum(target**2) / distortion))
