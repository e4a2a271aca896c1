"""Reads recordings block by block, and says in a line why one cannot be read."""

from __future__ import annotations

import os
import pathlib
import re
import stat
from collections.abc import Iterator
from types import TracebackType
from typing import BinaryIO, Protocol

import soundfile

from tfse.errors import AudioError
from tfse.streaming.layout import Layout
from tfse.streaming.sequential import SequentialFile
from tfse.streaming.step import Samples

# A block holds so much audio at most, and so many values, all channels
# together: memory stays the same whatever the rate and the number of channels.
_BLOCK_S = 1.0
_BLOCK_VALUES = 1 << 17

# How libsndfile notes that a header claims more bytes than the file has.
_SHORT_DATA = re.compile(r"^\s*(?:data|SSND)\s*: (\d+) \(should be (\d+)\)", re.MULTILINE)

# What libsndfile says in words that are true of its code and not of the file.
_CLEARER = {
    "internal error : sf_info struct incomplete": "the header has no valid sample rate",
    "file does not exist or is not a regular file (possibly a pipe?)": "no audio could be found",
}


class Source(Protocol):
    """A recording that is read once, from its beginning to its end."""

    #: How the recording is stored.
    layout: Layout
    #: What was wrong but could be worked around; complete after the last block.
    notes: list[str]

    def blocks(self) -> Iterator[Samples]:
        """Gives the samples, float32 `[samples, channels]`."""


class FileSource:
    """A recording in a file; a context manager that closes it.

    Args:
        file: a path, or an open binary file that can seek.
        name: what the file is called in messages.

    Raises:
        AudioError: it is missing, no regular file, unreadable, not audio or
            without samples.
    """

    def __init__(self, file: pathlib.Path | BinaryIO) -> None:
        """Reads the header."""
        if isinstance(file, pathlib.Path):
            require_readable(file)
        try:
            self._file = SequentialFile(file)
        except (soundfile.SoundFileError, OSError, TypeError, ValueError) as error:
            raise AudioError(f"not readable as audio: {_reason(error)}") from error
        self.layout = Layout(
            self._file.samplerate,
            self._file.channels,
            self._file.format,
            self._file.subtype,
            self._file.endian,
        )
        self.notes: list[str] = _notes(self._file)
        if self._file.frames == 0:
            self._file.close()
            raise AudioError("there are no samples in it")

    @property
    def duration_s(self) -> float:
        """Length in seconds, as the header claims."""
        return float(self._file.frames / self.layout.sample_rate)

    @property
    def texts(self) -> dict[str, str]:
        """Title, artist and the like, by the name that libsndfile gives them."""
        return self._file.copy_metadata()

    def blocks(self) -> Iterator[Samples]:
        """Gives the samples, float32 `[samples, channels]`.

        Raises:
            AudioError: the file breaks off in a way its decoder cannot follow.
        """
        size = min(int(_BLOCK_S * self.layout.sample_rate), _BLOCK_VALUES // self.layout.channels)
        read = 0
        while len(block := self._block(max(1, size), read)):
            read += len(block)
            yield block
        if not read:
            raise AudioError("none of its samples can be decoded")
        if read < self._file.frames:
            self.notes.append(f"{self._file.frames} samples are claimed, {read} are there")

    def __enter__(self) -> FileSource:
        """Returns the source."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Closes the file."""
        self._file.close()

    def _block(self, size: int, read: int) -> Samples:
        try:
            return self._file.read(size, dtype="float32", always_2d=True)
        except (soundfile.SoundFileError, OSError) as error:
            raise AudioError(f"damaged after {read} samples: {_reason(error)}") from error


def require_readable(path: pathlib.Path) -> None:
    """Refuses, with the reason, what libsndfile would refuse without one.

    Raises:
        AudioError: nothing there, a folder, a pipe, empty, or not ours to read.
    """
    try:
        status = path.stat()
        if stat.S_ISDIR(status.st_mode):
            raise AudioError("a folder stands where a file is expected")
        if not stat.S_ISREG(status.st_mode):
            raise AudioError("not a regular file; pipe it into standard input, which is `-`")
        os.close(os.open(path, os.O_RDONLY))
    except OSError as error:
        raise AudioError(f"{(error.strerror or str(error)).lower()}") from error
    if status.st_size == 0:
        raise AudioError("the file is empty")


def _notes(file: soundfile.SoundFile) -> list[str]:
    short = _SHORT_DATA.search(file.extra_info)
    if short is None:
        return []
    claimed, there = (int(size) for size in short.groups())
    if there >= claimed:
        return []
    return [f"the header claims {claimed} bytes of audio, {there} are there"]


def _reason(error: Exception) -> str:
    """The library's own words, without the path that stands in the line anyway."""
    text = " ".join(str(error).split())
    text = text.partition("': ")[2] or text.partition(">: ")[2] or text
    words = text.rstrip(".").lower() or type(error).__name__
    return _CLEARER.get(words, words)
