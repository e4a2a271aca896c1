"""Split file: the split of every group of prepared data, for later data to keep."""

from __future__ import annotations

import csv
import dataclasses
import hashlib
import json
import os
import pathlib
from collections.abc import Iterable, Mapping

from tfse import csv_rows
from tfse.data.constants import SETS, SPLITS
from tfse.data.records import index
from tfse.errors import ConfigError, DataError
from tfse.files import write_whole

SPLITS_NAME = "splits.csv"
COLUMNS = ("set", "group", "split")

# Set, group and split.
Row = tuple[str, str, str]


@dataclasses.dataclass(frozen=True)
class KnownSplits:
    """Splits of groups in earlier data.

    Attributes:
        of: for each set, the split of each group.
    """

    of: Mapping[str, Mapping[str, str]] = dataclasses.field(default_factory=dict)

    @property
    def checksum(self) -> str:
        """SHA-256 of the mapping, hexadecimal, whatever the format of its file."""
        rows = sorted((name, *row) for name, groups in self.of.items() for row in groups.items())
        return hashlib.sha256(json.dumps(rows).encode()).hexdigest()


def read_split_file(path: str | os.PathLike[str]) -> KnownSplits:
    """Reads the splits from an earlier `index.json` or a CSV with `COLUMNS`.

    Args:
        path: an index if the name ends in `.json`, otherwise a CSV.

    Raises:
        ConfigError: the file is missing.
        DataError: the file is neither, has an unknown set or split, or a group in two
            splits.
    """
    path = pathlib.Path(path)
    if not path.is_file():
        raise ConfigError(f"`splits_from` must be a file; received {path}.")
    rows = _index_rows(path) if path.suffix == ".json" else _csv_rows(path)
    known: dict[str, dict[str, str]] = {}
    for name, group, split in rows:
        if name not in SETS or split not in SPLITS or not group:
            raise DataError(
                f"`splits_from` must list a set of {', '.join(SETS)}, a group and a split of "
                f"{', '.join(SPLITS)}; received {name},{group},{split} in {path}."
            )
        if known.setdefault(name, {}).setdefault(group, split) != split:
            raise DataError(
                f"`splits_from` must put a group into one split; received {name} {group!r} in "
                f"{known[name][group]} and {split} in {path}."
            )
    return KnownSplits(known)


def write_split_file(path: str | os.PathLike[str], found: index.Index) -> None:
    """Writes the split of every group of an index as a sorted CSV, whole or not at all.

    Args:
        path: path of the file.
        found: index of the data.
    """
    path = pathlib.Path(path)
    rows = {(s.set, record.group, s.split) for s in found.shards for record in s.records}
    write_whole(path, csv_rows.encode([COLUMNS, *sorted(rows, key=_place)]))


def _place(row: Row) -> tuple[int, str]:
    return SETS.index(row[0]), row[1]


def _index_rows(path: pathlib.Path) -> Iterable[Row]:
    found = index.parse_index(path)
    return [(shard.set, r.group, shard.split) for shard in found.shards for r in shard.records]


def _csv_rows(path: pathlib.Path) -> Iterable[Row]:
    rule = f"`splits_from` must be an index.json or a CSV with the columns {','.join(COLUMNS)}"
    try:
        header, *rows = csv_rows.decode(path.read_bytes()) or [[]]
    except (OSError, csv.Error) as error:
        raise DataError(f"{rule}; received {path}: {error}.") from error
    if tuple(header) != COLUMNS:
        raise DataError(f"{rule}; received {path}, which has other columns.")
    return [_checked(row, f"{rule}; received {path}") for row in rows if row]


def _checked(row: list[str], rule: str) -> Row:
    if len(row) != len(COLUMNS):
        raise DataError(f"{rule} with the line {','.join(row)!r}.")
    name, group, split = row
    return name, group, split
