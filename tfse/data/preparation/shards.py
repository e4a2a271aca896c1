"""Shards: planning and atomic writing of the TFRecord files of prepared data."""

from __future__ import annotations

import dataclasses
import functools
import hashlib
import json
import math
import pathlib
import uuid
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import tensorflow as tf

from tfse.data.constants import SETS, SPLITS
from tfse.data.preparation.convert import Conversion, Converted, Measured, convert
from tfse.data.preparation.recording_sources import Source
from tfse.data.preparation.worker_processes import ParallelMap, one_by_one
from tfse.data.records import audio_record, index
from tfse.errors import DataError
from tfse.files import sha256_of, sync, write_json

Skipped = tuple[str, str]
UNFINISHED_SUFFIX = ".tmp"


@dataclasses.dataclass(frozen=True)
class ShardPlan:
    """A shard to be written: its file, set, split and sources in order."""

    file: str
    set: str
    split: str
    sources: tuple[Source, ...]


def plan_shards(
    measured: Iterable[Measured],
    splits: Mapping[str, Mapping[str, str]],
    *,
    shard_s: float,
    seed: int,
) -> list[ShardPlan]:
    """Returns shards of similar size, with recordings in an order that mixes groups.

    Args:
        measured: all usable recordings with their lengths.
        splits: for each set, the split of each group.
        shard_s: wanted audio per shard, seconds.
        seed: seed of the order.
    """
    members: dict[tuple[str, str], list[Measured]] = defaultdict(list)
    for entry in measured:
        source = entry.source
        members[source.set, splits[source.set][source.group]].append(entry)
    return [
        plan
        for name in SETS
        for split in SPLITS
        for plan in _plan_split(name, split, members[name, split], shard_s, seed)
    ]


def missing(plans: Iterable[ShardPlan], folder: pathlib.Path) -> list[ShardPlan]:
    """Returns the shards that are not written yet."""
    return [plan for plan in plans if not _is_done(folder / plan.file, _note(plan, folder))]


def write_shard(
    plan: ShardPlan,
    folder: pathlib.Path,
    conversion: Conversion,
    parallel: ParallelMap = one_by_one,
    advance: Callable[[int], Any] = int,
) -> None:
    """Writes a shard under a temporary name, then its note, then renames the shard.

    An engine may run it twice, on two machines at once: each attempt has names of its own,
    and all attempts write the same bytes.

    Args:
        plan: shard to write.
        folder: output folder.
        conversion: settings of the conversion.
        parallel: map over several processes.
        advance: called with the number of recordings that were finished since the last call.
    """
    note = _note(plan, folder)
    unfinished = note.with_name(f"{plan.file}.{uuid.uuid4().hex}{UNFINISHED_SUFFIX}")
    records: list[index.RecordEntry] = []
    skipped: list[Skipped] = []
    with tf.io.TFRecordWriter(str(unfinished)) as writer:
        work = functools.partial(convert, conversion=conversion)
        for converted in parallel(work, plan.sources):
            records += _append(writer, converted, conversion, _end_of(records))
            if converted.skipped:
                skipped.append((converted.source.path, converted.skipped))
            advance(1)
    _finish(plan, folder, unfinished, records, skipped)


def collect(
    plans: Iterable[ShardPlan], folder: pathlib.Path
) -> tuple[list[index.ShardEntry], list[Skipped]]:
    """Returns the index entries of all shards, and path and reason of skipped recordings.

    Raises:
        DataError: a shard is missing although a worker has written it.
    """
    entries, skipped = [], []
    for plan in plans:
        note = _note(plan, folder)
        if not _is_done(folder / plan.file, note):
            raise DataError(
                f"{folder / plan.file} is missing although a worker has written it; all workers "
                "must share its file system."
            )
        done = json.loads(note.read_text(encoding="utf-8"))
        entries.append(index.ShardEntry.from_json(done["shard"]))
        skipped += [(path, reason) for path, reason in done["skipped"]]
    return entries, skipped


def _plan_split(
    name: str, split: str, members: Sequence[Measured], shard_s: float, seed: int
) -> list[ShardPlan]:
    ordered = sorted(members, key=lambda entry: _order(seed, entry.source.id))
    total = sum(entry.seconds for entry in ordered)
    count = min(max(1, math.ceil(total / shard_s)), len(ordered))
    parts: list[list[Source]] = [[] for _ in range(count)]
    before = 0.0
    for entry in ordered:
        parts[min(int(before / total * count), count - 1)].append(entry.source)
        before += entry.seconds
    return [
        ShardPlan(f"{name}-{split}-{n:05d}-of-{count:05d}.tfrecord", name, split, tuple(part))
        for n, part in enumerate(parts)
    ]


def _finish(
    plan: ShardPlan,
    folder: pathlib.Path,
    unfinished: pathlib.Path,
    records: Sequence[index.RecordEntry],
    skipped: Sequence[Skipped],
) -> None:
    sync(unfinished)
    size, digest = unfinished.stat().st_size, sha256_of(unfinished)
    shard = index.ShardEntry(plan.file, plan.set, plan.split, size, digest, tuple(records))
    note = unfinished.with_suffix(".json")
    write_json(note, {"shard": dataclasses.asdict(shard), "skipped": skipped})
    note.replace(_note(plan, folder))
    unfinished.replace(folder / plan.file)


def _note(plan: ShardPlan, folder: pathlib.Path) -> pathlib.Path:
    return folder / index.UNFINISHED / f"{plan.file}.json"


def _append(
    writer: Any, converted: Converted, conversion: Conversion, position: int
) -> list[index.RecordEntry]:
    source = converted.source
    entries = []
    for piece in converted.pieces:
        data = audio_record.AudioRecord(
            audio=piece.audio,
            encoding=conversion.encoding,
            sample_rate=conversion.sample_rate,
            samples=piece.samples,
            id=piece.id,
            group=source.group,
            kind=source.kind,
        ).serialize()
        writer.write(data)
        offset = position + audio_record.HEADER_BYTES
        entry = index.RecordEntry(
            piece.id, source.group, source.kind, piece.samples, offset, len(data)
        )
        entries.append(entry)
        position = offset + len(data) + audio_record.FOOTER_BYTES
    return entries


def _end_of(records: Sequence[index.RecordEntry]) -> int:
    return records[-1].offset + records[-1].bytes + audio_record.FOOTER_BYTES if records else 0


def _is_done(shard: pathlib.Path, note: pathlib.Path) -> bool:
    if not (shard.exists() and note.exists()):
        return False
    size = json.loads(note.read_text(encoding="utf-8"))["shard"]["bytes"]
    return bool(shard.stat().st_size == size)


def _order(seed: int, source_id: str) -> str:
    return hashlib.sha256(f"{seed}/{source_id}".encode(errors="surrogateescape")).hexdigest()
