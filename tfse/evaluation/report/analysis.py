"""Analysis: the statistics of a report from its rows, as plain JSON."""

from __future__ import annotations

import dataclasses
import itertools
from collections.abc import Mapping, Sequence
from typing import Any

from tfse.evaluation.report import bootstrap, degraded_files
from tfse.evaluation.results import Results
from tfse.evaluation.sources.systems import NOISY
from tfse.metrics.registry import REAL_TIME_FACTOR

Json = dict[str, Any]


def figures(results: Results, seed: int) -> Json:
    """Returns all statistics, which do not depend on the speed and order of the run.

    Args:
        results: all rows.
        seed: seed of the bootstrap.

    Returns:
        `recordings`; `clusters`, numbers of speakers, noise recordings and rooms; `means`
        [system][metric]; `differences`, a list with system, baseline and metrics; `groups`
        [table][group] with n, means and differences from noisy; `harm` [system], the
        degraded files; `unmeasured`, a list of file, system, metrics and reason.
    """
    return {
        "recordings": len(results.indices),
        "clusters": {
            name: bootstrap.count(labels)
            for name, labels in results.clusters(results.indices).items()
        },
        "seconds": sum(_seconds(results, index) for index in results.indices),
        "rows": len(results.rows),
        "failed_rows": sum(row.failed for row in results.rows),
        "snr_is_measured": results.snr_is_measured(),
        "means": {s: _means(results, s, results.indices, seed) for s in results.systems},
        "differences": _differences(results, seed),
        "groups": {
            name: {group: _group(results, indices, seed) for group, indices in table.items()}
            for name, table in results.groups().items()
        },
        "harm": {s: _degraded(results, s) for s in results.systems if s != NOISY},
        "unmeasured": unmeasured(results),
    }


def real_time_factors(results: Results, seed: int) -> Json:
    """Returns the real-time factors by system."""
    return {
        system: dataclasses.asdict(_mean(results, system, REAL_TIME_FACTOR, results.indices, seed))
        for system in results.systems
        if REAL_TIME_FACTOR in results.metrics_of(system)
    }


def unmeasured(results: Results) -> list[Json]:
    """Returns missing values with their reasons, grouped by reason."""
    found: list[Json] = []
    for row in results.rows:
        names = [n for n in results.metrics_of(row.system) if n not in row.values]
        names = [n for n in names if n != REAL_TIME_FACTOR]
        reasons: dict[str, list[str]] = {}
        for name in names:
            reasons.setdefault(row.reason(name), []).append(name)
        if row.fault and not reasons:
            reasons[row.fault] = []
        found += [
            {
                "file": row.file,
                "system": row.system,
                "metrics": metrics,
                "reason": reason,
                "failed": bool(row.fault) or not set(metrics) <= set(row.limits),
            }
            for reason, metrics in reasons.items()
        ]
    return found


def _seconds(results: Results, index: int) -> float:
    rows = (results.row(index, system) for system in results.systems)
    return max((row.seconds or 0.0 for row in rows), default=0.0)


def _metrics_in_report(results: Results, system: str) -> list[str]:
    return [name for name in results.metrics_of(system) if name != REAL_TIME_FACTOR]


def _mean(
    results: Results, system: str, metric: str, indices: Sequence[int], seed: int
) -> bootstrap.Estimate:
    return _estimate(results, results.values(system, metric, indices), len(indices), seed)


def _estimate(
    results: Results, values: Mapping[int, float], of: int, seed: int
) -> bootstrap.Estimate:
    clusters = results.clusters(values).values()
    return bootstrap.estimate(list(values.values()), of, seed, list(clusters))


def _means(results: Results, system: str, indices: Sequence[int], seed: int) -> Json:
    return {
        metric: dataclasses.asdict(_mean(results, system, metric, indices, seed))
        for metric in _metrics_in_report(results, system)
    }


def _differences(results: Results, seed: int) -> list[Json]:
    """Returns the differences of every system from every system before it, noisy first."""
    return [
        {
            "system": system,
            "baseline": baseline,
            "metrics": _change(results, system, baseline, results.indices, seed),
        }
        for baseline, system in itertools.combinations(results.systems, 2)
    ]


def _change(
    results: Results, system: str, baseline: str, indices: Sequence[int], seed: int
) -> Json:
    shared = [
        m for m in _metrics_in_report(results, system) if m in _metrics_in_report(results, baseline)
    ]
    return {
        metric: dataclasses.asdict(
            _estimate(
                results,
                results.differences(system, baseline, metric, indices),
                len(indices),
                seed,
            )
        )
        for metric in shared
    }


def _group(results: Results, indices: Sequence[int], seed: int) -> Json:
    others = [s for s in results.systems if results.has_noisy and s != NOISY]
    return {
        "n": len(indices),
        "means": {s: _means(results, s, indices, seed) for s in results.systems},
        "differences_from_noisy": {s: _change(results, s, NOISY, indices, seed) for s in others},
    }


def _degraded(results: Results, system: str) -> Json:
    found = degraded_files.find_degraded(results, system)
    # Changes of PESQ and STOI are from noisy.
    known = {"pesq": results.has_noisy, "stoi": results.has_noisy, "level": True, "clipping": True}
    return {
        "files": len(found),
        "counts": {
            kind: sum(kind in one.kinds for one in found) if is_known else None
            for kind, is_known in known.items()
        },
        "comparable": len(degraded_files.ranking(results, system)) if results.has_noisy else 0,
        "worst": [dataclasses.asdict(one) for one in found],
    }
