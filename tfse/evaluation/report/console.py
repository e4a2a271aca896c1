"""Console report: the main results as text."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from tfse.data.records.summary import table
from tfse.evaluation.report.degraded_files import LEVEL_SHIFT_DB, PESQ_FALL, STOI_FALL
from tfse.metrics.registry import PRINCIPAL, metric_of

_SHOWN = (*PRINCIPAL, "estoi", "snr_db", "covl")
_MOST_REASONS = 10


def text(report: dict[str, Any]) -> str:
    """Returns the main tables.

    Args:
        report: as in `report.json`.
    """
    return "\n".join(_lines(report))


def number(estimate: dict[str, Any], digits: int, sign: str = "") -> str:
    """Returns a mean with its interval, and n of N if values are missing."""
    if estimate["mean"] is None:
        return f"none of {estimate['of']}"
    parts = [format(estimate["mean"], f"{sign}.{digits}f")]
    if estimate["low"] is not None:
        low, high = (format(estimate[end], f"{sign}.{digits}f") for end in ("low", "high"))
        parts.append(f"[{low}, {high}]")
    if estimate["n"] < estimate["of"]:
        parts.append(f"({estimate['n']} of {estimate['of']})")
    return " ".join(parts)


def of_clusters(counts: dict[str, int]) -> str:
    """Returns the known numbers of clusters, such as " of 16 speakers"."""
    names = {"speaker": "speakers", "noise_group": "noise recordings", "room": "rooms"}
    known = [f"{counts[key]} {name}" for key, name in names.items() if counts[key]]
    return f" of {', '.join(known)}" if known else ""


def _lines(report: dict[str, Any]) -> Iterator[str]:
    figures = report["figures"]
    yield (
        f"{figures['recordings']} recordings{of_clusters(figures['clusters'])}, "
        f"{figures['seconds']:.0f} s. Means [95 % interval]:"
    )
    yield ""
    yield _table(figures["means"])
    for change in figures["differences"]:
        yield ""
        yield f"{change['system']} against {change['baseline']}, over the same files:"
        yield _table({change["system"]: change["metrics"]}, "+")
    yield from _degraded(figures["harm"])
    yield from _unmeasured(figures["unmeasured"])


def _table(means: dict[str, Any], sign: str = "") -> str:
    names = [n for n in _SHOWN if any(n in own for own in means.values())]
    names += [n for own in means.values() for n in own if "dnsmos" in n and n not in names]
    rows = [["", *(metric_of(name).title for name in names)]]
    for system, own in means.items():
        cells = (
            number(own[name], metric_of(name).digits, sign) if name in own else "" for name in names
        )
        rows.append([system, *cells])
    return table(rows)


def _degraded(found_by_system: dict[str, Any]) -> Iterator[str]:
    for system, found in found_by_system.items():
        counts = found["counts"]
        yield ""
        falls = "Changes of PESQ and STOI are unknown without noisy recordings"
        if counts["pesq"] is not None:
            falls = f"PESQ fell by more than {PESQ_FALL:g} in {counts['pesq']}, "
            falls += f"STOI by more than {STOI_FALL:g} in {counts['stoi']}"
        yield (
            f"{system}: degraded files: {found['files']}. {falls}; level "
            f"off by more than {LEVEL_SHIFT_DB:g} dB in {counts['level']}; clipped: "
            f"{counts['clipping']}."
        )


def _unmeasured(found: list[dict[str, Any]]) -> Iterator[str]:
    if found:
        yield ""
        yield "Missing values:"
    for one in found[:_MOST_REASONS]:
        what = ", ".join(one["metrics"]) if len(one["metrics"]) < 6 else "most metrics"
        yield f"  {one['file']}, {one['system']}{', ' if what else ''}{what}: {one['reason']}"
    if len(found) > _MOST_REASONS:
        yield f"  and {len(found) - _MOST_REASONS} more, in report.json."
