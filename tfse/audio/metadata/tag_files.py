"""Tags read from FLAC, Ogg, MP3 and ID3 chunks, and written to such files, by mutagen."""

from __future__ import annotations

import contextlib
import io
import os
import re
from collections.abc import Iterator
from typing import Any, BinaryIO

from tfse.audio.metadata import lost_chunks, riff_chunks, tags
from tfse.audio.metadata.bounded_reader import BoundedReader
from tfse.audio.metadata.tags import Tags

#: Tags of more bytes are not copied.
MAX_TAG_BYTES = 64 << 20
_HEAD_BYTES = 1 << 16
_ID3V1_BYTES = 128
_ID3_CHUNKS = ("id3 ", "ID3 ")
_CUE_SHEET, _APPLICATION = 5, 2
# Header of Vorbis comments: their encoder, and their number.
_OGG_COMMENTS = re.compile(rb"\x03vorbis|OpusTags")
_OGG_FLAC = b"\x7fFLAC"
_FLAC_COMMENTS = 4


def has_tags(file: BinaryIO) -> bool:
    """Returns whether a file has tags that `read` reads; mutagen is not needed for it."""
    file.seek(0)
    head = file.read(_HEAD_BYTES)
    if head[:4] == b"fLaC":
        return bool(lost_chunks.lost(file)) or _has_flac_comments(file)
    if head[:4] == b"OggS":
        found = _OGG_COMMENTS.search(head)
        return _count_of_comments(head, found.end()) > 0 if found else _OGG_FLAC in head
    if riff_chunks.container(file) is not None:
        return _id3_chunk(file) is not None
    return head[:3] == b"ID3" or _has_id3v1(file)


def read(file: BinaryIO) -> Tags:
    """Returns the tags of a FLAC, Ogg or MP3, or of the ID3 chunk of a WAV or AIFF.

    Raises:
        Exception: of mutagen and of any kind, for damaged tags.
    """
    from mutagen import flac

    file.seek(0)
    head = file.read(_HEAD_BYTES)
    file.seek(0)
    bounded: Any = BoundedReader(file, MAX_TAG_BYTES)
    if head[:4] == b"fLaC":
        return _of_flac(flac.FLAC(bounded))
    if head[:4] == b"OggS":
        return tags.of_comments(list(_ogg(head)(bounded).tags), [])
    return _read_id3(file, bounded)


def write(file: BinaryIO, carried: Tags) -> list[str]:
    """Writes tags into a complete FLAC, Ogg, MP3, WAV or AIFF.

    Args:
        file: unbuffered, open for reading and writing.
        carried: replace those in the file.

    Returns:
        Names of what the container does not store.

    Raises:
        OSError: the disk is full.
        Exception: of mutagen, for tags that cannot be written; the file is as before then.
    """
    file.seek(0)
    head = file.read(_HEAD_BYTES)
    if riff_chunks.container(file) is not None:
        return _write_chunk(file, carried)
    with _buffered(file) as buffered:
        if head[:4] == b"fLaC":
            return _write_flac(buffered, carried)
        if head[:4] == b"OggS":
            return _write_ogg(buffered, _ogg(head), carried)
        return _write_id3(buffered, carried)


def block_names(carried: Tags) -> list[str]:
    """Returns the names of what only a FLAC stores."""
    codes = {block.code for block in carried.blocks}
    names = {_APPLICATION: "application data", _CUE_SHEET: "cue sheet"}
    return [name for code, name in names.items() if code in codes]


def _of_flac(file: Any) -> Tags:
    found = tags.of_comments(list(file.tags or []), file.pictures)
    found.blocks = [b for b in file.metadata_blocks if b.code in (_CUE_SHEET, _APPLICATION)]
    return found


def _read_id3(file: BinaryIO, bounded: Any) -> Tags:
    from mutagen.id3 import ID3

    chunk = _id3_chunk(file)
    if chunk is not None:
        file.seek(chunk.offset + 8)
        return tags.of_id3(ID3(io.BytesIO(bounded.read(chunk.size))))
    file.seek(0)
    return tags.of_id3(ID3(bounded))


def _write_flac(file: BinaryIO, carried: Tags) -> list[str]:
    from mutagen.flac import FLAC

    target: Any = FLAC(file)
    if target.tags is None:
        target.add_tags()
    target.tags[:] = tags.to_comments(carried)
    for picture in carried.pictures:
        target.add_picture(picture)
    target.metadata_blocks += carried.blocks
    file.seek(0)
    target.save(file)
    return carried.unknown


def _write_ogg(file: BinaryIO, kind: Any, carried: Tags) -> list[str]:
    target = kind(file)
    target.tags[:] = tags.to_comments(carried) + [
        tags.picture_comment(picture) for picture in carried.pictures
    ]
    file.seek(0)
    target.save(file)
    return [*carried.unknown, *block_names(carried)]


def _write_id3(file: BinaryIO, carried: Tags) -> list[str]:
    made = tags.to_id3(carried)
    version = 3 if made.version[:2] == (2, 3) else 4
    if version == 3:
        made.update_to_v23()
    file.seek(0)
    made.save(file, v1=0, v2_version=version)
    return block_names(carried)


def _write_chunk(file: BinaryIO, carried: Tags) -> list[str]:
    content = io.BytesIO()
    lost = _write_id3(content, carried)
    found = riff_chunks.container(file)
    name = b"ID3 " if found is not None and found.kind == "AIFF" else b"id3 "
    riff_chunks.append_content(file, name, content.getvalue())
    return lost


@contextlib.contextmanager
def _buffered(file: BinaryIO) -> Iterator[BinaryIO]:
    """Opens a file again with a buffer: mutagen does not check how many bytes were written."""
    with os.fdopen(os.dup(file.fileno()), "r+b") as buffered:
        buffered.seek(0)
        yield buffered


def _ogg(head: bytes) -> Any:
    from mutagen import oggflac, oggopus, oggvorbis

    if b"OpusHead" in head:
        return oggopus.OggOpus
    return oggflac.OggFLAC if _OGG_FLAC in head else oggvorbis.OggVorbis


def _id3_chunk(file: BinaryIO) -> riff_chunks.Chunk | None:
    found = (c for c in riff_chunks.chunks(file) if c.name in _ID3_CHUNKS and c.is_whole)
    return next(found, None)


def _has_id3v1(file: BinaryIO) -> bool:
    file.seek(max(0, file.seek(0, os.SEEK_END) - _ID3V1_BYTES))
    return file.read(3) == b"TAG"


def _has_flac_comments(file: BinaryIO) -> bool:
    file.seek(4)
    head = file.read(_HEAD_BYTES)
    at = 0
    while at + 4 <= len(head):
        if head[at] & 0x7F == _FLAC_COMMENTS:
            return _count_of_comments(head, at + 4) > 0
        at += 4 + int.from_bytes(head[at + 1 : at + 4], "big")
    return False


def _count_of_comments(head: bytes, start: int) -> int:
    """Returns the number after the name of the encoder."""
    at = start + 4 + int.from_bytes(head[start : start + 4], "little")
    return int.from_bytes(head[at : at + 4], "little")
