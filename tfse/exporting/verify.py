"""The table that proves the exported forms of a model equal, or says by how much they are not."""

from __future__ import annotations

import dataclasses
import pathlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from tfse import metrics
from tfse.errors import ModelError
from tfse.exporting import measure
from tfse.exporting.measure import Samples


@dataclass(frozen=True)
class Pair:
    """A recording to verify with; `clean` may be unknown."""

    noisy: Samples
    clean: Samples | None


@dataclass(frozen=True)
class Limit:
    """What a form may lose against the offline model, and the verdict follows.

    Attributes:
        difference: largest difference of a sample, full scale 1; None for any.
        pesq: loss of PESQ, mean over the recordings.
        si_sdr_db: loss of SI-SDR, mean over the recordings.
    """

    difference: float | None
    pesq: float
    si_sdr_db: float


_EXACT = Limit(1e-4, 0.01, 0.05)
LIMITS = {
    "float32": _EXACT,
    "float16": Limit(None, 0.01, 0.05),
    "dynamic": Limit(None, 0.03, 0.3),
    "int8": Limit(None, 0.10, 1.0),
    "int16x8": Limit(None, 0.10, 1.0),
}


@dataclass(frozen=True)
class Form:
    """One form of a model: how it runs, where it lies, what it may lose."""

    name: str
    kind: str
    path: pathlib.Path | str
    limit: Limit = _EXACT


@dataclass(frozen=True)
class Row:
    """One line of the table; what could not be had is None.

    Attributes:
        form: its name.
        size_bytes: of the file or folder.
        difference: largest difference from the offline model.
        snr_db: energy of the offline output over that of the difference.
        pesq: change of the mean against offline; likewise `stoi`, `si_sdr_db`.
        step_ms: p50 and p99.
        real_time_factor: seconds of work a second of audio, on one thread.
        memory_mb: largest resident size of its process.
        failures: what broke a limit, or why it did not run.
    """

    form: str
    size_bytes: int | None = None
    difference: float | None = None
    snr_db: float | None = None
    pesq: float | None = None
    stoi: float | None = None
    si_sdr_db: float | None = None
    step_ms: tuple[float, float] | None = None
    real_time_factor: float | None = None
    memory_mb: float | None = None
    failures: tuple[str, ...] = ()


def verify(forms: Sequence[Form], pairs: Sequence[Pair], sample_rate: int) -> Iterator[Row]:
    """Runs every form over the same recordings and compares it with the first.

    Args:
        forms: the first is the reference.
        pairs: recordings.
        sample_rate: of all of them, in Hz.

    Yields:
        A row a form, as it is done.

    Raises:
        ModelError: the reference did not run.
    """
    noisy = [pair.noisy for pair in pairs]
    reference = measure.measure(forms[0].kind, forms[0].path, noisy)
    wanted = _scores(reference.enhanced, pairs, sample_rate)
    yield _row(forms[0], reference, reference, wanted, wanted, sample_rate)
    for form in forms[1:]:
        try:
            found = measure.measure(form.kind, form.path, noisy)
        except ModelError as error:
            yield Row(form.name, _size(form.path), failures=(str(error),))
            continue
        scores = _scores(found.enhanced, pairs, sample_rate)
        yield _row(form, found, reference, scores, wanted, sample_rate)


def _row(
    form: Form,
    found: measure.Measured,
    reference: measure.Measured,
    scores: dict[str, float],
    wanted: dict[str, float],
    sample_rate: int,
) -> Row:
    estimate, offline = (np.concatenate(run.enhanced) for run in (found, reference))
    change = {name: scores[name] - wanted[name] for name in scores}
    row = Row(
        form=form.name,
        size_bytes=_size(form.path),
        difference=float(np.max(np.abs(estimate - offline))),
        snr_db=_snr_db(offline, estimate),
        pesq=change.get("pesq"),
        stoi=change.get("stoi"),
        si_sdr_db=change.get("si_sdr"),
        step_ms=found.step_ms,
        real_time_factor=found.seconds_a_sample * sample_rate,
        memory_mb=found.memory_mb,
    )
    return dataclasses.replace(row, failures=tuple(_broken(row, form.limit)))


def _broken(row: Row, limit: Limit) -> Iterator[str]:
    # Not <=: what is not a number breaks every limit.
    if limit.difference is not None and not (row.difference or 0.0) <= limit.difference:
        yield f"difference {row.difference:.1e}, allowed {limit.difference:.0e}"
    elif not np.isfinite(row.difference or 0.0):
        yield "the output is not finite"
    for name, change, allowed in (
        ("PESQ", row.pesq, limit.pesq),
        ("SI-SDR (dB)", row.si_sdr_db, limit.si_sdr_db),
    ):
        if change is not None and not change >= -allowed:
            yield f"{name} {change:+.3f}, allowed -{allowed:g}"


def _snr_db(offline: Samples, estimate: Samples) -> float:
    error = np.sum(np.square(estimate - offline, dtype=np.float64))
    if error == 0:
        return float("inf")
    return float(10 * np.log10(np.sum(np.square(offline, dtype=np.float64)) / error))


_METRICS: dict[str, Callable[[Samples, Samples, int], float]] = {
    "pesq": metrics.pesq,
    "stoi": metrics.stoi,
    "si_sdr": lambda clean, estimate, _: metrics.si_sdr(clean, estimate),
}


def _scores(
    enhanced: Sequence[Samples], pairs: Sequence[Pair], sample_rate: int
) -> dict[str, float]:
    """Returns means over the recordings for which a metric has a value."""
    scores = {}
    for name, metric in _METRICS.items():
        values = [
            _value(metric, pair.clean, estimate, sample_rate)
            for pair, estimate in zip(pairs, enhanced, strict=True)
            if pair.clean is not None
        ]
        known = [value for value in values if value is not None]
        if known:
            scores[name] = float(np.mean(known))
    return scores


def _value(
    metric: Callable[[Samples, Samples, int], float],
    clean: Samples,
    estimate: Samples,
    sample_rate: int,
) -> float | None:
    if not np.isfinite(estimate).all():
        return float("nan")
    try:
        return metric(clean, estimate, sample_rate)
    except metrics.MetricUndefined:
        return None


def _size(path: pathlib.Path | str) -> int | None:
    path = pathlib.Path(path)
    if path.is_file():
        return path.stat().st_size
    if path.is_dir():
        return sum(file.stat().st_size for file in path.rglob("*") if file.is_file())
    return None
