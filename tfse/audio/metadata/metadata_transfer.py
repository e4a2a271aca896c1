"""Metadata transfer: chunks, tags and pictures of a recording, written into its result."""

from __future__ import annotations

import importlib.util
from typing import TYPE_CHECKING, BinaryIO

from tfse.audio.layout import Layout
from tfse.audio.metadata import lost_chunks, riff_chunks, tag_files
from tfse.audio.metadata.riff_chunks import Chunk, Container

if TYPE_CHECKING:
    from tfse.audio.metadata.tags import Tags

# Larger chunks are noted and not copied.
_MAX_CHUNK_BYTES = 16 << 20
# Containers, by libsndfile's names, in which all tags can be written.
_RIFF = ("WAV", "WAVEX", "RF64")
_CHUNKED = (*_RIFF, "AIFF")
_TAGGED = ("FLAC", "OGG", "MP3")
# Names of `lost_chunks` for what `tag_files` reads.
_READ_AS_TAGS = ("picture", "cue sheet", "application data", "ID3", "id3")


class MetadataTransfer:
    """Transfer of everything but audio from a recording to its result.

    Between containers of one kind all of it is copied as it is, between others as far as both
    have names for it. What the result lacks is noted.

    Args:
        source: the recording, open for reading.
        texts: title, artist and the like, as libsndfile reads them.
        layout: of the result.

    Attributes:
        texts: tags that libsndfile writes with the audio, before `apply`.
        notes: what the result lacks; complete after `apply`.
    """

    def __init__(self, source: BinaryIO, texts: dict[str, str], layout: Layout) -> None:
        self.notes: list[str] = []
        self._source = source
        self._layout = layout
        self._chunks = list(lost_chunks.metadata_chunks(source))
        self._lost = lost_chunks.lost(source)
        self._tags = self._read_tags(texts)
        self.texts = {} if self._writes_texts() else texts

    def apply(self, file: BinaryIO) -> None:
        """Adds the metadata to a complete result, whose audio stays as it is.

        Args:
            file: unbuffered, open for reading and writing.

        Raises:
            OSError: the disk is full.
        """
        if self._copies_chunks():
            self._lost = self._copy_chunks(file)
        elif self._tags is not None:
            others = [name for name in self._lost if name not in _READ_AS_TAGS]
            self._lost = [*others, *self._write_tags(file, self._tags)]
        if self._lost:
            self.notes.append(f"not kept: {', '.join(dict.fromkeys(self._lost))}")

    def _read_tags(self, texts: dict[str, str]) -> Tags | None:
        if self._copies_chunks() or not tag_files.has_tags(self._source):
            return None
        if importlib.util.find_spec("mutagen") is None:
            others = f" and all tags but {', '.join(texts)}" if texts else " and tags"
            self.notes.append(f"without mutagen pictures{others} are not kept; pip install mutagen")
            return None
        return self._parsed(texts)

    def _parsed(self, texts: dict[str, str]) -> Tags | None:
        try:
            found = tag_files.read(self._source)
        except Exception as error:
            # mutagen raises errors of any kind on damaged tags; the audio is still whole.
            self.notes.append(f"its tags are damaged and not kept: {_line(error)}")
            return None
        if self._chunks:
            # An ID3 chunk goes before the texts of other chunks.
            names = found.names()
            found.comments += [(key, text) for key, text in texts.items() if key not in names]
        return found

    def _copies_chunks(self) -> bool:
        found = riff_chunks.container(self._source)
        return found is not None and found == _container_of(self._layout)

    def _writes_texts(self) -> bool:
        """Returns whether `apply` writes the texts, so that libsndfile must not."""
        if self._copies_chunks():
            return any(chunk.name in lost_chunks.TEXTS for chunk in self._kept_chunks())
        return self._tags is not None and self._layout.format in _TAGGED

    def _kept_chunks(self) -> list[Chunk]:
        return [c for c in self._chunks if c.is_whole and c.size <= _MAX_CHUNK_BYTES]

    def _copy_chunks(self, file: BinaryIO) -> list[str]:
        """Copies chunks; returns the names of the others."""
        kept = self._kept_chunks()
        if kept:
            riff_chunks.append(file, self._source, kept)
        return [_with_fault(chunk) for chunk in self._chunks if chunk not in kept]

    def _write_tags(self, file: BinaryIO, carried: Tags) -> list[str]:
        """Writes tags; returns the names of those that the container does not store."""
        others = [name for name in carried.names() if name not in self.texts]
        others += [*carried.unknown, *["picture"][: len(carried.pictures)]]
        if self._layout.format not in (*_CHUNKED, *_TAGGED):
            return [*others, *tag_files.block_names(carried)]
        if self._layout.format in _CHUNKED and not others:
            return tag_files.block_names(carried)
        try:
            return tag_files.write(file, carried)
        except Exception as error:
            _raise_if_full(error)
            self.notes.append(f"its tags cannot be written: {_line(error)}")
            return others


def _raise_if_full(error: Exception) -> None:
    """Raises the OSError behind an error of mutagen; the result is incomplete then."""
    for each in (error, error.__cause__, error.__context__):
        if isinstance(each, OSError):
            raise each


def _line(error: Exception) -> str:
    return " ".join(str(error).split()) or type(error).__name__


def _container_of(layout: Layout) -> Container | None:
    """Returns the container of chunks that libsndfile writes for a layout."""
    if layout.format == "AIFF":
        return Container("AIFF", ">")
    if layout.format in _RIFF:
        return Container("WAVE", ">" if layout.endian == "BIG" else "<")
    return None


def _with_fault(chunk: Chunk) -> str:
    return f"{chunk.name.strip()} ({'over 16 MB' if chunk.is_whole else 'its end is missing'})"
