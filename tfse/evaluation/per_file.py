"""One line a row: `per_file.csv`."""

from __future__ import annotations

import csv
import io

from tfse.evaluation.results import Results
from tfse.evaluation.rows import Row

_FIRST = ("file", "system", "seconds", "sample_rate", "snr_db_of_mixture", "noise", "reverberant")
_LAST = ("fault", "reasons")


def to_csv(results: Results) -> str:
    """Returns all rows; a number that could not be had is empty, its reason in the last column."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow([*_FIRST, *results.metrics, *_LAST])
    for row in results.rows:
        writer.writerow(_cells(row, results))
    return text.getvalue()


def _cells(row: Row, results: Results) -> list[object]:
    facts = row.facts
    known = (row.file, row.system, row.seconds, row.sample_rate, facts.snr_db, facts.noise)
    room = None if facts.reverberant is None else ("no", "yes")[facts.reverberant]
    values = [row.values.get(metric) for metric in results.metrics]
    reasons = "; ".join(f"{metric}: {reason}" for metric, reason in row.reasons.items())
    return [*known, room, *values, row.fault, reasons]
