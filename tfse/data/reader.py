"""Reads single records of prepared data, at random, inside a graph."""

from __future__ import annotations

import dataclasses
import pathlib
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import tensorflow as tf

from tfse.data import index, tfrecord
from tfse.errors import DataError

_DO_WITHOUT = {
    "speech": "",
    "noise": " To do without: clean_probability=1.",
    "rir": " To do without: reverb_probability=0.",
}


@dataclasses.dataclass(frozen=True)
class RecordTable:
    """Where the records of one set and split lie, as tensors.

    Records stand in the order of their groups, so a group is a run of numbers.

    Attributes:
        count: How many records there are.
        group_count: How many groups there are.
        paths: string [count], the shard of each record.
        offsets: int64 [count], where each record begins in it, bytes.
        samples: int32 [count], lengths.
        kinds: string [count], such as the kind of noise.
        groups: int32 [count], the group of each record.
        group_starts: int32 [group_count], the first record of each group.
        group_sizes: int32 [group_count], how many records each group has.
        decode: From a serialized record to float32 [samples].
    """

    count: int
    group_count: int
    paths: Any
    offsets: Any
    samples: Any
    kinds: Any
    groups: Any
    group_starts: Any
    group_sizes: Any
    decode: Callable[[Any], Any]

    def read(self, number: Any) -> Any:
        """Returns the audio of one record.

        Shapes:
            int32 [] -> float32 [samples]
        """
        path, offset = tf.gather(self.paths, number), tf.gather(self.offsets, number)
        return self.decode(tfrecord.read_record(path, offset))


def record_table(folder: pathlib.Path, found: index.Index, name: str, split: str) -> RecordTable:
    """Makes the table of one set and split.

    Args:
        folder: The prepared folder.
        found: Its index.
        name: "speech", "noise" or "rir".
        split: "train", "valid" or "test".

    Raises:
        DataError: There is no such record.
    """
    records = [
        (record, str(folder / shard.file))
        for shard in found.shards
        if (shard.set, shard.split) == (name, split)
        for record in shard.records
    ]
    if not records:
        raise DataError(
            f"`data_dir` must hold {name} for {split}; received {folder}, which holds none."
            f"{_DO_WITHOUT[name]}"
        )
    records.sort(key=lambda entry: (entry[0].group, entry[0].id))
    return _table(
        [record for record, _ in records],
        [path for _, path in records],
        tfrecord.decoder(found.encoding),
    )


def _table(
    records: Sequence[index.RecordEntry], paths: Sequence[str], decode: Callable[[Any], Any]
) -> RecordTable:
    names, groups = np.unique([record.group for record in records], return_inverse=True)
    offsets = [record.offset - tfrecord.HEADER_BYTES for record in records]
    samples = [record.samples for record in records]
    # Tables are small, and a graph would look them up on an accelerator if it
    # could; the pipeline runs on the host.
    with tf.device("CPU"):
        return RecordTable(
            count=len(records),
            group_count=len(names),
            paths=tf.constant(paths),
            offsets=tf.constant(offsets, tf.int64),
            samples=tf.constant(samples, tf.int32),
            kinds=tf.constant([record.kind for record in records]),
            groups=tf.constant(groups, tf.int32),
            group_starts=tf.constant(np.searchsorted(groups, range(len(names))), tf.int32),
            group_sizes=tf.constant(np.bincount(groups), tf.int32),
            decode=decode,
        )
