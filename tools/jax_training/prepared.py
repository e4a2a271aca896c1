"""Prepared data for the packer; the only module here that needs TensorFlow."""

from __future__ import annotations

import pathlib
from collections.abc import Iterator
from typing import Any

import numpy as np
import numpy.typing as npt

from tfse.data.config import DataConfig
from tfse.data.records.index import Index, read_index
from tfse.errors import DataError

_FULL_SCALE = 32768.0

Recording = tuple[str, npt.NDArray[np.int16]]


def open_index(data_dir: pathlib.Path) -> Index:
    """Reads the index of prepared data.

    Raises:
        DataError: it is missing or incomplete.
    """
    return read_index(data_dir)


def sets_of(index: Index, split: str) -> set[str]:
    """Returns the sets that a split has: "speech", "noise", "rir"."""
    return {shard.set for shard in index.shards if shard.split == split and shard.records}


def recordings(data_dir: pathlib.Path, index: Index, name: str) -> Iterator[Recording]:
    """Yields group and audio of every training recording of a set, group by group."""
    from tfse.data.records.record_table import record_table

    shards = [shard for shard in index.shards if (shard.set, shard.split) == (name, "train")]
    groups = sorted({record.group for shard in shards for record in shard.records})
    table = record_table(data_dir, index, name, "train")
    for number in range(table.count):
        audio = np.asarray(table.read(number))
        yield groups[int(table.groups[number])], np.rint(audio * _FULL_SCALE).astype(np.int16)


def validation_mixtures(
    data_dir: pathlib.Path, config: DataConfig, count: int
) -> dict[str, npt.NDArray[np.float32]]:
    """Returns the first fixed validation mixtures of a training with this config.

    Args:
        data_dir: prepared data.
        config: settings of the mixtures.
        count: number of mixtures.

    Returns:
        `noisy` and `clean`, float32 [count, samples].

    Raises:
        DataError: the data has no validation split.
    """
    from tfse.data.pipeline import fixed_dataset

    if "speech" not in sets_of(open_index(data_dir), "valid"):
        raise DataError(f"{data_dir} holds no speech for validation.")
    batches: list[Any] = list(fixed_dataset(data_dir, config, "valid", batch_size=1, count=count))
    return {name: np.concatenate([b[name].numpy() for b in batches]) for name in ("noisy", "clean")}
