"""Summary of a prepared folder, as a text table."""

from __future__ import annotations

from collections.abc import Sequence

from tfse.data.constants import SETS, SPLITS
from tfse.data.records.index import Index, ShardEntry

HEADINGS = ("set", "split", "groups", "records", "hours", "shards", "MB")


def split_table(index: Index) -> str:
    """Returns groups, records, hours, shards and size of each set and split."""
    rows = [
        _row(name, split, shards, index.sample_rate)
        for name in SETS
        for split in SPLITS
        if (shards := [s for s in index.shards if s.set == name and s.split == split])
    ]
    return table([HEADINGS, *rows])


def table(rows: Sequence[Sequence[str]]) -> str:
    """Returns rows of text as lines of aligned columns, the first row as heading."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = ["  ".join(_cell(c, w) for c, w in zip(row, widths, strict=True)) for row in rows]
    return "\n".join(line.rstrip() for line in lines)


def _cell(text: str, width: int) -> str:
    # Numbers are right-aligned, so that their digits are aligned.
    is_number = text.lstrip("-").replace(".", "", 1).isdigit()
    return text.rjust(width) if is_number else text.ljust(width)


def _row(name: str, split: str, shards: Sequence[ShardEntry], sample_rate: int) -> tuple[str, ...]:
    records = [record for shard in shards for record in shard.records]
    hours = sum(record.samples for record in records) / sample_rate / 3600
    return (
        name,
        split,
        str(len({record.group for record in records})),
        str(len(records)),
        f"{hours:.3f}",
        str(len(shards)),
        f"{sum(shard.bytes for shard in shards) / 1e6:.1f}",
    )
