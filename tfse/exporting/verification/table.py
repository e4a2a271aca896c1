"""Verification table as Markdown and JSON."""

from __future__ import annotations

import dataclasses
import json
import math
from collections.abc import Sequence

from tfse.exporting.verification.verify import Row
from tfse.metrics.registry import METRICS

_HEADS = (
    "variant",
    "size MB",
    "max difference",
    METRICS["snr_db"].title,
    METRICS["pesq_wb"].short,
    f"worst {METRICS['pesq_wb'].short}",
    METRICS["stoi"].title,
    METRICS["si_sdr_db"].title,
    f"loud {METRICS['snr_db'].title}",
    f"loud {METRICS['pesq_wb'].short}",
    "ms per step p50",
    "p99",
    "real-time factor",
    "memory MB",
    "verdict",
)


def header() -> str:
    """Returns the first two lines of the table."""
    return f"| {' | '.join(_HEADS)} |\n|---{'|---:' * (len(_HEADS) - 2)}|---|"


def line(row: Row) -> str:
    """Returns one line of the table."""
    half, most = row.step_ms or (None, None)
    size = None if row.size_bytes is None else row.size_bytes / 1e6
    cells = (
        row.variant,
        _number(size, ".2f"),
        _number(row.difference, ".1e"),
        _number(row.snr_db, ".1f"),
        _number(row.pesq, "+.3f"),
        _number(row.pesq_worst, "+.3f"),
        _number(row.stoi, "+.4f"),
        _number(row.si_sdr_db, "+.3f"),
        _number(row.loud_snr_db, ".1f"),
        _number(row.loud_pesq, "+.3f"),
        _number(half, ".3f"),
        _number(most, ".3f"),
        _number(row.real_time_factor, ".3f"),
        _number(row.memory_mb, ".0f"),
        "; ".join(row.failures) or "passed",
    )
    return f"| {' | '.join(cells)} |"


def markdown(rows: Sequence[Row]) -> str:
    """Returns the whole table."""
    return "\n".join([header(), *map(line, rows)]) + "\n"


def to_json(rows: Sequence[Row]) -> str:
    """Returns all rows as JSON; a value that is not finite (an infinite SNR) is null."""
    values = [_plain(dataclasses.asdict(row)) for row in rows]
    # `form` is the key of published reports.
    keyed = [{"form": row.pop("variant"), **row} for row in values]
    return json.dumps(keyed, indent=2, allow_nan=False) + "\n"


def _plain(values: dict[str, object]) -> dict[str, object]:
    return {
        name: None if isinstance(x, float) and not math.isfinite(x) else x
        for name, x in values.items()
    }


def _number(value: float | None, spec: str) -> str:
    return "" if value is None else format(value, spec)
