"""What a recording is kept in: container, number format, rate and channels."""

from __future__ import annotations

import dataclasses
import functools
import io
import pathlib
from typing import Any

import numpy as np
import numpy.typing as npt
import soundfile

from tfse.errors import ConfigError
from tfse.types import Samples

# Endings that are not the name of their container.
_OTHER_SUFFIXES = {
    "AIF": "AIFF",
    "AIFC": "AIFF",
    "OGA": "OGG",
    "OPUS": "OGG",
    "SND": "AU",
    "SPH": "NIST",
    "WAVE": "WAV",
}
# Endings that stand for one of several codecs of their container.
_SUBTYPES = {"OGA": "VORBIS", "OGG": "VORBIS", "OPUS": "OPUS"}
#: The number format that a container has unless one is chosen.
USUAL_SUBTYPES: dict[str, str] = {
    name: soundfile.default_subtype(name)
    for name in soundfile.available_formats()
    if name != "RAW"  # which has no usual one
}
# Number formats that hold values beyond full scale; all others are clipped.
_UNBOUNDED = ("FLOAT", "DOUBLE", "VORBIS", "OPUS")
# What holds all values of a number format, or nearly, the nearest first.
_NEAREST: dict[str, tuple[str, ...]] = {
    "DOUBLE": ("FLOAT", "PCM_32", "PCM_24"),
    "FLOAT": ("DOUBLE", "PCM_24", "PCM_32"),
    "PCM_32": ("ALAC_32", "DOUBLE", "FLOAT", "PCM_24"),
    "PCM_24": ("ALAC_24", "PCM_32", "FLOAT"),
    "PCM_16": ("ALAC_16", "PCM_24"),
    "PCM_S8": ("PCM_U8", "PCM_16"),
    "PCM_U8": ("PCM_S8", "PCM_16"),
    "ALAC_32": ("PCM_32", "FLOAT", "PCM_24"),
    "ALAC_24": ("PCM_24", "PCM_32"),
    "ALAC_20": ("PCM_24", "PCM_32"),
    "ALAC_16": ("PCM_16",),
    "ULAW": ("ALAW", "PCM_16"),
    "ALAW": ("ULAW", "PCM_16"),
}
# Keeps a part of itself in a file of its own, `._NAME`, which a trial would leave behind.
_ON_DISK = "SD2"
# Integer formats by their bits.
_BITS = {
    **{"PCM_S8": 8, "PCM_U8": 8, "PCM_16": 16, "PCM_24": 24, "PCM_32": 32},
    **{"ALAC_16": 16, "ALAC_20": 20, "ALAC_24": 24, "ALAC_32": 32},
}


@dataclasses.dataclass(frozen=True)
class Layout:
    """How samples are stored, in the words of libsndfile.

    Attributes:
        sample_rate: in Hz.
        channels: one upwards.
        format: container, as "WAV" or "FLAC".
        subtype: number format, as "PCM_16" or "FLOAT".
        endian: byte order; "FILE" for the container's own.
    """

    sample_rate: int
    channels: int
    format: str
    subtype: str
    endian: str = "FILE"

    def clipped(self, samples: Samples) -> int:
        """Returns how many samples `storable` clips by more than half a step of 16 bits."""
        if self.subtype in _UNBOUNDED:
            return 0
        return int(np.count_nonzero(np.abs(samples) > 1.0 + 2.0**-16))

    def limited(self, samples: Samples) -> Samples:
        """Returns samples clipped at full scale where the number format ends there."""
        return samples if self.subtype in _UNBOUNDED else np.clip(samples, -1.0, 1.0)

    def storable(self, samples: Samples) -> npt.NDArray[Any]:
        """Returns samples as libsndfile is to get them.

        Integers are rounded to the nearest step and clipped here: libsndfile
        rounds down, which moves every second sample of a recording that nothing
        was done to, and its companded formats wrap. It takes the highest bits of
        int32.

        Shapes:
            float32 `[samples, channels]` -> the same, float32 or int32.
        """
        bits = _BITS.get(self.subtype)
        if bits is None:
            return self.limited(samples)
        steps = 2.0 ** (bits - 1)
        integers = np.rint(samples.astype(np.float64) * steps).clip(-steps, steps - 1)
        return integers.astype(np.int32) << (32 - bits)

    def converted(self, format: str | None, subtype: str | None) -> Layout:
        """Returns the layout in another container or number format.

        The number format stays if libsndfile writes it in the container; if not, it is the
        nearest that holds all values of the old one, or else the container's usual one.

        Args:
            format: None for the same container.
            subtype: None for the same number format.

        Raises:
            ConfigError: libsndfile does not write this combination.
        """
        container = (format or self.format).upper()
        new = dataclasses.replace(
            self,
            format=container,
            subtype=subtype.upper() if subtype else self._subtype_in(container),
            endian=self.endian if container == self.format else "FILE",
        )
        _require_writable(new.format, new.subtype, new.endian)
        return new

    def _subtype_in(self, container: str) -> str:
        usual = USUAL_SUBTYPES.get(container, self.subtype)
        endian = self.endian if container == self.format else "FILE"
        for subtype in (self.subtype, *_NEAREST.get(self.subtype, ())):
            if _can_be_written(container, subtype, endian):
                return subtype
        return usual


def require_known(format: str | None, subtype: str | None) -> None:
    """Refuses what no recording can be stored in.

    Raises:
        ConfigError: libsndfile does not know one of them, or not both together.
    """
    if format is not None:
        container = format.upper()
        _require_writable(container, subtype or USUAL_SUBTYPES.get(container, ""))
    elif subtype is not None and subtype.upper() not in soundfile.available_subtypes():
        raise ConfigError(f"`subtype` must be one that libsndfile knows; received {subtype}.")


def format_of(path: pathlib.Path) -> str | None:
    """Returns the container that a file's ending stands for, None if it stands for none."""
    suffix = path.suffix[1:].upper()
    container = _OTHER_SUFFIXES.get(suffix, suffix)
    return container if container in USUAL_SUBTYPES else None


def subtype_of(path: pathlib.Path) -> str | None:
    """Returns the codec that a file's ending stands for, None if its container's would do."""
    return _SUBTYPES.get(path.suffix[1:].upper())


def require_meaning(path: pathlib.Path) -> None:
    """Refuses an ending that stands for no container, as a file of a wrong kind would result.

    Raises:
        ConfigError: there is an ending, and libsndfile has no container for it.
    """
    if path.suffix and format_of(path) is None:
        raise ConfigError(
            f"an output must have an ending that libsndfile has a container for, such as .wav, "
            f".flac, .ogg, .opus or .mp3, or a `format` that is chosen; received {path.name}."
        )


@functools.cache
def _can_be_written(container: str, subtype: str, endian: str) -> bool:
    """Tells by trial: libsndfile allows some pairs, as MP3 in WAV, and then writes none."""
    if not soundfile.check_format(container, subtype, endian):
        return False
    if container == _ON_DISK:
        return True
    try:
        with soundfile.SoundFile(io.BytesIO(), "w", 48_000, 1, subtype, endian, container):
            return True
    except soundfile.SoundFileError:
        return False


def _require_writable(container: str, subtype: str, endian: str = "FILE") -> None:
    if not _can_be_written(container, subtype, endian):
        raise ConfigError(
            "the output must be a format and subtype that libsndfile writes; received "
            f"{container}{f' with {subtype}' if subtype else ''}."
        )
