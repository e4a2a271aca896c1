"""Perceived quality."""

from __future__ import annotations

import pesq as _pesq

from tfse.metrics.errors import MetricUndefined
from tfse.metrics.validation import Waveform, validate

# What ITU-T P.862 is defined for.
_SAMPLE_RATES = {"nb": (8_000, 16_000), "wb": (16_000,)}
_SHORTEST_S = 0.25


def pesq(reference: Waveform, estimate: Waveform, sample_rate: int, mode: str = "wb") -> float:
    """Returns PESQ, as MOS-LQO.

    Args:
        reference: clean speech, `[samples]`.
        estimate: `[samples]`.
        sample_rate: in Hz; 16,000, or 8,000 in narrow band.
        mode: "wb", ITU-T P.862.2; "nb", P.862. Their numbers do not compare.

    Returns:
        1.02 to 4.64 in wide band; higher is better.

    Raises:
        MetricUndefined: another rate or mode, a pair that cannot be compared,
            less than a quarter of a second, or no speech found.

    Source:
        ITU-T P.862 (2001) and P.862.2 (2007), by the package `pesq`.
    """
    if mode not in _SAMPLE_RATES:
        raise MetricUndefined(f"`mode` must be 'nb' or 'wb'; received {mode!r}.")
    if sample_rate not in _SAMPLE_RATES[mode]:
        raise MetricUndefined(
            f"PESQ in mode {mode!r} needs one of {_SAMPLE_RATES[mode]} Hz; received {sample_rate}."
        )
    validate(reference, estimate)
    if len(reference) < _SHORTEST_S * sample_rate:
        raise MetricUndefined(
            f"PESQ needs {_SHORTEST_S} s; received {len(reference) / sample_rate:.3f} s."
        )
    try:
        return float(_pesq.pesq(sample_rate, reference, estimate, mode))
    except (_pesq.PesqError, ValueError) as error:
        raise MetricUndefined(f"PESQ found no speech: {error!r}.") from error
