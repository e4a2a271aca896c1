"""Levels."""

from __future__ import annotations

import numpy as np

from tfse.metrics.validation import Waveform, validate_finite, validate_waveform, validated


def level_change_db(reference: Waveform, estimate: Waveform) -> float:
    """Returns how much louder the estimate is than the reference.

    Against clean speech, it is the shift of level that a user hears, wanted at 0;
    against the noisy recording, what enhancement took away, with the noise in it.

    Args:
        reference: clean speech or the noisy recording, `[samples]`.
        estimate: `[samples]`.

    Returns:
        20 log10(RMS of estimate / RMS of reference) in dB; below 0 is quieter.

    Raises:
        MetricUndefined: the pair cannot be compared, or one is silent.
    """
    reference, estimate = validated(reference, estimate)
    return float(10 * np.log10(np.mean(estimate**2) / np.mean(reference**2)))


def share_of_zeros(estimate: Waveform) -> float:
    """Returns the share of samples that are exactly 0: dropouts, or a gate that shuts.

    Args:
        estimate: `[samples]`.

    Returns:
        0 to 1; silence has 1.

    Raises:
        MetricUndefined: the estimate is not `[samples]`, is empty, or holds NaN or
            infinity.
    """
    validate_waveform("estimate", estimate)
    validate_finite("estimate", estimate)
    return float(np.mean(estimate == 0))
