"""The index of a prepared folder: which record lies where, and in which split."""

from __future__ import annotations

import dataclasses
import json
import pathlib
from typing import Any

from tfse.data.preparation import splits
from tfse.errors import DataError
from tfse.files import sha256_of, write_json

INDEX_NAME = "index.json"
FORMAT = "tfse-data-1"
# Beside the shards until the index is written: the plan, and what is known of
# each shard that is done.
UNFINISHED = ".unfinished"


@dataclasses.dataclass(frozen=True)
class RecordEntry:
    """Where one record lies.

    Attributes:
        id: where it came from.
        group: speaker, noise recording or room.
        kind: name of the folder it came from.
        samples: length in samples.
        offset: where its payload begins in the shard, bytes.
        bytes: length of its payload.
    """

    id: str
    group: str
    kind: str
    samples: int
    offset: int
    bytes: int


@dataclasses.dataclass(frozen=True)
class ShardEntry:
    """One file of records.

    Attributes:
        file: its name in the folder.
        set: "speech", "noise" or "rir".
        split: "train", "valid" or "test".
        bytes: its size.
        sha256: its checksum, hexadecimal.
        records: what it holds, in order.
    """

    file: str
    set: str
    split: str
    bytes: int
    sha256: str
    records: tuple[RecordEntry, ...]

    @classmethod
    def from_json(cls, value: dict[str, Any]) -> ShardEntry:
        """Builds an entry from what `dataclasses.asdict` made of one."""
        if pathlib.PurePath(value["file"]).name != value["file"]:
            raise DataError(f"A shard must lie beside its index; received {value['file']!r}.")
        records = tuple(RecordEntry(**record) for record in value["records"])
        return cls(**{**value, "records": records})


@dataclasses.dataclass(frozen=True)
class Index:
    """All that is known of a prepared folder.

    Attributes:
        sample_rate: samples a second of every record.
        encoding: "pcm16" or "flac".
        plan: checksum of the inputs and settings it was made from.
        settings: those settings, for a person to read.
        shards: every file.
    """

    sample_rate: int
    encoding: str
    plan: str
    settings: dict[str, Any]
    shards: tuple[ShardEntry, ...]

    def check_separation(self) -> None:
        """Checks that no group stands on two sides of the split.

        Raises:
            DataError: one does.
        """
        splits.check_separation(
            (shard.set, record.group, shard.split)
            for shard in self.shards
            for record in shard.records
        )


def write_index(folder: pathlib.Path, index: Index) -> None:
    """Writes the index, whole or not at all."""
    write_json(folder / INDEX_NAME, {"format": FORMAT, **dataclasses.asdict(index)})


def read_index(folder: pathlib.Path) -> Index:
    """Reads the index and checks it against the files beside it.

    Raises:
        DataError: the folder or its index is missing, the index is not one of
            ours, a shard is missing or of another size, or a group stands on
            two sides of the split.
    """
    if not folder.is_dir():
        raise DataError(f"`data_dir` must be a folder that tfse-prepare made; received {folder}.")
    if not (folder / INDEX_NAME).exists():
        raise DataError(
            f"`data_dir` must hold {INDEX_NAME}, which tfse-prepare writes last; "
            f"received {folder}, which has none: not prepared, or not to its end."
        )
    index = parse_index(folder / INDEX_NAME)
    for shard in index.shards:
        _check_size(folder / shard.file, shard.bytes)
    index.check_separation()
    return index


def parse_index(path: pathlib.Path) -> Index:
    """Reads an index file alone; the shards it lists need not be there.

    Raises:
        DataError: it is not one of ours.
    """
    value = _load(path)
    fields = {name: entry for name, entry in value.items() if name != "format"}
    try:
        shards = tuple(ShardEntry.from_json(shard) for shard in fields["shards"])
        return Index(**{**fields, "shards": shards})
    except (KeyError, TypeError) as error:
        raise DataError(f"{INDEX_NAME} must be complete; received {path}: {error}.") from error


def verify_checksums(folder: pathlib.Path, index: Index) -> None:
    """Reads every shard and compares its checksum.

    Raises:
        DataError: a shard is not what was written.
    """
    for shard in index.shards:
        if sha256_of(folder / shard.file) != shard.sha256:
            raise DataError(
                f"A shard must be as it was written; received {folder / shard.file}, "
                "whose checksum is another. Prepare the data again."
            )


def _load(path: pathlib.Path) -> dict[str, Any]:
    try:
        value = json.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:
        raise DataError(f"{INDEX_NAME} must be JSON; received {path}: {error}.") from error
    if not isinstance(value, dict) or value.get("format") != FORMAT:
        raise DataError(
            f"{INDEX_NAME} must be of format {FORMAT!r}; received {path}, which is not."
        )
    return value


def _check_size(path: pathlib.Path, size: int) -> None:
    found = path.stat().st_size if path.exists() else None
    if found != size:
        what = "is missing" if found is None else f"has {found}"
        raise DataError(f"A shard must have the {size} bytes of its index; {path} {what}.")
