"""Boundaries of recordings that are concatenated in one file.

Players play `cat a.mp3 b.mp3 > both.mp3` to its end, and a chained Ogg of a radio stream too.
libsndfile reads only the first recording, so the others would be lost. The boundaries are
found by searching for further headers of the same container.
"""

from __future__ import annotations

import mmap
import re
from collections.abc import Iterator
from io import SEEK_CUR, SEEK_END, SEEK_SET
from typing import BinaryIO

# Headers at the start of a recording, long enough never to match samples. A FLAC starts
# with STREAMINFO, 34 bytes.
_HEADERS = (
    rb"FORM.{4}AIF[FC]",
    rb"\.snd\x00\x00\x00.{5}\x00\x00\x00[\x01-\x1b]",
    rb"caff\x00\x01\x00\x00desc",
    rb"fLaC[\x00\x80]\x00\x00\x22",
    rb"RF64.{4}WAVEds64",
    rb"riff\x2e\x91\xcf\x11\xa5\xd6\x28\xdb\x04\xc1\x00\x00",
    rb"RIFF.{4}WAVE[0-9A-Za-z]{3}[0-9A-Za-z ]",
)
# The first page of an Ogg stream has flag 2.
_OGG_PAGE = b"OggS\x00"
_OGG_BEGINS = 2
_OGG_HEADER = rb"OggS\x00[\x02\x03\x06\x07]"
# An MP3 begins with a tag or a frame. The first frame often has no audio but an info header:
# flags, then the number of frames and bytes if their flags are set.
_MP3_BEGINS = rb"ID3|\xff[\xe2\xe3\xf2\xf3\xfa\xfb]"
_XING = rb"\xff[\xe2\xe3\xf2\xf3\xfa\xfb].{2}(?:.{2})?(?:.{9}|.{17}|.{32})(?:Xing|Info)"
_XING_FRAMES, _XING_BYTES = 1, 2
_ID3V1_BYTES = 128
# Bytes that are searched before their pages are given back, a multiple of any page size, and
# more than the longest match.
_WINDOW = 1 << 22
_LONGEST_MATCH = 64


def starts(file: BinaryIO) -> list[int]:
    """Returns the byte offsets at which recordings begin; the first is always 0.

    Args:
        file: open for reading, with a file descriptor. Unknown containers (those without
            an unmistakable header) count as one recording.
    """
    if not file.seek(0, SEEK_END):
        return [0]
    with mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
        return [0, *_further_starts(data)]


def _further_starts(data: mmap.mmap) -> list[int]:
    for header in _HEADERS:
        if re.match(header, data, re.DOTALL):
            return _matches(header, data)
    if re.match(_OGG_HEADER, data):
        return [page for page in _matches(_OGG_HEADER, data) if not _is_multiplexed(data, page)]
    if re.match(_MP3_BEGINS, data):
        return list(_mp3(data))
    return []


def _matches(header: bytes, data: mmap.mmap) -> list[int]:
    return [match.start() for match in _found(header, data) if match.start()]


def _found(header: bytes, data: mmap.mmap) -> Iterator[re.Match[bytes]]:
    """Yields the matches of a whole file, of which only a window is in memory."""
    pattern = re.compile(header, re.DOTALL)
    last = 0
    for start in range(0, len(data), _WINDOW):
        stop = min(start + _WINDOW, len(data))
        for match in pattern.finditer(data, max(start, last), stop + _LONGEST_MATCH):
            if match.start() < stop:
                last = match.end()
                yield match
        data.madvise(mmap.MADV_DONTNEED, start, stop - start)


class Slice:
    """Seekable view of a byte range of an open binary file.

    Args:
        file: open for reading.
        start: offset of the first byte.
        stop: offset after the last byte.
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
        """Sets and returns the position."""
        origin = {SEEK_SET: 0, SEEK_CUR: self._position, SEEK_END: self._size}[whence]
        self._position = max(0, origin + offset)
        return self._position

    def tell(self) -> int:
        """Returns the position."""
        return self._position


def _is_multiplexed(data: mmap.mmap, page: int) -> bool:
    """Returns whether an Ogg stream is multiplexed with another, such as video with audio."""
    before = data.rfind(_OGG_PAGE, 0, page)
    return bool(data[before + len(_OGG_PAGE)] & _OGG_BEGINS)


def _mp3(data: mmap.mmap) -> Iterator[int]:
    """Yields the offsets of further MP3 recordings.

    Each begins with an info header, or with plain frames after the bytes that the previous
    header counts; without any info header the decoder reads to the end anyway.
    """
    found = list(_found(_XING, data))
    for number, match in enumerate(found):
        if number:
            yield match.start()
        end = _mp3_end(data, match)
        following = found[number + 1].start() if number + 1 < len(found) else len(data)
        if (
            end is not None
            and end + _ID3V1_BYTES < following
            and _has_same_format(data, match, end)
        ):
            yield end


def _mp3_end(data: mmap.mmap, match: re.Match[bytes]) -> int | None:
    counts = data[match.end() : match.end() + 12]
    flags = int.from_bytes(counts[:4], "big")
    if not flags & _XING_BYTES:
        return None
    offset = 8 if flags & _XING_FRAMES else 4
    return match.start() + int.from_bytes(counts[offset : offset + 4], "big")


def _has_same_format(data: mmap.mmap, match: re.Match[bytes], offset: int) -> bool:
    """Returns whether an offset has a frame of the same version, layer and sample rate."""
    first, other = data[match.start() : match.start() + 4], data[offset : offset + 4]
    return (
        len(other) == len(first)
        and other[:2] == first[:2]
        and other[2] & 0b1100 == first[2] & 0b1100
    )
