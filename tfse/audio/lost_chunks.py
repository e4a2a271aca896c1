"""Metadata of a sound file that an enhanced copy lacks.

libsndfile copies title, artist and eight more tags. Everything else that a container can
hold (markers, broadcast data, loops, pictures) is lost and is named here.
"""

from __future__ import annotations

import re
import struct
from collections.abc import Iterator
from io import SEEK_CUR
from typing import BinaryIO

# Chunks that are audio, describe audio, are copied, or are padding.
_EXPECTED = {
    *("fmt ", "data", "fact", "PEAK", "ds64", "JUNK", "junk", "PAD ", "FLLR", "LIST INFO"),
    *("COMM", "SSND", "FVER", "NAME", "AUTH", "ANNO", "(c) "),
}
_FILE_HEADERS = ("RIFF", "RF64", "RIFX", "FORM")
_FLAC_LOST = {2: "application data", 5: "cue sheet", 6: "picture"}
_FLAC_LAST = 0x80
# Searched for the picture of an MP3 or Ogg tag, which comes first in the file.
_TAG_BYTES = 1 << 20
_PICTURE = re.compile(rb"APIC.{4}.{2}.?image/|METADATA_BLOCK_PICTURE=", re.DOTALL)
# A broken header may claim any number of chunks.
_MAX_CHUNKS = 100


def lost(file: BinaryIO) -> list[str]:
    """Returns the names of the chunks that a result will lack, each once, in order.

    Args:
        file: a recording of any format, open for reading.
    """
    file.seek(0)
    head = file.read(12)
    names: Iterator[str] = iter(())
    if head[:4] in (b"RIFF", b"RF64"):
        names = _chunks(file, "<I")
    elif head[:4] in (b"FORM", b"RIFX"):
        names = _chunks(file, ">I")
    elif head[:4] == b"fLaC":
        file.seek(4)
        names = _flac(file)
    elif head[:4] == b"OggS" or head[:3] == b"ID3":
        file.seek(0)
        names = iter(["picture"] if _PICTURE.search(file.read(_TAG_BYTES)) else [])
    return list(dict.fromkeys(names))


def _chunks(file: BinaryIO, length: str) -> Iterator[str]:
    for _ in range(_MAX_CHUNKS):
        head = file.read(8)
        if len(head) < 8:
            return
        (size,) = struct.unpack(length, head[4:])
        name = head[:4].decode("latin-1")
        if name == "LIST":
            name = f"LIST {file.read(4).decode('latin-1')}"
            size -= 4
        if name not in _EXPECTED:
            # An invalid name follows a chunk of wrong size; a file header starts a
            # concatenated recording.
            if name in _FILE_HEADERS or not (name.isascii() and name.isprintable()):
                return
            yield name.strip()
        file.seek(size + size % 2, SEEK_CUR)


def _flac(file: BinaryIO) -> Iterator[str]:
    for _ in range(_MAX_CHUNKS):
        head = file.read(4)
        if len(head) < 4:
            return
        kind = head[0] & ~_FLAC_LAST
        if kind in _FLAC_LOST:
            yield _FLAC_LOST[kind]
        if head[0] & _FLAC_LAST:
            return
        file.seek(int.from_bytes(head[1:], "big"), SEEK_CUR)
