from __future__ import annotations

import io
import pathlib
import struct

import pytest
import soundfile

from tests.streaming.tiny_streams import identity_step, noise, write
from tfse.audio.metadata import lost_chunks
from tfse.streaming import enhance_file


def with_chunks(path: pathlib.Path, order: str, *names: str) -> pathlib.Path:
    """Appends chunks of an odd length to a RIFF or an AIFF."""
    data = bytearray(path.read_bytes())
    for name in names:
        name, _, kind = name.partition(" ")
        data += name.encode().ljust(4) + struct.pack(order, 3 + len(kind)) + kind.encode() + b"abc"
        data += b"\0" * ((3 + len(kind)) % 2)
    data[4:8] = struct.pack(order, len(data) - 8)
    path.write_bytes(data)
    return path


def test_chunks_that_a_result_lacks_are_noted(tmp_path: pathlib.Path) -> None:
    source = write(tmp_path / "x.wav", noise(9000), subtype="PCM_16")
    with_chunks(source, "<I", "bext", "cue ", "LIST INFO", "LIST adtl", "iXML", "cue ")
    summary = enhance_file(source, tmp_path / "y.flac", identity_step())
    assert summary.notes == ("not kept: bext, cue, LIST adtl, iXML",)


@pytest.mark.parametrize(
    ("ending", "order", "names", "lost"),
    [
        ("aiff", ">I", ["MARK", "ANNO", "ID3 "], ["MARK", "ID3"]),
        ("wav", "<I", ["LIST INFO", "JUNK"], []),
        ("wav", "<I", ["\1\2\3\4"], []),
    ],
)
def test_only_what_is_lost_is_named(
    ending: str, order: str, names: list[str], lost: list[str], tmp_path: pathlib.Path
) -> None:
    path = write(tmp_path / f"x.{ending}", noise(9001), subtype="PCM_16")
    with with_chunks(path, order, *names).open("rb") as file:
        assert lost_chunks.lost(file) == lost


def test_pictures_are_named(tmp_path: pathlib.Path) -> None:
    flac = io.BytesIO()
    soundfile.write(flac, noise(9000), 16_000, format="FLAC")
    picture = b"\x06\0\0\x05image"
    # After the first block: its header and 34 bytes follow the magic number.
    data = flac.getvalue()[:42] + picture + flac.getvalue()[42:]
    assert lost_chunks.lost(io.BytesIO(data)) == ["picture"]
    tag = b"ID3\x03\0\0\0\0\0\x40APIC\0\0\0\x30\0\0\0image/jpeg\0"
    assert lost_chunks.lost(io.BytesIO(tag)) == ["picture"]
    assert lost_chunks.lost(io.BytesIO(tag.replace(b"APIC", b"TIT2"))) == []


@pytest.mark.parametrize("head", [b"", b"RIFF", b"RIFF\0\0\0\0WAVEda", b"fLaC", b"FORM" * 40])
def test_a_header_that_ends_early_has_none(head: bytes) -> None:
    assert lost_chunks.lost(io.BytesIO(head)) == []
