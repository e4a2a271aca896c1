"""Verification: differences of each exported variant from the offline model."""

from __future__ import annotations

import dataclasses
import pathlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from tfse import metrics
from tfse.errors import ModelError
from tfse.exporting.verification import measure_variant
from tfse.metrics.registry import METRICS, PRINCIPAL
from tfse.types import Samples

#: Values of each metric, one per recording; None where undefined.
Scores = dict[str, list[float | None]]


@dataclass(frozen=True)
class Pair:
    """Recording for a verification; `clean` may be unknown."""

    noisy: Samples
    clean: Samples | None


@dataclass(frozen=True)
class Limit:
    """Largest loss of a variant against the offline model for a passing verdict.

    Attributes:
        difference: largest difference of a sample, full scale 1; None for any.
        pesq: loss of PESQ, mean over the recordings; likewise over the loud ones.
        pesq_worst: loss of PESQ of any recording.
        si_sdr_db: loss of SI-SDR, mean over the recordings.
    """

    difference: float | None
    pesq: float
    pesq_worst: float
    si_sdr_db: float


_EXACT = Limit(1e-4, 0.01, 0.02, 0.05)
# Above the losses of the shipped models on 50 validation mixtures: mean PESQ 0.002, worst
# recording 0.025, but 0.127 with lstm_irm in int8, whose log powers have a wide range.
LIMITS = {
    "float32": _EXACT,
    "float16": Limit(None, 0.01, 0.02, 0.05),
    "dynamic": Limit(None, 0.01, 0.05, 0.1),
    "int8": Limit(None, 0.02, 0.15, 0.2),
    "int16x8": Limit(None, 0.01, 0.05, 0.1),
}


@dataclass(frozen=True)
class Variant:
    """Variant of a model: how it runs, its path and its limit."""

    name: str
    kind: str
    path: pathlib.Path | str
    limit: Limit = _EXACT


@dataclass(frozen=True)
class Row:
    """Row of the table; a value that is not available is None.

    Attributes:
        variant: name of the variant.
        size_bytes: of the file or folder.
        difference: largest difference from the offline model.
        snr_db: energy of the offline output over that of the difference.
        pesq: mean change against the offline model; likewise `stoi`, `si_sdr_db`.
        pesq_worst: change of the recording that loses most.
        loud_snr_db: `snr_db` of the loud recordings; likewise `loud_pesq`.
        step_ms: p50 and p99.
        real_time_factor: seconds of processing per second of audio, on one thread.
        memory_mb: largest resident size of its process.
        failures: limits that are exceeded, or why it did not run.
    """

    variant: str
    size_bytes: int | None = None
    difference: float | None = None
    snr_db: float | None = None
    pesq: float | None = None
    pesq_worst: float | None = None
    stoi: float | None = None
    si_sdr_db: float | None = None
    loud_snr_db: float | None = None
    loud_pesq: float | None = None
    step_ms: tuple[float, float] | None = None
    real_time_factor: float | None = None
    memory_mb: float | None = None
    failures: tuple[str, ...] = ()


def verify(
    variants: Sequence[Variant], pairs: Sequence[Pair], sample_rate: int, loud: Sequence[Pair] = ()
) -> Iterator[Row]:
    """Runs every variant over the same recordings and compares it with the first.

    Args:
        variants: the first is the reference.
        pairs: recordings.
        sample_rate: sample rate of all recordings, in Hz.
        loud: recordings at a high level, for which the same limits hold.

    Yields:
        One row per variant, as soon as it is measured.

    Raises:
        ModelError: the reference did not run.
    """
    comparison = _Comparison(variants[0], pairs, loud, sample_rate)
    yield comparison.reference_row()
    for variant in variants[1:]:
        try:
            yield comparison.row(variant)
        except ModelError as error:
            yield Row(variant.name, _size(variant.path), failures=(str(error),))


