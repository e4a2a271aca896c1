"""Audio writer: encodes samples into an open file."""

from __future__ import annotations

import contextlib
import errno
import io
from types import TracebackType
from typing import BinaryIO

import soundfile

from tfse.audio.layout import Layout
from tfse.audio.metadata.metadata_transfer import MetadataTransfer
from tfse.audio.sequential_file import SequentialFile
from tfse.errors import AudioError
from tfse.files import write_all
from tfse.types import Samples

# Containers whose header counts bytes in 32 bits.
_SMALL_CONTAINERS = ("AIFF", "AU", "AVR", "SVX", "WAV", "WAVEX")
_SMALL_BYTES = 2**32 - 2**16


class AudioWriter:
    """Encoder of samples into an open binary file that can seek.

    A context manager that completes the file, or abandons it after an error.
    All but floating-point formats are clipped at full scale, never wrapped.

    Args:
        file: unbuffered binary file; stays open.
        layout: format of the file.
        tags: title, artist and the like, by libsndfile's names. Tags that the
            container does not support are left out.
        metadata: everything else, added to the complete file; its texts replace `tags`.

    Attributes:
        notes: differences between the file and the samples and metadata; complete at the end.

    Raises:
        AudioError: the format does not support this rate or number of channels.
    """

    def __init__(
        self,
        file: BinaryIO,
        layout: Layout,
        tags: dict[str, str] | None = None,
        metadata: MetadataTransfer | None = None,
    ) -> None:
        self.notes: list[str] = []
        self._target = file
        self._metadata = metadata
        self._clipped = 0
        self._written = 0
        self._layout = layout
        self._output = _ErrorKeepingFile(
            file, _SMALL_BYTES if layout.format in _SMALL_CONTAINERS else None
        )
        try:
            self._file = SequentialFile(
                self._output,
                "w",
                layout.sample_rate,
                layout.channels,
                layout.subtype,
                layout.endian,
                layout.format,
            )
        except soundfile.SoundFileError as error:
            self._output.check()
            raise AudioError(
                f"{layout.format} with {layout.subtype} cannot be written at {layout.sample_rate} "
                f"Hz with {layout.channels} channels"
            ) from error
        texts = (tags or {}) if metadata is None else metadata.texts
        unsupported = [name for name, text in texts.items() if not self._set_tag(name, text)]
        if unsupported:
            self.notes.append(f"{layout.format} does not store the tags: {', '.join(unsupported)}")

    def write(self, samples: Samples) -> None:
        """Encodes the next samples, `[samples, channels]`.

        Raises:
            OSError: the disk or the container is full.
        """
        self._clipped += self._layout.clipped(samples)
        self._written += len(samples)
        # soundfile asserts that all was written; `check` raises the reason.
        with contextlib.suppress(AssertionError):
            self._file.write(self._layout.storable(samples))
        self._output.check()

    def __enter__(self) -> AudioWriter:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Completes the file.

        Raises:
            OSError: the disk is full.
        """
        self._file.close()
        if error is not None:
            return
        self._output.check()
        if self._clipped:
            self.notes.append(
                f"{self._clipped} samples beyond full scale were clipped; "
                "the subtype FLOAT keeps them"
            )
        self._note_padding()
        if self._metadata is not None:
            self._metadata.apply(self._target)
            self.notes += self._metadata.notes

    def _set_tag(self, name: str, text: str) -> bool:
        try:
            setattr(self._file, name, text)
        except (soundfile.SoundFileError, UnicodeEncodeError):
            return False
        return True

    def _note_padding(self) -> None:
        """Notes samples that a codec of whole blocks appended; only the file has its length."""
        self._output.seek(0)
        with SequentialFile(self._output) as written:
            added = written.frames - self._written
        if added:
            layout = self._layout
            self.notes.append(
                f"{layout.format} with {layout.subtype} stores whole blocks: "
                f"{added} samples of silence were appended"
            )


class _ErrorKeepingFile:
    """Binary file for libsndfile that keeps the first error.

    libsndfile calls back into Python for every write and loses exceptions, and it
    does not report a header that could not be completed. So the first error is
    kept here and raised by `check`.
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
