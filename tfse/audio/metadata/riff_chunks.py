"""Chunks of WAV, RF64 and AIFF files: listed, and copied to the end of another file."""

from __future__ import annotations

import dataclasses
import errno
import os
import struct
from collections.abc import Iterator, Sequence
from typing import BinaryIO

from tfse.files import write_all

# Byte order by the first four bytes, and the kinds of file after the size.
_ORDERS = {b"RIFF": "<", b"RF64": "<", b"RIFX": ">", b"FORM": ">"}
_KINDS = {b"WAVE": "WAVE", b"AIFF": "AIFF", b"AIFC": "AIFF"}
_FILE_HEADERS = tuple(name.decode() for name in _ORDERS)
# In an RF64 the true size of a chunk of this size is in the ds64 chunk.
_SIZE_IN_DS64 = 2**32 - 1
_DS64_RIFF_SIZE = 20
_DS64_DATA_SIZE = 28
# A broken header may claim any number of chunks.
_MAX_CHUNKS = 100
_BLOCK_BYTES = 1 << 16


@dataclasses.dataclass(frozen=True)
class Chunk:
    """Chunk of a file.

    Attributes:
        name: four characters, for a list also its kind, such as "LIST INFO".
        offset: of the header, in bytes.
        size: of the content, in bytes.
        is_whole: whether the file has all bytes of the content.
    """

    name: str
    offset: int
    size: int
    is_whole: bool


@dataclasses.dataclass(frozen=True)
class Container:
    """Container of chunks; chunks can be copied between files with equal ones.

    Attributes:
        kind: "WAVE" or "AIFF".
        order: byte order of numbers, "<" or ">".
    """

    kind: str
    order: str


def container(file: BinaryIO) -> Container | None:
    """Returns the container of a file; None if it is none with chunks."""
    file.seek(0)
    head = file.read(12)
    kind = _KINDS.get(head[8:])
    return Container(kind, _ORDERS[head[:4]]) if kind and head[:4] in _ORDERS else None


def chunks(file: BinaryIO) -> Iterator[Chunk]:
    """Yields the chunks of a file up to the first that cannot be one, in order."""
    found = container(file)
    if found is None:
        return
    end = file.seek(0, os.SEEK_END)
    data_size = _data_size(file)
    offset = 12
    for _ in range(_MAX_CHUNKS):
        file.seek(offset)
        head = file.read(8)
        if len(head) < 8:
            return
        name, size = head[:4].decode("latin-1"), struct.unpack(f"{found.order}I", head[4:])[0]
        # An invalid name follows a chunk of wrong size; a file header starts a
        # concatenated recording.
        if name in _FILE_HEADERS or not (name.isascii() and name.isprintable()):
            return
        if name == "data" and size == _SIZE_IN_DS64 and data_size is not None:
            size = data_size
        if name == "LIST":
            name = f"{name} {file.read(4).decode('latin-1')}"
        yield Chunk(name, offset, size, offset + 8 + size <= end)
        offset += 8 + size + size % 2


def append(file: BinaryIO, source: BinaryIO, copied: Sequence[Chunk]) -> None:
    """Copies chunks of another file with the same container to the end of a file.

    Args:
        file: unbuffered, open for reading and writing; a complete sound file.
        source: has the chunks.
        copied: whole chunks of `source`.

    Raises:
        OSError: the disk or the container is full.
    """
    _begin_chunk(file)
    for chunk in copied:
        source.seek(chunk.offset)
        left = 8 + chunk.size
        while left and (block := source.read(min(left, _BLOCK_BYTES))):
            write_all(file, block)
            left -= len(block)
        write_all(file, bytes(chunk.size % 2))
    _count(file)


def append_content(file: BinaryIO, name: bytes, content: bytes) -> None:
    """Writes a new chunk to the end of a file; see `append`."""
    found = container(file)
    assert found is not None
    _begin_chunk(file)
    write_all(file, name + struct.pack(f"{found.order}I", len(content)) + content)
    write_all(file, bytes(len(content) % 2))
    _count(file)


def _data_size(file: BinaryIO) -> int | None:
    """Returns the size of the audio that an RF64 counts in 64 bits; None for other files."""
    file.seek(0)
    head = file.read(_DS64_DATA_SIZE + 8)
    if head[:4] != b"RF64" or head[12:16] != b"ds64" or len(head) < _DS64_DATA_SIZE + 8:
        return None
    return int.from_bytes(head[_DS64_DATA_SIZE:], "little")


def _begin_chunk(file: BinaryIO) -> None:
    """Seeks to the end; chunks begin at even offsets."""
    write_all(file, bytes(file.seek(0, os.SEEK_END) % 2))


def _count(file: BinaryIO) -> None:
    """Writes the size of the file into its header."""
    found, size = container(file), file.seek(0, os.SEEK_END) - 8
    assert found is not None
    file.seek(0)
    is_rf64 = file.read(4) == b"RF64"
    if size >= _SIZE_IN_DS64 and not is_rf64:
        raise OSError(errno.EFBIG, "this format holds 4 GB at most; choose RF64 or W64")
    file.seek(_DS64_RIFF_SIZE if is_rf64 else 4)
    write_all(file, struct.pack("<Q", size) if is_rf64 else struct.pack(f"{found.order}I", size))
