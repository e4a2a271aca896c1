"""Quality metric: PESQ."""

from __future__ import annotations

import math

import pesq as _pesq

from tfse.metrics.metric_errors import MetricNotApplicable, MetricUndefined
from tfse.metrics.validation import Waveform, validate

# Sample rates of ITU-T P.862.
_SAMPLE_RATES = {"nb": (8_000, 16_000), "wb": (16_000,)}
_SHORTEST_S = 0.25
# The reference program has memory for 50 utterances and can crash the process with more;
# speech of this duration has fewer.
_LONGEST_S = 40.0


def pesq(reference: Waveform, estimate: Waveform, sample_rate: int, mode: str = "wb") -> float:
    """Returns PESQ, as MOS-LQO.

    Args:
        reference: clean speech, `[samples]`.
        estimate: `[samples]`.
        sample_rate: in Hz; 16,000, or 8,000 in narrow band. There is no
            resampling, which would silently ignore the spectrum above 8 kHz.
        mode: "wb", ITU-T P.862.2; "nb", P.862. Their scores are not comparable.

    Returns:
        1.02 to 4.64 in wide band; higher is better.

    Raises:
        MetricUndefined: another mode, a pair that cannot be compared, less than 0.25 s, or no
            speech found.
        MetricNotApplicable: another sample rate, or more than 40 s.

    Source:
        ITU-T P.862 (2001) and P.862.2 (2007), computed by the package `pesq`.
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
        raise MetricUndefined(f"PESQ returned {score}, which is not finite.")
    return score
