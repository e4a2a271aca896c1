"""Format of a pack: the files of each part, what they hold, and their checksums.

A pack is a folder of parts `part-1`, `part-2`, ... that are transferred one by one. Each part
holds a few files of concatenated recordings and a manifest `part.json`. Recordings
stand in the order of their groups, over all parts.
"""

from __future__ import annotations

import dataclasses
import json
import pathlib
from collections.abc import Sequence
from typing import Any

from tfse.errors import DataError
from tfse.files import sha256_of

FORMAT = "tfse-pack-1"
MANIFEST = "part.json"
# Silence after every recording of a lossy file, samples: a frame of Opus at the declared
# rate (see `codec`), so that no recording leaks into the next.
GAP = 480

#: Recordings for training; a room impulse response is a recording too.
SETS = ("speech", "noise", "rir")
#: The two waveforms of the fixed validation mixtures.
VALIDATION_SETS = ("validation_noisy", "validation_clean")


@dataclasses.dataclass(frozen=True)
class PackedFile:
    """File of a part.

    Attributes:
        file: name in the part.
        set: one of `SETS` or `VALIDATION_SETS`.
        bytes: size.
        sha256: checksum, hexadecimal.
        gap: silence after every recording, samples.
        groups: speaker, noise recording or room of each recording.
        samples: length of each recording.
    """

    file: str
    set: str
    bytes: int
    sha256: str
    gap: int
    groups: tuple[str, ...]
    samples: tuple[int, ...]

    @property
    def total_samples(self) -> int:
        """Length of the file, gaps included."""
        return sum(self.samples) + self.gap * len(self.samples)


@dataclasses.dataclass(frozen=True)
class Part:
    """Manifest of one part of a pack.

    Attributes:
        pack: checksum that all parts of a pack share.
        part: number of the part, from 1.
        parts: number of parts.
        sample_rate: sample rate of all files, Hz.
        files: files of the part, in order.
    """

    pack: str
    part: int
    parts: int
    sample_rate: int
    files: tuple[PackedFile, ...]

    def write(self, folder: pathlib.Path) -> None:
        """Writes the manifest."""
        value = {"format": FORMAT, **dataclasses.asdict(self)}
        (folder / MANIFEST).write_text(json.dumps(value), encoding="utf-8")


def part_folder(packed: pathlib.Path, number: int) -> pathlib.Path:
    """Returns the folder of a part."""
    return packed / f"part-{number}"


def read_parts(packed: pathlib.Path) -> list[Part]:
    """Reads all manifests of a pack and checks that its parts belong together.

    Raises:
        DataError: the folder holds no part, one is missing, or one is of another pack.
    """
    folders = sorted(path for path in packed.glob("part-*") if path.is_dir())
    if not folders:
        raise DataError(f"`packed_dir` must hold part-1; received {packed}, which has no part.")
    parts = sorted((_read(folder) for folder in folders), key=lambda part: part.part)
    numbers = [part.part for part in parts]
    wanted = list(range(1, parts[0].parts + 1))
    if numbers != wanted:
        raise DataError(
            f"{packed} holds parts {numbers} of {len(wanted)}; carry the missing parts again."
        )
    for part in parts:
        if part.pack != parts[0].pack:
            raise DataError(f"{packed}/part-{part.part} belongs to another pack than part-1.")
    return parts


def check_file(folder: pathlib.Path, packed: PackedFile) -> None:
    """Checks size and checksum of one file.

    Raises:
        DataError: the file is missing, truncated or changed.
    """
    path = folder / packed.file
    if not path.is_file():
        raise DataError(f"{path} is missing; carry the part again.")
    if path.stat().st_size != packed.bytes:
        raise DataError(
            f"{path} has {path.stat().st_size} bytes in place of {packed.bytes}: truncated? "
            "Carry the part again."
        )
    if sha256_of(path) != packed.sha256:
        raise DataError(f"{path} has another checksum than its manifest; carry the part again.")


def _read(folder: pathlib.Path) -> Part:
    path = folder / MANIFEST
    try:
        value: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        if value.pop("format") != FORMAT:
            raise ValueError("another format")
        files = tuple(_file(entry) for entry in value.pop("files"))
        return Part(**value, files=files)
    except FileNotFoundError as error:
        raise DataError(f"{path} is missing; carry the part again.") from error
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise DataError(f"{path} cannot be read: {error}; carry the part again.") from error


def _file(value: dict[str, Any]) -> PackedFile:
    groups: Sequence[str] = value["groups"]
    return PackedFile(**{**value, "groups": tuple(groups), "samples": tuple(value["samples"])})
