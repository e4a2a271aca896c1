"""Packer: the training split of prepared data as parts of limited size."""

from __future__ import annotations

import dataclasses
import hashlib
import itertools
import json
import os
import pathlib
import shutil
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import numpy.typing as npt

from tfse.data.config import DataConfig
from tfse.data.records.index import Index
from tfse.errors import ConfigError
from tfse.files import sha256_of
from tools.jax_training import codec, prepared
from tools.jax_training.pack_format import GAP, SETS, VALIDATION_SETS, PackedFile, Part, part_folder

MEGABYTE = 1_000_000
# Largest size of the manifest of a part.
_MANIFEST_BYTES = 500_000


@dataclasses.dataclass(frozen=True)
class PackSettings:
    """Settings of a pack.

    Attributes:
        part_mb: largest size of a part, millions of bytes.
        kbps: bit rate of speech and noise, kbit/s.
        chunk_s: length at which one file ends and the next begins, seconds.
        valid_mixtures: number of validation mixtures; 0 for none.
    """

    part_mb: float = 38.0
    kbps: float = 38.0
    chunk_s: float = 300.0
    valid_mixtures: int = 32


def pack(
    data_dir: pathlib.Path, output_dir: pathlib.Path, data: DataConfig, settings: PackSettings
) -> list[Part]:
    """Writes a pack atomically.

    Args:
        data_dir: output folder of `tfse-prepare`.
        output_dir: folder of the pack; must not exist.
        data: settings of the validation mixtures.
        settings: settings of the pack.

    Returns:
        The parts.

    Raises:
        ConfigError: the folder exists, or a part is too small for a file.
        DataError: the data cannot be read.
    """
    if output_dir.exists():
        raise ConfigError(f"{output_dir} already exists; use another --output_dir.")
    index = prepared.open_index(data_dir)
    unfinished = output_dir.with_name(output_dir.name + ".unfinished")
    shutil.rmtree(unfinished, ignore_errors=True)
    unfinished.mkdir(parents=True)
    try:
        # First the part that is fast and may raise an error.
        files = _validation(data_dir, index, data, unfinished, settings.valid_mixtures)
        files += _recordings(data_dir, index, unfinished, settings)
        parts = _deal(files, index, unfinished, settings)
        unfinished.rename(output_dir)
    finally:
        shutil.rmtree(unfinished, ignore_errors=True)
    return parts


def _recordings(
    data_dir: pathlib.Path, index: Index, folder: pathlib.Path, settings: PackSettings
) -> Iterator[PackedFile]:
    present = prepared.sets_of(index, "train")
    for name in SETS:
        if name in present:
            chunks = _chunks(
                prepared.recordings(data_dir, index, name), settings.chunk_s * index.sample_rate
            )

            def encode(
                number: int, chunk: list[prepared.Recording], name: str = name
            ) -> PackedFile:
                return _encoded(name, number, chunk, folder, index.sample_rate, settings.kbps)

            with ThreadPoolExecutor(os.cpu_count()) as pool:
                yield from pool.map(encode, itertools.count(), chunks)


def _chunks(
    recordings: Iterator[prepared.Recording], samples: float
) -> Iterator[list[prepared.Recording]]:
    chunk: list[prepared.Recording] = []
    size = 0
    for recording in recordings:
        chunk.append(recording)
        size += recording[1].size
        if size >= samples:
            yield chunk
            chunk, size = [], 0
    if chunk:
        yield chunk


def _encoded(
    name: str,
    number: int,
    chunk: Sequence[prepared.Recording],
    folder: pathlib.Path,
    rate: int,
    kbps: float,
) -> PackedFile:
    """Writes one file of recordings; room impulse responses are kept without loss."""
    lossy = name != "rir"
    gap = GAP if lossy else 0
    path = folder / f"{name}-{number:03d}.{'opus' if lossy else 'flac'}"
    silence: npt.NDArray[np.int16] = np.zeros(gap, np.int16)
    audio = np.concatenate([piece for _, samples in chunk for piece in (samples, silence)])
    if lossy:
        codec.write_opus(path, audio, rate, kbps)
    else:
        codec.write_flac(path, audio, rate)
    groups = tuple(group for group, _ in chunk)
    return _entry(path, name, gap, groups, tuple(samples.size for _, samples in chunk))


def _validation(
    data_dir: pathlib.Path, index: Index, data: DataConfig, folder: pathlib.Path, count: int
) -> list[PackedFile]:
    if not count:
        return []
    mixtures = prepared.validation_mixtures(data_dir, data, count)
    files = []
    for name in VALIDATION_SETS:
        rows = mixtures[name.removeprefix("validation_")]
        path = folder / f"{name}.flac"
        codec.write_flac(path, rows.reshape(-1), index.sample_rate, "PCM_24")
        groups = tuple(str(number) for number in range(len(rows)))
        files.append(_entry(path, name, 0, groups, (rows.shape[1],) * len(rows)))
    return files


def _entry(
    path: pathlib.Path, name: str, gap: int, groups: tuple[str, ...], samples: tuple[int, ...]
) -> PackedFile:
    size = path.stat().st_size
    return PackedFile(path.name, name, size, sha256_of(path), gap, groups, samples)


def _deal(
    files: Sequence[PackedFile], index: Index, folder: pathlib.Path, settings: PackSettings
) -> list[Part]:
    """Moves the files into parts, in order, and writes the manifests."""
    dealt = _dealt(files, settings.part_mb * MEGABYTE - _MANIFEST_BYTES)
    identity = json.dumps([index.plan, dataclasses.asdict(settings), [f.sha256 for f in files]])
    pack_id = hashlib.sha256(identity.encode()).hexdigest()
    parts = []
    for number, members in enumerate(dealt, start=1):
        part = Part(pack_id, number, len(dealt), index.sample_rate, tuple(members))
        place = part_folder(folder, number)
        place.mkdir()
        for member in members:
            (folder / member.file).rename(place / member.file)
        part.write(place)
        parts.append(part)
    return parts


def _dealt(files: Sequence[PackedFile], limit: float) -> list[list[PackedFile]]:
    dealt: list[list[PackedFile]] = [[]]
    for file in files:
        if file.bytes > limit:
            raise ConfigError(
                f"`part_mb` must be at least {(file.bytes + _MANIFEST_BYTES) / MEGABYTE:.1f}, so "
                f"that {file.file} fits; or lower --chunk_s."
            )
        if sum(member.bytes for member in dealt[-1]) + file.bytes > limit:
            dealt.append([])
        dealt[-1].append(file)
    return dealt
