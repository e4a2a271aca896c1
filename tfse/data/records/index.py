"""Index of a prepared folder: the shard, the offset and the split of every record."""

from __future__ import annotations

import dataclasses
import json
import pathlib
from collections import defaultdict
from collections.abc import Iterable
from typing import Any

from tfse.data.constants import SPLITS
from tfse.errors import DataError
from tfse.files import sha256_of, write_json

INDEX_NAME = "index.json"
FORMAT = "tfse-data-1"
# Folder beside the shards until the index is written, with the plan and a note on each
# finished shard.
UNFINISHED = ".unfinished"


@dataclasses.dataclass(frozen=True)
class RecordEntry:
    """Entry of one record.

    Attributes:
        id: id of the source.
        group: speaker, noise recording or room.
        kind: name of the source folder.
        samples: length in samples.
        offset: start of the payload in the shard, bytes.
        bytes: length of the payload.
    """

    id: str
    group: str
    kind: str
    samples: int
    offset: int
    bytes: int


@dataclasses.dataclass(frozen=True)
class ShardEntry:
    """Entry of one shard.

    Attributes:
        file: name in the folder.
        set: "speech", "noise" or "rir".
        split: "train", "valid" or "test".
        bytes: size of the file.
        sha256: checksum, hexadecimal.
        records: entries of its records, in order.
    """

    file: str
    set: str
    split: str
    bytes: int
    sha256: str
    records: tuple[RecordEntry, ...]

    @classmethod
    def from_json(cls, value: dict[str, Any]) -> ShardEntry:
        """Returns an entry from the output of `dataclasses.asdict`."""
        if pathlib.PurePath(value["file"]).name != value["file"]:
            raise DataError(
                f"A shard must be in the folder of its index; received {value['file']!r}."
            )
        records = tuple(RecordEntry(**record) for record in value["records"])
        return cls(**{**value, "records": records})


@dataclasses.dataclass(frozen=True)
class Index:
    """Contents of a prepared folder.

    Attributes:
        sample_rate: samples per second of all records.
        encoding: "pcm16" or "flac".
        plan: checksum of the inputs and settings of the preparation.
        settings: those settings, for information.
        shards: entries of all shards.
    """

    sample_rate: int
    encoding: str
    plan: str
    settings: dict[str, Any]
    shards: tuple[ShardEntry, ...]

    def check_separation(self) -> None:
        """Checks that no group is in two splits.

        Raises:
            DataError: a group is.
        """
        check_separation(
            (shard.set, record.group, shard.split)
            for shard in self.shards
            for record in shard.records
        )


def check_separation(members: Iterable[tuple[str, str, str]]) -> None:
    """Checks that no speaker, noise recording or room is in two splits.

    Args:
        members: set, group and split of each recording.

    Raises:
        DataError: a group is in two splits.
    """
    splits_of: dict[tuple[str, str], set[str]] = defaultdict(set)
    for name, group, split in members:
        splits_of[name, group].add(split)
    for (name, group), splits in splits_of.items():
        if len(splits) > 1:
            found = " and ".join(split for split in SPLITS if split in splits)
            raise DataError(f"A group must be in one split; {name} {group!r} is in {found}.")


def write_index(folder: pathlib.Path, index: Index) -> None:
    """Writes the index atomically."""
    write_json(folder / INDEX_NAME, {"format": FORMAT, **dataclasses.asdict(index)})


def read_index(folder: pathlib.Path) -> Index:
    """Reads the index and checks it against the files beside it.

    Raises:
        DataError: the folder or its index is missing, the index is not a tfse index, a
            shard is missing or of another size, or a group is in two splits.
    """
    if not folder.is_dir():
        raise DataError(f"`data_dir` must be a folder that tfse-prepare made; received {folder}.")
    if not (folder / INDEX_NAME).exists():
        raise DataError(
            f"{folder} has no {INDEX_NAME}, which tfse-prepare writes last: run tfse-prepare, or "
            "run it again to resume."
        )
    index = parse_index(folder / INDEX_NAME)
    for shard in index.shards:
        _check_size(folder / shard.file, shard.bytes)
    index.check_separation()
    return index


def parse_index(path: pathlib.Path) -> Index:
    """Reads an index file alone, without its shards.

    Raises:
        DataError: the file is not a tfse index.
    """
    value = _load(path)
    fields = {name: entry for name, entry in value.items() if name != "format"}
    try:
        shards = tuple(ShardEntry.from_json(shard) for shard in fields["shards"])
        return Index(**{**fields, "shards": shards})
    except (KeyError, TypeError) as error:
        raise DataError(f"{path} is not a complete index: {error}.") from error


def verify_checksums(folder: pathlib.Path, index: Index) -> None:
    """Checks the checksums of all shards.

    Raises:
        DataError: a shard has changed since it was written.
    """
    for shard in index.shards:
        if sha256_of(folder / shard.file) != shard.sha256:
            raise DataError(
                f"{folder / shard.file} has changed since it was written: its checksum differs. "
                "Prepare the data again."
            )


def _load(path: pathlib.Path) -> dict[str, Any]:
    try:
        value = json.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:
        raise DataError(f"{path} is not JSON: {error}.") from error
    if not isinstance(value, dict) or value.get("format") != FORMAT:
        raise DataError(f"{path} is not of the format {FORMAT!r}.")
    return value


def _check_size(path: pathlib.Path, size: int) -> None:
    if not path.exists():
        raise DataError(f"{path} is missing.")
    if (found := path.stat().st_size) != size:
        raise DataError(f"{path} has {found} bytes, but its index lists {size}.")
