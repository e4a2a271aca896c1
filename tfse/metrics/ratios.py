"""Ratio metrics: SNR, SI-SDR and segmental SNR."""

from __future__ import annotations

import numpy as np

from tfse.metrics.frames import Frames, Values, loizou_frame_values
from tfse.metrics.metric_errors import MetricNotApplicable, MetricUndefined
from tfse.metrics.validation import Waveform, validate_sample_rate, validated

# Rounding errors of float64 in place of zero distortion, -280 dB.
_ROUNDING = 1e-28
# Limits per frame by Hu and Loizou.
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
        MetricNotApplicable: the estimate is a copy of the reference, without noise.
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
        MetricNotApplicable: the estimate is a scaled copy of the reference, without
            distortion.

    Source:
        Le Roux, Wisdom, Erdogan and Hershey, "SDR - half-baked or well done?",
        ICASSP 2019, equation 2; no mean is subtracted.
    """
    reference, estimate = validated(reference, estimate)
    target = (estimate @ reference) / (reference @ reference) * reference
    distortion = np.sum((estimate - target) ** 2)
    if distortion <= _ROUNDING * np.sum(target**2):
        raise MetricNotApplicable(
            "the estimate must differ from the reference; it is a copy of it."
        )
    if not np.any(target):
        raise MetricUndefined("the estimate must not be orthogonal to the reference.")
    return float(10 * np.log10(np.sum(target**2) / distortion))


def si_sdr_improvement(reference: Waveform, estimate: Waveform, noisy: Waveform) -> float:
    """Returns the SI-SDR of the estimate minus that of the noisy recording.

    Args:
        reference: clean speech, `[samples]`.
        estimate: `[samples]`.
        noisy: input of the enhancement, `[samples]`.

    Returns:
        dB; above 0 is better than the noisy recording.

    Raises:
        MetricUndefined: `si_sdr` is undefined for the estimate or the noisy recording.
    """
    after = si_sdr(reference, estimate)
    try:
        return after - si_sdr(reference, noisy)
    except MetricUndefined as error:
        raise type(error)(f"with the noisy recording as the estimate: {error}") from error


def segmental_snr(reference: Waveform, estimate: Waveform, sample_rate: int) -> float:
    """Returns the segmental signal-to-noise ratio, a mean over frames.

    Frames of 30 ms overlap by 75 %, under a Hann window; the SNR of each is limited to
    -10..35 dB. As in the authors' program, a frame with a silent reference counts as -10 dB,
    even if the estimate is silent too.

    Args:
        reference: clean speech, `[samples]`; full scale is 1.
        estimate: `[samples]`.
        sample_rate: in Hz, at least 8,000.

    Returns:
        -10 to 35 dB; higher is better. 35 for a copy of the reference.

    Raises:
        MetricUndefined: the pair cannot be compared, or is shorter than 37.5 ms.

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
