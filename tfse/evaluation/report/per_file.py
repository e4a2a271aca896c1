"""Per-file table: `per_file.csv`, one line per row of the results."""

from __future__ import annotations

from tfse import csv_rows
from tfse.evaluation.results import Results, Row
from tfse.evaluation.sources.metadata_file import GROUPS

_FIRST = (
    *("file", "system", "seconds", "sample_rate", "snr_db_of_mixture", "noise", "reverberant"),
    *GROUPS,
)
_LAST = ("fault", "reasons")


def to_csv(results: Results) -> bytes:
    """Returns all rows as CSV; a missing value is empty, with its reason in the last column."""
    header = [*_FIRST, *results.metrics, *_LAST]
    return csv_rows.encode([header, *(_cells(row, results) for row in results.rows)])


def _cells(row: Row, results: Results) -> list[object]:
    facts = row.facts
    known = (row.file, row.system, row.seconds, row.sample_rate, facts.snr_db, facts.noise)
    room = None if facts.reverberant is None else ("no", "yes")[facts.reverberant]
    values = [row.values.get(metric) for metric in results.metrics]
    reasons = "; ".join(f"{metric}: {reason}" for metric, reason in row.reasons.items())
    groups = [getattr(facts, name) for name in GROUPS]
    return [*known, room, *groups, *values, row.fault, reasons]
