"""File source: a recording read from a file block by block."""

from __future__ import annotations

import contextlib
import os
import pathlib
import re
import stat
from collections.abc import Iterator
from types import TracebackType
from typing import BinaryIO, Protocol

import soundfile

from tfse import native_logs
from tfse.audio import joined_recordings
from tfse.audio.folder_walk import CONVERTIBLE, conversion_hint
from tfse.audio.layout import Layout
from tfse.audio.sequential_file import SequentialFile
from tfse.errors import AudioError
from tfse.types import Samples

# Limits of a block in seconds and in values of all channels: memory does not depend
# on the rate or the number of channels. 2 s are as much as a step takes at a time.
_BLOCK_S = 2.0
_BLOCK_VALUES = 1 << 17
_SMALL_BLOCK = 1024

# libsndfile's log line for a header that claims more bytes than the file has.
_SHORT_DATA = re.compile(r"^\s*(?:data|SSND)\s*: (\d+) \(should be (\d+)\)", re.MULTILINE)

# From an eighth of the telephone rate to the fastest converters that are sold; a
# rate outside is a broken header, and would cause endless work.
MIN_SAMPLE_RATE = 1_000
MAX_SAMPLE_RATE = 768_000

# libsndfile reports this many frames or more if the header has no length.
_UNKNOWN_FRAMES = 1 << 62
# A larger file has more than a header.
_HEADER_BYTES = 4096

# Messages of libsndfile that describe its code instead of the file.
_CLEARER_REASONS = {
    "internal error : sf_info struct incomplete": "the header has no valid sample rate",
    "file does not exist or is not a regular file (possibly a pipe?)": "no audio could be found",
}


class DamagedError(AudioError):
    """Error in encoded audio that stops the decoder; not raised with `on_damage` "keep"."""


class UnreadableError(AudioError):
    """Error: libsndfile does not know the format of a file."""


class Source(Protocol):
    """Recording that is read once, from beginning to end."""

    #: Storage format of the recording.
    layout: Layout
    #: Faults that were worked around; complete after the last block.
    notes: list[str]

    def blocks(self) -> Iterator[Samples]:
        """Yields blocks of samples, float32 `[samples, channels]`."""


