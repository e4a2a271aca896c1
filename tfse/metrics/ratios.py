"""Ratios of powers."""

from __future__ import annotations

import numpy as np

from tfse.metrics.frames import Frames, Values, loizou_frame_values
from tfse.metrics.metric_errors import MetricNotApplicable, MetricUndefined
from tfse.metrics.validation import Waveform, validate_sample_rate, validated

# What rounding in float64 leaves of a distortion that is not there, -280 dB.
_ROUNDING = 1e-28
# What Hu and Loizou limit the frames of the segmental SNR to, in dB.
_SEGMENTAL_LIMITS_DB = (-10.0, 35.0)


def snr(reference: Waveform, estimate: Waveform) -> float:
    """Returns the signal-to-noise ratio; a wrong level counts as noise.

    Args:
        reference: clean speech, `[samples]`.
        estimate: `[samples]`.

    Returns:
        10 log10(sum r^2 / sum (r - e)^2) in dB; higher is better.

    Raises:
        MetricUndefined: the pair cannot be compared.
        MetricNotApplicable: the estimate is the reference, so that there is no noise.
    """
    reference, estimate = validated(reference, estimate)
    noise = np.sum((reference - estimate) ** 2)
    if not noise:
        raise MetricNotApplicable(
            "the estimate must differ from the reference; it is a copy of it."
        )
    return float(10 * np.log10(np.sum(reference**2) / noise))


def si_sdr(reference: Waveform, estimate: Waveform) -> float:
    """Returns the scale-invariant signal-to-distortion ratio.

    Args:
        reference: clean speech, `[samples]`.
        estimate: `[samples]`.

    Returns:
        dB; higher is better.

    Raises:
        MetricUndefined: the pair cannot be compared.
        MetricNotApplicable: the estimate is the reference up to its scale, so that
            there is no distortion.

    Source:
        Le Roux, Wisdom, Erdogan and Hershey, "SDR - half-baked or well done?",
        ICASSP 2019, equation 2; no mean is taken away.
    """
    reference, estimate = validated(reference, estimate)
    target = (estimate @ reference) / (reference @ reference) * reference
    distortion = np.sum((estimate - target) ** 2)
    if distortion <= _ROUNDING * np.sum(target**2):
        raise MetricNotApplicable(
            "the estimate must differ from the reference; it is a copy of it."
        )
    if not np.any(target):
        raise MetricUndefined("the estimate must share something with the reference.")
    return float(10 * np.log10(np.sum(target**2) / distortion))


def si_sdr_improvement(reference: Waveform, estimate: Waveform, noisy: Waveform) -> float:
    """Returns how far SI-SDR rises from the noisy recording to the estimate.

    Args:
        reference: clean speech, `[samples]`.
        estimate: `[samples]`.
        noisy: what the estimate was made from, `[samples]`.

    Returns:
        dB; above 0 is better than the noisy recording.

    Raises:
        MetricUndefined: `si_sdr` has no value for the estimate or the noisy recording.
    """
    after = si_sdr(reference, estimate)
    try:
        return after - si_sdr(reference, noisy)
    except MetricUndefined as error:
        raise type(error)(f"with the noisy recording as the estimate: {error}") from error


def segmental_snr(reference: Waveform, estimate: Waveform, sample_rate: int) -> float:
    """Returns the mean of the frames' signal-to-noise ratios.

    Frames are of 30 ms, 75 % overlapped, under a Hann window, each limited to
    -10..35 dB. A frame in which the reference is silent counts as -10 dB, even if
    the estimate is silent too, as in the authors' program.

    Args:
        reference: clean speech, `[samples]`; full scale is 1.
        estimate: `[samples]`.
        sample_rate: in Hz, 8,000 at least.

    Returns:
        -10 to 35 dB; higher is better. A copy of the reference has 35.

    Raises:
        MetricUndefined: the pair cannot be compared, or is less than 37.5 ms.

    Source:
        Quackenbush, Barnwell and Clements, "Objective Measures of Speech Quality",
        1988; the limits of Hansen and Pellom, ICSLP 1998; frames of Hu and Loizou,
        IEEE TASLP 16(1), 2008.
    """
    validate_sample_rate(sample_rate)
    pair = validated(reference, estimate)
    return float(np.mean(loizou_frame_values(pair, sample_rate, _limited_snr_db)))


def _limited_snr_db(reference: Frames, estimate: Frames) -> Values:
    smallest = np.finfo(np.float64).eps
    noise = np.sum((reference - estimate) ** 2, axis=1) + smallest
    ratio_db = 10 * np.log10(np.sum(reference**2, axis=1) / noise + smallest)
    return np.clip(ratio_db, *_SEGMENTAL_LIMITS_DB)
