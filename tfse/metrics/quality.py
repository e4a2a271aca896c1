"""Perceived quality."""

from __future__ import annotations

import math

import pesq as _pesq

from tfse.metrics.metric_errors import MetricNotApplicable, MetricUndefined
from tfse.metrics.validation import Waveform, validate

# What ITU-T P.862 is defined for.
_SAMPLE_RATES = {"nb": (8_000, 16_000), "wb": (16_000,)}
_SHORTEST_S = 0.25
# The reference program keeps 50 utterances and writes past its memory beyond them,
# which has ended the process; speech does not come to 50 in this time.
_LONGEST_S = 40.0


def pesq(reference: Waveform, estimate: Waveform, sample_rate: int, mode: str = "wb") -> float:
    """Returns PESQ, as MOS-LQO.

    Args:
        reference: clean speech, `[samples]`.
        estimate: `[samples]`.
        sample_rate: in Hz; 16,000, or 8,000 in narrow band. Others are refused, not
            resampled: what is above 8 kHz would go unheard and unsaid.
        mode: "wb", ITU-T P.862.2; "nb", P.862. Their numbers do not compare.

    Returns:
        1.02 to 4.64 in wide band; higher is better.

    Raises:
        MetricUndefined: another mode, a pair that cannot be compared, less than a
            quarter of a second, or no speech found.
        MetricNotApplicable: another rate, or more than 40 s.

    Source:
        ITU-T P.862 (2001) and P.862.2 (2007), by the package `pesq`.
    """
    if mode not in _SAMPLE_RATES:
        raise MetricUndefined(f"`mode` must be 'nb' or 'wb'; received {mode!r}.")
    if sample_rate not in _SAMPLE_RATES[mode]:
        raise MetricNotApplicable(
            f"PESQ in mode {mode!r} needs one of {_SAMPLE_RATES[mode]} Hz; received {sample_rate}."
        )
    validate(reference, estimate)
    seconds = len(reference) / sample_rate
    if not _SHORTEST_S <= seconds <= _LONGEST_S:
        kind = MetricUndefined if seconds < _SHORTEST_S else MetricNotApplicable
        raise kind(f"PESQ needs {_SHORTEST_S} s to {_LONGEST_S:g} s; received {seconds:.3f} s.")
    return _score(reference, estimate, sample_rate, mode)


def _score(reference: Waveform, estimate: Waveform, sample_rate: int, mode: str) -> float:
    try:
        score = float(_pesq.pesq(int(sample_rate), reference, estimate, mode))
    except (_pesq.PesqError, ValueError) as error:
        raise MetricUndefined(f"PESQ found no speech: {error!r}.") from error
    if not math.isfinite(score):
        raise MetricUndefined(f"PESQ must be finite; the package gave {score}.")
    return score
