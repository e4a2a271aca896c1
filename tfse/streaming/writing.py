"""Writes recordings that appear whole or not at all."""

from __future__ import annotations

import contextlib
import errno
import io
import os
import pathlib
import uuid
from collections.abc import Iterator
from types import TracebackType
from typing import BinaryIO

import soundfile

from tfse.errors import AudioError
from tfse.streaming.layout import Layout
from tfse.streaming.sequential import SequentialFile
from tfse.streaming.step import Samples

# Containers whose header counts bytes in 32 bits.
_SMALL_CONTAINERS = ("AIFF", "AU", "AVR", "SVX", "WAV", "WAVEX")
_SMALL_BYTES = 2**32 - 2**16


class AudioWriter:
    """Encodes samples into a binary file that is open and can seek.

    A context manager that completes the file, or gives it up after an error.
    All but floating-point formats are clipped at full scale, never wrapped.

    Args:
        file: receives the bytes, without a buffer of its own; stays open.
        layout: what is written.
        texts: title, artist and the like, by libsndfile's name for them.

    Attributes:
        clipped: samples so far that were beyond full scale.

    Raises:
        AudioError: the format does not take this rate or number of channels.
    """

    def __init__(self, file: BinaryIO, layout: Layout, texts: dict[str, str] | None = None) -> None:
        """Writes the header."""
        self.clipped = 0
        self._layout = layout
        self._bytes = _Bytes(file, _SMALL_BYTES if layout.format in _SMALL_CONTAINERS else None)
        try:
            self._file = SequentialFile(
                self._bytes,
                "w",
                layout.sample_rate,
                layout.channels,
                layout.subtype,
                layout.endian,
                layout.format,
            )
        except soundfile.SoundFileError as error:
            self._bytes.check()
            raise AudioError(
                f"{layout.format} with {layout.subtype} cannot be written at {layout.sample_rate} "
                f"Hz with {layout.channels} channels"
            ) from error
        for name, text in (texts or {}).items():
            setattr(self._file, name, text)

    def write(self, samples: Samples) -> None:
        """Encodes the next samples, `[samples, channels]`.

        Raises:
            OSError: the disk is full, or the container is.
        """
        self.clipped += self._layout.clipped(samples)
        # soundfile asserts that all was written; the reason is in the bytes.
        with contextlib.suppress(AssertionError):
            self._file.write(self._layout.storable(samples))
        self._bytes.check()

    def __enter__(self) -> AudioWriter:
        """Returns the writer."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Completes the header and hands every byte to the file.

        Raises:
            OSError: the disk is full.
        """
        self._file.close()
        if error is None:
            self._bytes.check()


class _Bytes:
    """Between libsndfile and a file: keeps an error that C would swallow.

    libsndfile calls back into Python for every write, where an exception goes
    nowhere, and it tells nothing at all of a header that could not be
    completed. So the first error is kept, and raised by `check`.
    """

    def __init__(self, file: BinaryIO, limit: int | None) -> None:
        self._file = file
        self._limit = limit
        self._error: OSError | None = None

    def check(self) -> None:
        if self._error is not None:
            raise self._error

    def write(self, data: bytes) -> int:
        try:
            if self._limit is not None and self._file.tell() + len(data) > self._limit:
                raise OSError(errno.EFBIG, "this format holds 4 GB at most; choose RF64 or W64")
            write_all(self._file, data)
            return len(data)
        except OSError as error:
            self._error = self._error or error
            return 0

    def read(self, size: int = -1) -> bytes:
        return self._file.read(size)

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        return self._file.seek(offset, whence)

    def tell(self) -> int:
        return self._file.tell()


@contextlib.contextmanager
def atomic(target: pathlib.Path) -> Iterator[BinaryIO]:
    """Opens a file that takes its name only when all went well.

    It is written beside the target and renamed at the end; after any error,
    Ctrl-C too, nothing is left of it and an older target is untouched.

    Args:
        target: the file that appears; folders above it are made. A file that is
            replaced leaves its permissions to the new one, and a link to a
            file stays a link.

    Yields:
        A binary file, open for writing and reading.

    Raises:
        OSError: it cannot be written, or a device, a pipe or the like stands there,
            which a file must not replace.
    """
    target = target.resolve()
    if is_special(target):
        raise OSError(errno.EINVAL, "not a regular file, so it is not replaced", str(target))
    target.parent.mkdir(parents=True, exist_ok=True)
    part = target.parent / f".tfse-{uuid.uuid4().hex}.part"
    try:
        with _created(part) as file:
            if target.exists():
                os.fchmod(file.fileno(), target.stat().st_mode & 0o7777)
            yield file
            os.fsync(file.fileno())
        part.replace(target)
    finally:
        part.unlink(missing_ok=True)


def is_special(path: pathlib.Path) -> bool:
    """Tells whether a path, or what it links to, is there and neither file nor folder."""
    return path.exists() and not path.is_file() and not path.is_dir()


def write_all(file: BinaryIO, data: bytes) -> None:
    """Writes every byte to a file without a buffer, where one call may write fewer.

    Raises:
        OSError: the disk is full.
    """
    rest = memoryview(data)
    while rest:
        rest = rest[file.write(rest) :]


def _created(part: pathlib.Path) -> BinaryIO:
    try:
        # A buffer would tell of a full disk later, from within calls of C.
        return part.open("x+b", buffering=0)
    except OSError as error:
        # The user knows the folder, and not the name of the part.
        raise OSError(error.errno, error.strerror, str(part.parent)) from error