class _Comparison:
    """Comparison of variants with the reference over recordings."""

    def __init__(
        self, reference: Variant, pairs: Sequence[Pair], loud: Sequence[Pair], sample_rate: int
    ) -> None:
        self._sample_rate = sample_rate
        self._pairs = [*pairs, *loud]
        self._usual = slice(0, len(pairs))
        self._loud = slice(len(pairs), len(self._pairs))
        self._variant = reference
        self._reference = self._measure(reference)
        self._scores = self._scored(self._reference)

    def reference_row(self) -> Row:
        return self._row(self._variant, self._reference, self._scores)

    def row(self, variant: Variant) -> Row:
        found = self._measure(variant)
        return self._row(variant, found, self._scored(found))

    def _measure(self, variant: Variant) -> measure_variant.Measured:
        noisy = [pair.noisy for pair in self._pairs]
        return measure_variant.measure(variant.kind, variant.path, noisy)

    def _scored(self, found: measure_variant.Measured) -> Scores:
        return _scores(found.enhanced, self._pairs, self._sample_rate)

    def _row(self, variant: Variant, found: measure_variant.Measured, scores: Scores) -> Row:
        pesq, stoi, si_sdr_db = (self._changes(scores, name, self._usual) for name in PRINCIPAL)
        usual, loud = (self._joined(found, part) for part in (self._usual, self._loud))
        row = Row(
            variant=variant.name,
            size_bytes=_size(variant.path),
            difference=max(float(np.max(np.abs(e - o), initial=0.0)) for o, e in (usual, loud)),
            snr_db=_snr_db(*usual),
            pesq=_mean(pesq),
            pesq_worst=float(np.min(pesq)) if pesq else None,
            stoi=_mean(stoi),
            si_sdr_db=_mean(si_sdr_db),
            loud_snr_db=_snr_db(*loud) if loud[0].size else None,
            loud_pesq=_mean(self._changes(scores, "pesq_wb", self._loud)),
            step_ms=found.step_ms,
            real_time_factor=found.seconds_per_sample * self._sample_rate,
            memory_mb=found.memory_mb,
        )
        return dataclasses.replace(row, failures=tuple(_exceeded(row, variant.limit)))

    def _changes(self, scores: Scores, name: str, part: slice) -> list[float]:
        """Returns the changes of recordings for which a metric is defined in both."""
        both = zip(scores[name][part], self._scores[name][part], strict=True)
        return [
            value - wanted for value, wanted in both if value is not None and wanted is not None
        ]

    def _joined(self, found: measure_variant.Measured, part: slice) -> tuple[Samples, Samples]:
        """Returns the offline output and that of a variant, recordings one after another."""
        runs = (self._reference.enhanced[part], found.enhanced[part])
        offline, estimate = (np.concatenate([np.zeros(0, np.float32), *run]) for run in runs)
        return offline, estimate


def _exceeded(row: Row, limit: Limit) -> Iterator[str]:
    # `not <=`, so that NaN exceeds every limit.
    if limit.difference is not None and not (row.difference or 0.0) <= limit.difference:
        yield f"difference {row.difference:.1e}, allowed {limit.difference:.0e}"
    elif not np.isfinite(row.difference or 0.0):
        yield "the output is not finite"
    for name, change, allowed in (
        ("PESQ", row.pesq, limit.pesq),
        ("PESQ of the worst recording", row.pesq_worst, limit.pesq_worst),
        ("PESQ of loud recordings", row.loud_pesq, limit.pesq),
        ("SI-SDR (dB)", row.si_sdr_db, limit.si_sdr_db),
    ):
        if change is not None and not change >= -allowed:
            yield f"{name} {change:+.3f}, allowed -{allowed:g}"


def _snr_db(offline: Samples, estimate: Samples) -> float:
    error = np.sum(np.square(estimate - offline, dtype=np.float64))
    if error == 0:
        return float("inf")
    return float(10 * np.log10(np.sum(np.square(offline, dtype=np.float64)) / error))


def _scores(enhanced: Sequence[Samples], pairs: Sequence[Pair], sample_rate: int) -> Scores:
    return {
        name: [
            None if pair.clean is None else _value(name, pair.clean, estimate, sample_rate)
            for pair, estimate in zip(pairs, enhanced, strict=True)
        ]
        for name in PRINCIPAL
    }


def _mean(changes: Sequence[float]) -> float | None:
    return float(np.mean(changes)) if changes else None


def _value(name: str, clean: Samples, estimate: Samples, sample_rate: int) -> float | None:
    if not np.isfinite(estimate).all():
        return float("nan")
    try:
        function = METRICS[name].function
        return function(clean, estimate, sample_rate) if function else None
    except metrics.MetricUndefined:
        return None


def _size(path: pathlib.Path | str) -> int | None:
    path = pathlib.Path(path)
    if path.is_file():
        return path.stat().st_size
    if path.is_dir():
        return sum(file.stat().st_size for file in path.rglob("*") if file.is_file())
    return None
