"""All metrics of one pair of recordings."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from tfse.metrics.composite_ratings import Composite, composite
from tfse.metrics.levels import level_change_db
from tfse.metrics.metric_errors import MetricNotApplicable, MetricUndefined
from tfse.metrics.ratios import si_sdr_improvement
from tfse.metrics.registry import METRICS
from tfse.metrics.validation import Waveform


@dataclass(frozen=True)
class PairResult:
    """Results of a pair; each metric is either in `values` or in `reasons`.

    Attributes:
        values: finite values by metric.
        reasons: reasons for a missing value, by metric.
        limits: metrics in `reasons` that are not defined for a valid pair
            (`MetricNotApplicable`).
    """

    values: dict[str, float] = field(default_factory=dict)
    reasons: dict[str, str] = field(default_factory=dict)
    limits: set[str] = field(default_factory=set)


def evaluate_pair(
    reference: Waveform, estimate: Waveform, sample_rate: int, noisy: Waveform | None = None
) -> PairResult:
    """Returns all metrics of a pair, or the reasons why they are undefined.

    Args:
        reference: clean speech, `[samples]`; full scale is 1.
        estimate: `[samples]`.
        sample_rate: of all recordings, in Hz.
        noisy: input of the enhancement, `[samples]`; adds `si_sdr_improvement_db` and
            `level_change_from_noisy_db`.

    Returns:
        Values and reasons; invalid content is a reason, not an error.

    Example:
        >>> import numpy as np
        >>> from tfse import metrics
        >>> speech = np.sin(np.arange(16_000))
        >>> result = metrics.evaluate_pair(speech, 0 * speech, 16_000)
        >>> result.values
        {'share_of_zeros': 1.0}
        >>> result.reasons["snr_db"]
        'the estimate must not be silent; all 16000 samples are 0.'
    """
    result = PairResult()
    for name, metric in METRICS.items():
        if metric.function is not None:
            _add(result, name, metric.function, reference, estimate, sample_rate)
    _add_composite(result, reference, estimate, sample_rate)
    if noisy is not None:
        _add(result, "si_sdr_improvement_db", si_sdr_improvement, reference, estimate, noisy)
        _add(result, "level_change_from_noisy_db", _level_change_from_noisy_db, noisy, estimate)
    return result


def _add(
    result: PairResult, name: str, measure: Callable[..., float], *arguments: Waveform | int
) -> None:
    try:
        result.values[name] = measure(*arguments)
    except MetricUndefined as error:
        _add_reason(result, name, error)


def _add_composite(
    result: PairResult, reference: Waveform, estimate: Waveform, sample_rate: int
) -> None:
    pesq_wb = result.values.get("pesq_wb")
    try:
        ratings = composite(reference, estimate, sample_rate, pesq_wb)
        result.values.update(ratings._asdict())
    except MetricUndefined as error:
        for name in Composite._fields:
            _add_reason(result, name, error)


def _add_reason(result: PairResult, name: str, error: MetricUndefined) -> None:
    result.reasons[name] = str(error)
    if isinstance(error, MetricNotApplicable):
        result.limits.add(name)


def _level_change_from_noisy_db(noisy: Waveform, estimate: Waveform) -> float:
    try:
        return level_change_db(noisy, estimate)
    except MetricUndefined as error:
        raise MetricUndefined(f"with the noisy recording as the reference: {error}") from error
