"""Log-likelihood ratio: distance of spectral envelopes by linear prediction."""

from __future__ import annotations

import numpy as np

from tfse.metrics.frames import Frames, Values, loizou_frame_values, lowest_mean
from tfse.metrics.validation import Waveform, validate_sample_rate, validated

_TINY = float(np.finfo(np.float64).tiny)


def log_likelihood_ratio(reference: Waveform, estimate: Waveform, sample_rate: int) -> float:
    """Returns the log-likelihood ratio (LLR) of the estimate's linear prediction.

    Per frame it is log(a_e R a_e' / a_r R a_r'): the error with which the coefficients a_e of
    the estimate predict the reference, of autocorrelation R, over that of its own a_r. The
    mean is over the lowest 95 % of frames; as in the composite measure, frames are not
    limited to 2. The order is 16, or 10 below 10 kHz.

    Args:
        reference: clean speech, `[samples]`; full scale is 1.
        estimate: `[samples]`.
        sample_rate: in Hz, at least 8,000.

    Returns:
        0 or above; lower is better. Independent of levels.

    Raises:
        MetricUndefined: the pair cannot be compared, or is shorter than 37.5 ms.

    Source:
        Hu and Loizou, IEEE TASLP 16(1), 2008, with frames of their program `composite.m`.
    """
    validate_sample_rate(sample_rate)
    pair = validated(reference, estimate)
    order = 10 if sample_rate < 10_000 else 16
    return lowest_mean(loizou_frame_values(pair, sample_rate, lambda r, e: _ratios(r, e, order)))


def _ratios(reference: Frames, estimate: Frames, order: int) -> Values:
    correlation = _autocorrelation(reference, order)
    by_estimate = _residual(predictor(_autocorrelation(estimate, order)), correlation)
    by_reference = _residual(predictor(correlation), correlation)
    return np.log(np.maximum(by_estimate, _TINY) / np.maximum(by_reference, _TINY))


def _autocorrelation(frames: Frames, order: int) -> Frames:
    """Returns lags 0 to `order`, `[frames, order + 1]`."""
    samples = frames.shape[1]
    lags = [np.sum(frames[:, : samples - k] * frames[:, k:], axis=1) for k in range(order + 1)]
    return np.stack(lags, axis=1)


def predictor(correlation: Frames) -> Frames:
    """Returns the coefficients 1, a_1 .. a_p of the error filter, by Levinson-Durbin.

    Args:
        correlation: lags 0 to p per frame, `[frames, p + 1]`.

    Returns:
        `[frames, p + 1]`; 1, 0 .. 0 for silence.
    """
    coefficients = np.zeros_like(correlation)
    coefficients[:, 0] = 1.0
    error = correlation[:, 0].copy()
    for i in range(1, correlation.shape[1]):
        product = np.sum(coefficients[:, :i] * correlation[:, i:0:-1], axis=1)
        reflection = (-product / np.maximum(error, _TINY))[:, None]
        coefficients[:, 1 : i + 1] += reflection * coefficients[:, i - 1 :: -1][:, :i]
        error *= 1.0 - reflection[:, 0] ** 2
    return coefficients


def _residual(coefficients: Frames, correlation: Frames) -> Values:
    """Returns the power of the prediction error, a R a', `[frames]`."""
    lags = np.arange(correlation.shape[1])
    toeplitz = correlation[:, np.abs(lags[:, None] - lags)]
    return np.einsum("fi,fij,fj->f", coefficients, toeplitz, coefficients)