class FileSource:
    """Recording in a file; a context manager that closes it.

    Recordings concatenated in one file are read as one, see `tfse.audio.joined_recordings`.

    Args:
        file: a path, or an open file on the disk.
        on_damage: "raise" an error where decoding fails, or "keep" the samples before it.

    Attributes:
        notes: damage; complete after the last block.
        remarks: concatenated recordings.
        stream: the file, for its metadata; its position is undefined.

    Raises:
        AudioError: the file is missing, not a regular file, unreadable, not audio,
            without samples, of a sample rate out of range, or holds concatenated
            recordings that differ.
    """

    def __init__(self, file: pathlib.Path | BinaryIO, on_damage: str = "raise") -> None:
        self._on_damage = on_damage
        with contextlib.ExitStack() as opened:
            path = file if isinstance(file, pathlib.Path) else None
            stream = opened.enter_context(_open_stream(file))
            self._parts = _open_parts(stream, path, opened)
            self._file = self._parts[0]
            self.layout = _layout(self._file)
            require_rate(self.layout.sample_rate)
            self.notes: list[str] = _notes(self._file)
            self.remarks = _remarks(self._parts)
            if not any(part.frames for part in self._parts):
                raise AudioError(f"there are no samples in it{_uncounted(stream)}")
            self.stream = stream
            self._opened = opened.pop_all()

    @property
    def duration_s(self) -> float:
        """Length in seconds according to the header; 0 if it has none."""
        return self._claimed / self.layout.sample_rate

    @property
    def tags(self) -> dict[str, str]:
        """Title, artist and the like, by libsndfile's names."""
        return self._file.copy_metadata()

    def blocks(self) -> Iterator[Samples]:
        """Yields blocks of samples, float32 `[samples, channels]`.

        Raises:
            AudioError: the file cannot be decoded to its end.
        """
        size = min(int(_BLOCK_S * self.layout.sample_rate), _BLOCK_VALUES // self.layout.channels)
        if self._on_damage == "keep":
            # All samples of the block that fails are lost.
            size = min(size, _SMALL_BLOCK)
        read = 0
        try:
            for part in self._parts:
                while len(block := _next_block(part, max(1, size))):
                    read += len(block)
                    yield block
        except (soundfile.SoundFileError, OSError) as error:
            damage = f"damaged after {read} samples: {_reason(error)}"
            if self._on_damage != "keep" or not read:
                raise DamagedError(damage) from error
            self.notes.append(f"{damage}; the samples before it are kept")
        else:
            self._check_length(read)

    def _check_length(self, read: int) -> None:
        if not read:
            raise AudioError("none of its samples can be decoded")
        if read < self._claimed:
            self.notes.append(f"the header claims {self._claimed} samples, {read} are there")

    @property
    def _claimed(self) -> int:
        return sum(part.frames for part in self._parts if part.frames < _UNKNOWN_FRAMES)

    def __enter__(self) -> FileSource:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._opened.close()


@contextlib.contextmanager
def _open_stream(file: pathlib.Path | BinaryIO) -> Iterator[BinaryIO]:
    if not isinstance(file, pathlib.Path):
        yield file
        return
    require_readable(file)
    with file.open("rb") as stream:
        yield stream


def _open_parts(
    stream: BinaryIO, path: pathlib.Path | None, opened: contextlib.ExitStack
) -> list[soundfile.SoundFile]:
    """Opens all recordings of a file, nearly always one."""
    found = joined_recordings.starts(stream)
    if len(found) == 1 and path is not None:
        # libsndfile reads a path faster than a Python file.
        return [_open(_path_bytes(path), path, opened)]
    stops = (*found[1:], stream.seek(0, os.SEEK_END))
    return [
        _open(joined_recordings.Slice(stream, *ends), path, opened)
        for ends in zip(found, stops, strict=True)
    ]


def _path_bytes(path: pathlib.Path) -> bytes:
    """Returns bytes, as a name may be undecodable, and absolute, as `-` is standard input."""
    return os.fsencode(path.absolute())


def _open(
    file: bytes | joined_recordings.Slice, path: pathlib.Path | None, opened: contextlib.ExitStack
) -> soundfile.SoundFile:
    try:
        with native_logs.hidden():
            return opened.enter_context(SequentialFile(file))
    except (soundfile.SoundFileError, OSError, TypeError, ValueError) as error:
        hint = _conversion(path)
        raise UnreadableError(f"not readable as audio: {_reason(error)}{hint}") from error


def _next_block(file: soundfile.SoundFile, size: int) -> Samples:
    # The MPEG decoder reports damage on standard error.
    quiet = native_logs.hidden() if "MPEG" in file.subtype else contextlib.nullcontext()
    with quiet:
        return file.read(size, dtype="float32", always_2d=True)


def _layout(file: soundfile.SoundFile) -> Layout:
    return Layout(file.samplerate, file.channels, file.format, file.subtype, file.endian)


def _remarks(parts: list[soundfile.SoundFile]) -> list[str]:
    if len(parts) == 1:
        return []
    kinds = {(part.samplerate, part.channels) for part in parts}
    if len(kinds) > 1:
        listed = " and ".join(f"{rate} Hz with {channels} channels" for rate, channels in kinds)
        raise AudioError(f"it concatenates recordings that differ ({listed}): split it")
    return [f"{len(parts)} concatenated recordings were read as one"]


def require_rate(sample_rate: int) -> None:
    """Checks that a sample rate is in the supported range.

    Raises:
        AudioError: the rate is out of range.
    """
    if not MIN_SAMPLE_RATE <= sample_rate <= MAX_SAMPLE_RATE:
        raise AudioError(
            f"the sample rate must be from {MIN_SAMPLE_RATE:,} to {MAX_SAMPLE_RATE:,} Hz; "
            f"received {sample_rate:,} Hz."
        )


def claimed_s(path: pathlib.Path) -> float:
    """Returns the length of a recording in seconds according to its header; 0 if it has none."""
    try:
        with SequentialFile(_path_bytes(path)) as file:
            return file.frames / file.samplerate if file.frames < _UNKNOWN_FRAMES else 0.0
    except (soundfile.SoundFileError, OSError):
        return 0.0


def require_readable(path: pathlib.Path) -> None:
    """Checks that a path is a readable file, for a clearer reason than libsndfile has.

    Raises:
        AudioError: the file is missing, empty, unreadable, a folder or a pipe.
    """
    try:
        status = path.stat()
        if stat.S_ISDIR(status.st_mode):
            raise AudioError("it is a folder, not a file")
        if not stat.S_ISREG(status.st_mode):
            raise AudioError("not a regular file; pipe it into standard input, which is `-`")
        os.close(os.open(path, os.O_RDONLY))
    except OSError as error:
        raise AudioError(f"{(error.strerror or str(error)).lower()}") from error
    if status.st_size == 0:
        raise AudioError("the file is empty")


def _uncounted(stream: BinaryIO) -> str:
    """Describes audio that the header does not count, as after an interrupted recording."""
    size = stream.seek(0, os.SEEK_END)
    return f": its header claims none, and {size} bytes are there" if size > _HEADER_BYTES else ""


def _notes(file: soundfile.SoundFile) -> list[str]:
    short = _SHORT_DATA.search(file.extra_info)
    if short is None:
        return []
    claimed, there = (int(size) for size in short.groups())
    if there >= claimed:
        return []
    return [f"the header claims {claimed} bytes of audio, {there} are there"]


def _reason(error: Exception) -> str:
    """Returns the library's message without the path, which the caller reports."""
    text = " ".join(str(error).split())
    text = text.partition("': ")[2] or text.partition(">: ")[2] or text
    reason = text.rstrip(".").lower() or type(error).__name__
    return _CLEARER_REASONS.get(reason, reason)


def _conversion(path: pathlib.Path | None) -> str:
    suffix = "" if path is None else path.suffix.lower()
    return conversion_hint(CONVERTIBLE.intersection([suffix]))
