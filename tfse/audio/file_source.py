"""Reads recordings block by block, and says in a line why one cannot be read."""

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
from tfse.audio import joined_recordings, lost_chunks
from tfse.audio.folder_walk import CONVERTIBLE, conversion_hint
from tfse.audio.layout import Layout
from tfse.audio.sequential_file import SequentialFile
from tfse.errors import AudioError
from tfse.types import Samples

# A block holds so much audio at most, and so many values, all channels
# together: memory stays the same whatever the rate and the number of channels.
_BLOCK_S = 1.0
_BLOCK_VALUES = 1 << 17
_SMALL_BLOCK = 1024

# How libsndfile notes that a header claims more bytes than the file has.
_SHORT_DATA = re.compile(r"^\s*(?:data|SSND)\s*: (\d+) \(should be (\d+)\)", re.MULTILINE)

# From an eighth of telephone speech to the fastest converters that are sold; a
# rate beyond is a broken header, and would ask for endless work.
MIN_SAMPLE_RATE = 1_000
MAX_SAMPLE_RATE = 768_000

# So many samples or more are libsndfile's word for a length that no header tells.
_UNKNOWN = 1 << 62
# More than this is not a header alone.
_HEADER_BYTES = 4096

# What libsndfile says in words that are true of its code and not of the file.
_CLEARER = {
    "internal error : sf_info struct incomplete": "the header has no valid sample rate",
    "file does not exist or is not a regular file (possibly a pipe?)": "no audio could be found",
}


class DamagedError(AudioError):
    """A decoder met bytes that it cannot decode; with `on_damage` "keep" it is no error."""


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

    Several recordings end to end in one file are read as one, see `tfse.audio.joined_recordings`.

    Args:
        file: a path, or an open file on the disk.
        on_damage: "raise" where a decoder gives up, or "keep" what came before.

    Attributes:
        notes: what is damaged; complete after the last block.
        remarks: what else a result will not tell of its recording.

    Raises:
        AudioError: it is missing, no regular file, unreadable, not audio,
            without samples, of a rate that speech does not have, or recordings
            that differ stand end to end.
    """

    def __init__(self, file: pathlib.Path | BinaryIO, on_damage: str = "raise") -> None:
        self._on_damage = on_damage
        with contextlib.ExitStack() as opened:
            path = file if isinstance(file, pathlib.Path) else None
            stream = opened.enter_context(_stream(file))
            self._parts = _parts(stream, path, opened)
            self._file = self._parts[0]
            self.layout = _layout(self._file)
            require_rate(self.layout.sample_rate)
            self.notes: list[str] = _notes(self._file)
            self.remarks = _told_of_parts(self._parts)
            if not any(part.frames for part in self._parts):
                raise AudioError(f"there are no samples in it{_behind(stream)}")
            if names := lost_chunks.lost(stream):
                self.remarks.append(f"not kept: {', '.join(names)}")
            self._opened = opened.pop_all()

    @property
    def duration_s(self) -> float:
        """Length in seconds, as the header claims; 0 where it tells none."""
        return self._claimed / self.layout.sample_rate

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
        if self._on_damage == "keep":
            # What was decoded of a block before its fault is lost with it.
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
            self.notes.append(f"{damage}; what comes before is kept")
        else:
            self._check_length(read)

    def _check_length(self, read: int) -> None:
        if not read:
            raise AudioError("none of its samples can be decoded")
        if read < self._claimed:
            self.notes.append(f"{self._claimed} samples are claimed, {read} are there")

    @property
    def _claimed(self) -> int:
        return sum(part.frames for part in self._parts if part.frames < _UNKNOWN)

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
def _stream(file: pathlib.Path | BinaryIO) -> Iterator[BinaryIO]:
    if not isinstance(file, pathlib.Path):
        yield file
        return
    require_readable(file)
    with file.open("rb") as stream:
        yield stream


def _parts(
    stream: BinaryIO, path: pathlib.Path | None, opened: contextlib.ExitStack
) -> list[soundfile.SoundFile]:
    """Opens the recordings of a file, which are nearly always one."""
    found = joined_recordings.starts(stream)
    if len(found) == 1 and path is not None:
        # libsndfile reads a path by itself, quicker than through Python.
        return [_open(_name(path), path, opened)]
    stops = (*found[1:], stream.seek(0, os.SEEK_END))
    return [
        _open(joined_recordings.Slice(stream, *ends), path, opened)
        for ends in zip(found, stops, strict=True)
    ]


def _name(path: pathlib.Path) -> bytes:
    """Returns bytes, since a name need not be text; absolute, since `-` is standard input."""
    return os.fsencode(path.absolute())


def _open(
    file: bytes | joined_recordings.Slice, path: pathlib.Path | None, opened: contextlib.ExitStack
) -> soundfile.SoundFile:
    try:
        with native_logs.hidden():
            return opened.enter_context(SequentialFile(file))
    except (soundfile.SoundFileError, OSError, TypeError, ValueError) as error:
        hint = _convertible(path)
        raise AudioError(f"not readable as audio: {_reason(error)}{hint}") from error


def _next_block(file: soundfile.SoundFile, size: int) -> Samples:
    # The decoder of MPEG audio describes damage on standard error.
    quiet = native_logs.hidden() if "MPEG" in file.subtype else contextlib.nullcontext()
    with quiet:
        return file.read(size, dtype="float32", always_2d=True)


def _layout(file: soundfile.SoundFile) -> Layout:
    return Layout(file.samplerate, file.channels, file.format, file.subtype, file.endian)


def _told_of_parts(parts: list[soundfile.SoundFile]) -> list[str]:
    if len(parts) == 1:
        return []
    kinds = {(part.samplerate, part.channels) for part in parts}
    if len(kinds) > 1:
        told = " and ".join(f"{rate} Hz with {channels} channels" for rate, channels in kinds)
        raise AudioError(f"recordings that differ stand end to end in it ({told}): split it")
    return [f"{len(parts)} recordings end to end were read as one"]


def require_rate(sample_rate: int) -> None:
    """Refuses a sample rate that no recording of speech has.

    Raises:
        AudioError: it is out of range.
    """
    if not MIN_SAMPLE_RATE <= sample_rate <= MAX_SAMPLE_RATE:
        raise AudioError(
            f"the sample rate must be from {MIN_SAMPLE_RATE:,} to {MAX_SAMPLE_RATE:,} Hz; "
            f"received {sample_rate:,} Hz."
        )


def claimed_s(path: pathlib.Path) -> float:
    """Returns the length of a recording in seconds as its header claims; 0 if it tells none."""
    try:
        with SequentialFile(_name(path)) as file:
            return file.frames / file.samplerate if file.frames < _UNKNOWN else 0.0
    except (soundfile.SoundFileError, OSError):
        return 0.0


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


def _behind(stream: BinaryIO) -> str:
    """Tells of sound that the header of a recorder that was stopped does not count."""
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
    """The library's own words, without the path that stands in the line anyway."""
    text = " ".join(str(error).split())
    text = text.partition("': ")[2] or text.partition(">: ")[2] or text
    words = text.rstrip(".").lower() or type(error).__name__
    return _CLEARER.get(words, words)


def _convertible(path: pathlib.Path | None) -> str:
    ending = "" if path is None else path.suffix.lower()
    return conversion_hint(CONVERTIBLE.intersection([ending]))
