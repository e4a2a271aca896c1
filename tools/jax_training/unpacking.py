"""Unpacker: the parts of a pack as a store."""

from __future__ import annotations

import itertools
import pathlib
import shutil
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import numpy.typing as npt

from tfse.errors import ConfigError, DataError
from tools.jax_training import codec
from tools.jax_training.pack_format import (
    SETS,
    VALIDATION_SETS,
    PackedFile,
    check_file,
    part_folder,
    read_parts,
)
from tools.jax_training.store import write_description

# Folder of a part and one of its files.
Placed = tuple[pathlib.Path, PackedFile]


def unpack(packed: pathlib.Path, store: pathlib.Path, threads: int) -> dict[str, float]:
    """Decodes all parts of a pack into a store, atomically.

    Args:
        packed: folder of the parts.
        store: folder of the store; must not exist.
        threads: number of files that are decoded at once.

    Returns:
        Hours of audio of each set.

    Raises:
        ConfigError: the store exists.
        DataError: a part is missing, truncated or corrupt.
    """
    if store.exists():
        raise ConfigError(f"{store} already exists; use another --store.")
    parts = read_parts(packed)
    files = [(part_folder(packed, part.part), file) for part in parts for file in part.files]
    unfinished = store.with_name(store.name + ".unfinished")
    shutil.rmtree(unfinished, ignore_errors=True)
    unfinished.mkdir(parents=True)
    try:
        with ThreadPoolExecutor(threads) as pool:
            list(pool.map(lambda placed: check_file(*placed), files))
            hours = {name: _write_set(files, name, unfinished, pool) for name in SETS}
        _write_validation(files, unfinished)
        write_description(unfinished, parts[0].sample_rate)
        unfinished.rename(store)
    finally:
        shutil.rmtree(unfinished, ignore_errors=True)
    return {name: count / parts[0].sample_rate / 3600 for name, count in hours.items()}


def _of_set(files: Sequence[Placed], name: str) -> list[Placed]:
    return [placed for placed in files if placed[1].set == name]


def _write_set(
    files: Sequence[Placed], name: str, folder: pathlib.Path, pool: ThreadPoolExecutor
) -> int:
    """Writes the arrays of one set and returns its number of samples."""
    members = _of_set(files, name)
    if not members:
        return 0
    samples = np.array([n for _, file in members for n in file.samples], np.int32)
    names = [group for _, file in members for group in file.groups]
    # Numbered in order: recordings of a group are adjacent.
    numbers = {group: number for number, group in enumerate(dict.fromkeys(names))}
    np.save(folder / f"{name}_samples.npy", samples)
    np.save(folder / f"{name}_groups.npy", np.array([numbers[g] for g in names], np.int32))
    total = int(samples.sum(dtype=np.int64))
    audio = np.lib.format.open_memmap(folder / f"{name}.npy", "w+", np.int16, (total,))
    ends = list(itertools.accumulate(sum(file.samples) for _, file in members))
    slices = [audio[end - sum(f.samples) : end] for end, (_, f) in zip(ends, members, strict=True)]
    list(pool.map(_decode_into, members, slices))
    audio.flush()
    return total


def _decode_into(placed: Placed, target: npt.NDArray[np.int16]) -> None:
    folder, file = placed
    audio = codec.read_int16(folder / file.file)
    _check_length(file, audio.size)
    read, written = 0, 0
    for samples in file.samples:
        target[written : written + samples] = audio[read : read + samples]
        written += samples
        read += samples + file.gap


def _check_length(file: PackedFile, found: int) -> None:
    if found != file.total_samples:
        raise DataError(f"{file.file} holds {found} samples in place of {file.total_samples}.")


def _write_validation(files: Sequence[Placed], folder: pathlib.Path) -> None:
    for name in VALIDATION_SETS:
        rows: npt.NDArray[np.float32] = np.zeros((0, 0), np.float32)
        for place, file in _of_set(files, name):
            audio = codec.read_float32(place / file.file)
            _check_length(file, audio.size)
            rows = audio.reshape(len(file.samples), -1)
        np.save(folder / f"{name.removeprefix('validation_')}.npy", rows)
