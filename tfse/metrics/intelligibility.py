"""Intelligibility metrics: STOI and ESTOI."""

from __future__ import annotations

import contextlib
import warnings
from collections.abc import Iterator

import numpy as np
import pystoi

from tfse.metrics.metric_errors import MetricUndefined
from tfse.metrics.validation import Waveform, validate, validate_sample_rate

# Duration of 30 frames at 10 kHz, the rate of STOI.
_SHORTEST_S = 0.3968


def stoi(
    reference: Waveform, estimate: Waveform, sample_rate: int, extended: bool = False
) -> float:
    """Returns the short-time objective intelligibility, STOI or ESTOI.

    Args:
        reference: clean speech, `[samples]`.
        estimate: `[samples]`.
        sample_rate: in Hz, at least 8,000.
        extended: ESTOI instead of STOI.

    Returns:
        About 0 to 1; higher is better.

    Raises:
        MetricUndefined: the pair cannot be compared, or has fewer than 30 frames of speech
            (about 0.4 s).

    Source:
        Taal, Hendriks, Heusdens and Jensen, IEEE TASLP 19(7), 2011; Jensen and
        Taal, IEEE/ACM TASLP 24(11), 2016; computed by the package `pystoi`.
    """
    validate_sample_rate(sample_rate)
    validate(reference, estimate)
    seconds = len(reference) / sample_rate
    if seconds < _SHORTEST_S:
        raise MetricUndefined(f"STOI needs 30 frames of speech, 0.4 s; received {seconds:.3f} s.")
    return _score(reference, estimate, sample_rate, extended)


def _score(reference: Waveform, estimate: Waveform, sample_rate: int, extended: bool) -> float:
    with warnings.catch_warnings(), _fixed_random_state():
        # With too few frames pystoi returns 1e-5 and warns.
        warnings.simplefilter("error", RuntimeWarning)
        try:
            return float(pystoi.stoi(reference, estimate, sample_rate, extended=extended))
        except RuntimeWarning as warning:
            reason = str(warning).split(". ")[0].rstrip(".")
            raise MetricUndefined(f"STOI needs 30 frames of speech: {reason}.") from warning


@contextlib.contextmanager
def _fixed_random_state() -> Iterator[None]:
    """Sets a fixed state of NumPy's global generator, and restores the previous one after.

    pystoi adds random noise to ESTOI, which would otherwise differ between calls from the
    tenth digit on.
    """
    state = np.random.get_state()
    np.random.seed(0)
    try:
        yield
    finally:
        np.random.set_state(state)
