"""Level metrics: change of level, and share of zeros."""

from __future__ import annotations

import numpy as np

from tfse.metrics.validation import Waveform, validate_finite, validate_waveform, validated


def level_change_db(reference: Waveform, estimate: Waveform) -> float:
    """Returns the level of the estimate relative to the reference.

    With clean speech as the reference, it is the audible change of level, ideally 0; with the
    noisy recording, it includes the removed noise.

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
    """Returns the share of samples that are exactly 0, by dropouts or a closed gate.

    Args:
        estimate: `[samples]`.

    Returns:
        0 to 1; 1 for silence.

    Raises:
        MetricUndefined: the estimate is not `[samples]`, is empty, or contains NaN or infinity.
    """
    validate_waveform("estimate", estimate)
    validate_finite("estimate", estimate)
    return float(np.mean(estimate == 0))
