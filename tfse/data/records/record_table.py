"""Record table: random access to the records of prepared data inside a graph."""

from __future__ import annotations

import dataclasses
import os
import pathlib
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import tensorflow as tf

from tfse.data import stateless_random
from tfse.data.records import audio_record, index, safe_reader
from tfse.data.records.corrupt_records import CorruptRecords, Place, Substitutes
from tfse.errors import DataError

_DO_WITHOUT = {
    "speech": "",
    "noise": " To do without: clean_probability=1.",
    "rir": " To do without: reverb_probability=0.",
}


@dataclasses.dataclass(frozen=True)
class RecordTable:
    """Table of the records of one set and split, as tensors.

    Records are sorted by group, so that a group is a range of record numbers.

    Attributes:
        count: number of records.
        group_count: number of groups.
        paths: string [count], the shard of each record.
        offsets: int64 [count], start of each record in its shard, bytes.
        samples: int32 [count], lengths.
        kinds: string [count], such as the kind of noise.
        groups: int32 [count], the group of each record.
        group_names: string [group_count].
        group_starts: int32 [group_count], the first record of each group.
        group_sizes: int32 [group_count], number of records of each group.
        starts: int32 [count], start of the audio in each record if it is PCM16, bytes.
        sizes: int32 [count], lengths of the records, bytes.
        attempt: reads a record; returns an empty tensor if it is unreadable.
        substitute: from the number of an unreadable record to the audio of its
            substitute, outside the graph.
    """

    count: int
    group_count: int
    paths: Any
    offsets: Any
    samples: Any
    kinds: Any
    groups: Any
    group_names: Any
    group_starts: Any
    group_sizes: Any
    starts: Any
    sizes: Any
    attempt: safe_reader.Attempt
    substitute: Callable[[Any], npt.NDArray[np.float32]]

    def read(self, number: Any) -> Any:
        """Returns the audio of a record, or of its substitute.

        Shapes:
            int32 [] -> float32 [samples]
        """
        path, offset = tf.gather(self.paths, number), tf.gather(self.offsets, number)
        start, size = tf.gather(self.starts, number), tf.gather(self.sizes, number)
        samples = tf.gather(self.samples, number)
        audio = self.attempt(path, offset, start, size, samples)

        def other() -> Any:
            # The substitute depends on the data alone, so the function is stateless.
            found = tf.numpy_function(self.substitute, [number], tf.float32, stateful=False)
            return tf.ensure_shape(found, [None])

        is_whole = tf.equal(tf.size(audio), samples)
        return tf.cond(is_whole, lambda: audio, other)

    def group_of(self, number: Any) -> Any:
        """Returns the name of the group of a record.

        Shapes:
            int32 [] -> string []
        """
        return tf.gather(self.group_names, tf.gather(self.groups, number))

    def drawn_from(self, group: Any, seed: Any) -> Any:
        """Draws a record number of a group.

        Shapes:
            int32 [], int64 [2] -> int32 []
        """
        size = tf.gather(self.group_sizes, group)
        return tf.gather(self.group_starts, group) + stateless_random.below(seed, size)

    def drawn_by_group(self, seed: Any) -> Any:
        """Draws a group, all equally likely, then a record number of it.

        Shapes:
            int64 [2] -> int32 []
        """
        group = stateless_random.below(stateless_random.fold(seed, 0), self.group_count)
        return self.drawn_from(group, stateless_random.fold(seed, 1))


def record_table(
    folder: pathlib.Path,
    found: index.Index,
    name: str,
    split: str,
    corrupt: CorruptRecords | None = None,
) -> RecordTable:
    """Returns the table of one set and split.

    Args:
        folder: prepared folder.
        found: index of the folder.
        name: "speech", "noise" or "rir".
        split: "train", "valid" or "test".
        corrupt: receives unreadable records; without it, the first one is an error.

    Raises:
        DataError: there are no such records.
    """
    places = [
        Place(record, str(folder / shard.file))
        for shard in found.shards
        if (shard.set, shard.split) == (name, split)
        for record in shard.records
    ]
    if not places:
        raise DataError(f"{folder} holds no {name} for {split}.{_DO_WITHOUT[name]}")
    places.sort(key=lambda place: (place.record.group, place.record.id))
    return _table(places, found.encoding, corrupt or CorruptRecords(0))


def _table(places: Sequence[Place], encoding: str, corrupt: CorruptRecords) -> RecordTable:
    records = [place.record for place in places]
    names, groups = np.unique([record.group for record in records], return_inverse=True)
    samples = [record.samples for record in records]
    # On the CPU, where the pipeline runs; a graph would look up the small tables on an
    # accelerator.
    with tf.device("CPU"):
        return RecordTable(
            count=len(records),
            group_count=len(names),
            paths=tf.constant([place.path for place in places]),
            offsets=tf.constant([place.offset for place in places], tf.int64),
            samples=tf.constant(samples, tf.int32),
            kinds=tf.constant([record.kind for record in records]),
            groups=tf.constant(groups, tf.int32),
            group_names=tf.constant([os.fsencode(name) for name in names]),
            group_starts=tf.constant(np.searchsorted(groups, range(len(names))), tf.int32),
            group_sizes=tf.constant(np.bincount(groups), tf.int32),
            starts=tf.constant(
                [audio_record.audio_start(record.bytes, 2 * record.samples) for record in records],
                tf.int32,
            ),
            sizes=tf.constant([record.bytes for record in records], tf.int32),
            attempt=safe_reader.reader(encoding),
            substitute=Substitutes(places, audio_record.decoder(encoding), corrupt),
        )
