"""Layout: container, number format, sample rate and channels of a recording."""

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

# Suffixes that differ from the name of their container.
_OTHER_SUFFIXES = {
    "AIF": "AIFF",
    "AIFC": "AIFF",
    "OGA": "OGG",
    "OPUS": "OGG",
    "SND": "AU",
    "SPH": "NIST",
    "WAVE": "WAV",
}
# Suffixes that stand for one of several codecs of their container.
_SUBTYPES = {"OGA": "VORBIS", "OGG": "VORBIS", "OPUS": "OPUS"}
#: Default number format of each container.
DEFAULT_SUBTYPES: dict[str, str] = {
    name: soundfile.default_subtype(name)
    for name in soundfile.available_formats()
    if name != "RAW"  # has no default
}
# Number formats that hold values beyond full scale; all others are clipped.
_UNBOUNDED = ("FLOAT", "DOUBLE", "VORBIS", "OPUS")
# Number formats that hold all values of another, or nearly; the nearest first.
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
# Has a second file, `._NAME`, which a trial would leave behind.
_TWO_FILE_CONTAINER = "SD2"
# Bits of the integer formats.
_BITS = {
    **{"PCM_S8": 8, "PCM_U8": 8, "PCM_16": 16, "PCM_24": 24, "PCM_32": 32},
    **{"ALAC_16": 16, "ALAC_20": 20, "ALAC_24": 24, "ALAC_32": 32},
}


@dataclasses.dataclass(frozen=True)
class Layout:
    """Storage format of samples, in libsndfile's terms.

    Attributes:
        sample_rate: in Hz.
        channels: at least 1.
        format: container, such as "WAV" or "FLAC".
        subtype: number format, such as "PCM_16" or "FLOAT".
        endian: byte order; "FILE" for the container's own.
    """

    sample_rate: int
    channels: int
    format: str
    subtype: str
    endian: str = "FILE"

    def clipped(self, samples: Samples) -> int:
        """Returns how many samples `storable` clips by more than half a 16-bit step."""
        if self.subtype in _UNBOUNDED:
            return 0
        return int(np.count_nonzero(np.abs(samples) > 1.0 + 2.0**-16))

    def limited(self, samples: Samples) -> Samples:
        """Returns samples clipped at full scale if the number format ends there."""
        return samples if self.subtype in _UNBOUNDED else np.clip(samples, -1.0, 1.0)

    def storable(self, samples: Samples) -> npt.NDArray[Any]:
        """Returns samples in the form that libsndfile receives.

        Integers are rounded to the nearest step and clipped here: libsndfile
        rounds down, which changes every second sample of an unprocessed
        recording, and its companded formats wrap. It uses the highest bits of
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

        The number format stays if libsndfile writes it in the container; if not, it becomes the
        nearest one that holds all values, or else the container's default.

        Args:
            format: container; None for the same.
            subtype: number format; None for the same.

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
        default = DEFAULT_SUBTYPES.get(container, self.subtype)
        endian = self.endian if container == self.format else "FILE"
        for subtype in (self.subtype, *_NEAREST.get(self.subtype, ())):
            if _can_be_written(container, subtype, endian):
                return subtype
        return default


def require_known_format(format: str | None, subtype: str | None) -> None:
    """Checks that libsndfile knows a container and number format.

    Raises:
        ConfigError: it does not know one of them, or not the combination.
    """
    if format is not None:
        container = format.upper()
        _require_writable(container, subtype or DEFAULT_SUBTYPES.get(container, ""))
    elif subtype is not None and subtype.upper() not in soundfile.available_subtypes():
        raise ConfigError(f"`subtype` must be one that libsndfile knows; received {subtype}.")


def format_of(path: pathlib.Path) -> str | None:
    """Returns the container for a file's suffix; None if there is none."""
    suffix = path.suffix[1:].upper()
    container = _OTHER_SUFFIXES.get(suffix, suffix)
    return container if container in DEFAULT_SUBTYPES else None


def subtype_of(path: pathlib.Path) -> str | None:
    """Returns the codec for a file's suffix; None for the container's default."""
    return _SUBTYPES.get(path.suffix[1:].upper())


def require_known_suffix(path: pathlib.Path) -> None:
    """Checks that a file's suffix, if any, stands for a container.

    Raises:
        ConfigError: libsndfile has no container for the suffix.
    """
    if path.suffix and format_of(path) is None:
        raise ConfigError(
            "an output must have the suffix of a container that libsndfile writes, such as .wav, "
            f".flac, .ogg, .opus or .mp3, or a `format` must be given; received {path.name}."
        )


@functools.cache
def _can_be_written(container: str, subtype: str, endian: str) -> bool:
    """Returns the result of a trial: libsndfile accepts some pairs that it cannot write."""
    if not soundfile.check_format(container, subtype, endian):
        return False
    if container == _TWO_FILE_CONTAINER:
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
