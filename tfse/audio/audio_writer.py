"""Recordings that are encoded into an open file."""

from __future__ import annotations

import contextlib
import errno
import io
from types import TracebackType
from typing import BinaryIO

import soundfile

from tfse.audio.layout import Layout
from tfse.audio.sequential_file import SequentialFile
from tfse.errors import AudioError
from tfse.files import write_all
from tfse.types import Samples

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
        texts: title, artist and the like, by libsndfile's name for them. What the
            container does not take is left out.

    Attributes:
        notes: what is not as in the samples and texts that came; complete after the end.

    Raises:
        AudioError: the format does not take this rate or number of channels.
    """

    def __init__(self, file: BinaryIO, layout: Layout, texts: dict[str, str] | None = None) -> None:
        self.notes: list[str] = []
        self._clipped = 0
        self._written = 0
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
        unsupported = [name for name, text in (texts or {}).items() if not self._tell(name, text)]
        if unsupported:
            self.notes.append(f"{layout.format} does not take the texts: {', '.join(unsupported)}")

    def write(self, samples: Samples) -> None:
        """Encodes the next samples, `[samples, channels]`.

        Raises:
            OSError: the disk is full, or the container is.
        """
        self._clipped += self._layout.clipped(samples)
        self._written += len(samples)
        # soundfile asserts that all was written; the reason is in the bytes.
        with contextlib.suppress(AssertionError):
            self._file.write(self._layout.storable(samples))
        self._bytes.check()

    def __enter__(self) -> AudioWriter:
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
        if error is not None:
            return
        self._bytes.check()
        if self._clipped:
            self.notes.append(
                f"{self._clipped} samples beyond full scale were clipped; "
                "the subtype FLOAT keeps them"
            )
        self._compare_lengths()

    def _tell(self, name: str, text: str) -> bool:
        try:
            setattr(self._file, name, text)
        except (soundfile.SoundFileError, UnicodeEncodeError):
            return False
        return True

    def _compare_lengths(self) -> None:
        """Notes what a codec of whole blocks appended; the length is known from the file alone."""
        self._bytes.seek(0)
        with SequentialFile(self._bytes) as written:
            added = written.frames - self._written
        if added:
            layout = self._layout
            self.notes.append(
                f"{layout.format} with {layout.subtype} stores whole blocks: "
                f"{added} samples of silence were appended"
            )


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
        try:
            return self._file.seek(offset, whence)
        except OSError as error:
            self._error = self._error or error
            return -1

    def tell(self) -> int:
        return self._file.tell()
