"""Boundaries between recordings that stand end to end in one file.

`cat a.mp3 b.mp3 > both.mp3` is a file that players play to its end, and so is a chained Ogg of
a radio stream. libsndfile reads the first recording and reports no more, so the others would
be lost. Here the places are found where the container's own header stands again.
"""

from __future__ import annotations

import mmap
import re
from collections.abc import Iterator
from io import SEEK_CUR, SEEK_END, SEEK_SET
from typing import BinaryIO

# What a recording begins with, long enough that no sound looks like it. A FLAC has its
# STREAMINFO first, 34 bytes.
_HEADERS = (
    rb"FORM.{4}AIF[FC]",
    rb"\.snd\x00\x00\x00.{5}\x00\x00\x00[\x01-\x1b]",
    rb"caff\x00\x01\x00\x00desc",
    rb"fLaC[\x00\x80]\x00\x00\x22",
    rb"RF64.{4}WAVEds64",
    rb"riff\x2e\x91\xcf\x11\xa5\xd6\x28\xdb\x04\xc1\x00\x00",
    rb"RIFF.{4}WAVE[0-9A-Za-z]{3}[0-9A-Za-z ]",
)
# The page that begins an Ogg stream has flag 2.
_OGG_PAGE = b"OggS\x00"
_OGG_BEGINS = 2
_OGG_HEADER = rb"OggS\x00[\x02\x03\x06\x07]"
# An MP3 begins with a tag or a frame; the first frame often has no sound in it and tells of
# the recording: flags, then its frames and bytes as the flags say.
_MP3_BEGINS = rb"ID3|\xff[\xe2\xe3\xf2\xf3\xfa\xfb]"
_XING = rb"\xff[\xe2\xe3\xf2\xf3\xfa\xfb].{2}(?:.{2})?(?:.{9}|.{17}|.{32})(?:Xing|Info)"
_XING_FRAMES, _XING_BYTES = 1, 2
_ID3V1_BYTES = 128


def starts(file: BinaryIO) -> list[int]:
    """Returns where recordings begin in a file, in bytes; the first is always at 0.

    Args:
        file: open for reading, with a file descriptor. A container that is not known
            here (those without a header that could be told from sound) has one.
    """
    if not file.seek(0, SEEK_END):
        return [0]
    with mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
        return [0, *_later(data)]


def _later(data: mmap.mmap) -> list[int]:
    for header in _HEADERS:
        if re.match(header, data, re.DOTALL):
            return _matches(header, data)
    if re.match(_OGG_HEADER, data):
        return [page for page in _matches(_OGG_HEADER, data) if not _beside_another(data, page)]
    if re.match(_MP3_BEGINS, data):
        return list(_mp3(data))
    return []


def _matches(header: bytes, data: mmap.mmap) -> list[int]:
    return [match.start() for match in re.finditer(header, data, re.DOTALL) if match.start()]


class Slice:
    """A stretch of an open binary file, as a file that can seek.

    Args:
        file: open for reading.
        start: first byte.
        stop: byte after the last.
    """

    def __init__(self, file: BinaryIO, start: int, stop: int) -> None:
        self._file = file
        self._start = start
        self._size = stop - start
        self._position = 0

    def read(self, size: int = -1) -> bytes:
        """Returns the next bytes, fewer at the end."""
        left = max(0, self._size - self._position)
        self._file.seek(self._start + self._position)
        data = self._file.read(left if size < 0 else min(size, left))
        self._position += len(data)
        return data

    def seek(self, offset: int, whence: int = SEEK_SET) -> int:
        """Moves, and returns the new position."""
        origin = {SEEK_SET: 0, SEEK_CUR: self._position, SEEK_END: self._size}[whence]
        self._position = max(0, origin + offset)
        return self._position

    def tell(self) -> int:
        """Returns the position."""
        return self._position


def _beside_another(data: mmap.mmap, page: int) -> bool:
    """Tells whether an Ogg stream begins beside another one, as video beside sound."""
    before = data.rfind(_OGG_PAGE, 0, page)
    return bool(data[before + len(_OGG_PAGE)] & _OGG_BEGINS)


def _mp3(data: mmap.mmap) -> Iterator[int]:
    """Yields where further MP3 recordings begin.

    Each begins with a header of its own, or with plain frames behind the bytes that the
    first header counts; without any header the decoder reads on to the end anyway.
    """
    found = list(re.finditer(_XING, data, re.DOTALL))
    for number, match in enumerate(found):
        if number:
            yield match.start()
        end = _mp3_end(data, match)
        following = found[number + 1].start() if number + 1 < len(found) else len(data)
        if end is not None and end + _ID3V1_BYTES < following and _is_alike(data, match, end):
            yield end


def _mp3_end(data: mmap.mmap, match: re.Match[bytes]) -> int | None:
    told = data[match.end() : match.end() + 12]
    flags = int.from_bytes(told[:4], "big")
    if not flags & _XING_BYTES:
        return None
    place = 8 if flags & _XING_FRAMES else 4
    return match.start() + int.from_bytes(told[place : place + 4], "big")


def _is_alike(data: mmap.mmap, match: re.Match[bytes], place: int) -> bool:
    """Tells whether a frame of the same version, layer and sample rate stands at a place."""
    first, there = data[match.start() : match.start() + 4], data[place : place + 4]
    return (
        len(there) == len(first)
        and there[:2] == first[:2]
        and there[2] & 0b1100 == first[2] & 0b1100
    )
