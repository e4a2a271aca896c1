"""Metadata of a sound file that libsndfile does not copy.

libsndfile copies title, artist and eight more tags. Everything else that a container can
hold (markers, broadcast data, loops, pictures) is named here.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from io import SEEK_CUR
from typing import BinaryIO

from tfse.audio.metadata import riff_chunks
from tfse.audio.metadata.riff_chunks import Chunk

# Chunks that are audio, describe audio, or are padding.
_AUDIO = {
    *("fmt ", "data", "fact", "PEAK", "ds64", "JUNK", "junk", "PAD ", "FLLR"),
    *("COMM", "SSND", "FVER"),
}
# Chunks that libsndfile reads.
TEXTS = frozenset(("LIST INFO", "NAME", "AUTH", "ANNO", "(c) "))
_FLAC_LOST = {2: "application data", 5: "cue sheet", 6: "picture"}
_FLAC_LAST = 0x80
# Searched for the picture of an MP3 or Ogg tag, which comes first in the file.
_TAG_BYTES = 1 << 20
_PICTURE = re.compile(rb"APIC.{4}.{2}.?image/|METADATA_BLOCK_PICTURE=", re.DOTALL)
# A broken header may claim any number of blocks.
_MAX_BLOCKS = 100


def lost(file: BinaryIO) -> list[str]:
    """Returns the names of the chunks that libsndfile does not copy, each once, in order.

    Args:
        file: a recording of any format, open for reading.
    """
    file.seek(0)
    head = file.read(4)
    names: Iterator[str] = (
        chunk.name.strip() for chunk in metadata_chunks(file) if chunk.name not in TEXTS
    )
    if head == b"fLaC":
        file.seek(4)
        names = _flac(file)
    elif head == b"OggS" or head[:3] == b"ID3":
        file.seek(0)
        names = iter(["picture"] if _PICTURE.search(file.read(_TAG_BYTES)) else [])
    return list(dict.fromkeys(names))


def metadata_chunks(file: BinaryIO) -> Iterator[Chunk]:
    """Yields the chunks of a WAV, RF64 or AIFF that neither are nor describe audio."""
    return (chunk for chunk in riff_chunks.chunks(file) if chunk.name not in _AUDIO)


def _flac(file: BinaryIO) -> Iterator[str]:
    for _ in range(_MAX_BLOCKS):
        head = file.read(4)
        if len(head) < 4:
            return
        kind = head[0] & ~_FLAC_LAST
        if kind in _FLAC_LOST:
            yield _FLAC_LOST[kind]
        if head[0] & _FLAC_LAST:
            return
        file.seek(int.from_bytes(head[1:], "big"), SEEK_CUR)
