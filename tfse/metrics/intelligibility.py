"""Intelligibility."""

from __future__ import annotations

import contextlib
import warnings
from collections.abc import Iterator

import numpy as np
import pystoi

from tfse.metrics.metric_errors import MetricUndefined
from tfse.metrics.validation import Waveform, validate, validate_sample_rate

# Of 30 frames at the 10 kHz that STOI works at.
_SHORTEST_S = 0.3968


def stoi(
    reference: Waveform, estimate: Waveform, sample_rate: int, extended: bool = False
) -> float:
    """Returns short-time objective intelligibility.

    Args:
        reference: clean speech, `[samples]`.
        estimate: `[samples]`.
        sample_rate: in Hz, 8,000 at least.
        extended: ESTOI, of Jensen and Taal, instead of STOI.

    Returns:
        About 0 to 1; higher is better.

    Raises:
        MetricUndefined: the pair cannot be compared, or has less than 30 frames
            of speech (about 0.4 s), for which there is no number.

    Source:
        Taal, Hendriks, Heusdens and Jensen, IEEE TASLP 19(7), 2011; Jensen and
        Taal, IEEE/ACM TASLP 24(11), 2016; by the package `pystoi`.
    """
    validate_sample_rate(sample_rate)
    validate(reference, estimate)
    seconds = len(reference) / sample_rate
    if seconds < _SHORTEST_S:
        raise MetricUndefined(f"STOI needs 30 frames of speech, 0.4 s; received {seconds:.3f} s.")
    return _index(reference, estimate, sample_rate, extended)


def _index(reference: Waveform, estimate: Waveform, sample_rate: int, extended: bool) -> float:
    with warnings.catch_warnings(), _same_random_numbers():
        # pystoi gives 1e-5 with a warning where it has too few frames.
        warnings.simplefilter("error", RuntimeWarning)
        try:
            return float(pystoi.stoi(reference, estimate, sample_rate, extended=extended))
        except RuntimeWarning as warning:
            reason = str(warning).split(". ")[0].rstrip(".")
            raise MetricUndefined(f"STOI needs 30 frames of speech: {reason}.") from warning


@contextlib.contextmanager
def _same_random_numbers() -> Iterator[None]:
    """Gives NumPy's global generator one state meanwhile, and its own again after.

    pystoi adds noise of it to the extended index, which is then another one at
    each call, from the tenth digit on.
    """
    state = np.random.get_state()
    np.random.seed(0)
    try:
        yield
    finally:
        np.random.set_state(state)
