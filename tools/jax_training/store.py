"""Store: the recordings of a pack, decoded, as memory-mapped int16 with index arrays.

A store is a folder: `store.json`, and for each set `NAME.npy` (int16, all recordings one
after the other), `NAME_samples.npy` and `NAME_groups.npy` (int32, one number for each
recording; recordings of a group are adjacent); `noisy.npy` and `clean.npy` (float32
[mixtures, samples]) for validation.
"""

from __future__ import annotations

import dataclasses
import json
import pathlib
from typing import Any

import numpy as np
import numpy.typing as npt

from tfse.errors import DataError

FORMAT = "tfse-store-1"
DESCRIPTION = "store.json"


@dataclasses.dataclass(frozen=True)
class AudioSet:
    """Recordings of one set.

    Attributes:
        audio: int16 [total samples].
        samples: int32 [recordings], lengths.
        groups: int32 [recordings], increasing from 0.
    """

    audio: npt.NDArray[np.int16]
    samples: npt.NDArray[np.int32]
    groups: npt.NDArray[np.int32]

    @property
    def starts(self) -> npt.NDArray[np.int64]:
        """Start of each recording in `audio`."""
        return np.cumsum(self.samples, dtype=np.int64) - self.samples

    @property
    def group_sizes(self) -> npt.NDArray[np.int64]:
        """Number of recordings of each group."""
        return np.bincount(self.groups)

    @property
    def group_starts(self) -> npt.NDArray[np.int64]:
        """The first recording of each group."""
        return np.cumsum(self.group_sizes) - self.group_sizes


@dataclasses.dataclass(frozen=True)
class Store:
    """Data of a training.

    Attributes:
        sample_rate: in Hz.
        speech: recordings of speech; groups are speakers.
        noise: recordings of noise, None if there are none.
        rir: room impulse responses; groups are rooms; None if there are none.
        noisy: validation mixtures, float32 [mixtures, samples]; none for [0, 0].
        clean: their targets.
    """

    sample_rate: int
    speech: AudioSet
    noise: AudioSet | None
    rir: AudioSet | None
    noisy: npt.NDArray[np.float32]
    clean: npt.NDArray[np.float32]


def write_description(folder: pathlib.Path, sample_rate: int) -> None:
    """Writes the description of a store."""
    value = {"format": FORMAT, "sample_rate": sample_rate}
    (folder / DESCRIPTION).write_text(json.dumps(value), encoding="utf-8")


def read_store(folder: pathlib.Path) -> Store:
    """Opens a store; its audio stays on the disk until it is read.

    Raises:
        DataError: the folder is not a whole store.
    """
    try:
        value: dict[str, Any] = json.loads((folder / DESCRIPTION).read_text(encoding="utf-8"))
        if value["format"] != FORMAT:
            raise ValueError(f"its format is {value['format']!r}")
        speech = _read_set(folder, "speech")
        if speech is None:
            raise ValueError("it holds no speech")
        return Store(
            sample_rate=int(value["sample_rate"]),
            speech=speech,
            noise=_read_set(folder, "noise"),
            rir=_read_set(folder, "rir"),
            noisy=np.load(folder / "noisy.npy"),
            clean=np.load(folder / "clean.npy"),
        )
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise DataError(
            f"`data` must be a store that `unpack` made; received {folder}: {error}."
        ) from error


def _read_set(folder: pathlib.Path, name: str) -> AudioSet | None:
    path = folder / f"{name}.npy"
    if not path.exists():
        return None
    audio = np.load(path, mmap_mode="r")
    samples, groups = (np.load(folder / f"{name}_{what}.npy") for what in ("samples", "groups"))
    if audio.size != samples.sum():
        raise ValueError(f"{path.name} has {audio.size} samples in place of {samples.sum()}")
    return AudioSet(audio, samples, groups)
