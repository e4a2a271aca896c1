from __future__ import annotations

import os
import pathlib

import numpy as np
import pytest
import soundfile

from tests.streaming.test_file_enhancement import FORMATS
from tests.streaming.tiny_streams import noise, write
from tfse.audio.file_source import DamagedError, FileSource, claimed_s
from tfse.errors import AudioError


@pytest.mark.parametrize(("format", "subtype"), FORMATS)
def test_blocks_are_the_whole(format: str, subtype: str, tmp_path: pathlib.Path) -> None:
    path = write(tmp_path / "x", noise(3 * 48_000 + 7, 2), 48_000, subtype, format)
    with FileSource(path) as source:
        blocks = list(source.blocks())
    assert len(blocks) >= 3
    whole, _ = soundfile.read(path, dtype="float32")
    np.testing.assert_allclose(np.concatenate(blocks), whole, atol=1e-6)
    assert source.notes == []


def test_many_channels_make_small_blocks(tmp_path: pathlib.Path) -> None:
    path = write(tmp_path / "x.wav", noise(3000, 64))
    with FileSource(path) as source:
        assert max(block.size for block in source.blocks()) <= 1 << 17


def test_a_file_that_ends_early_is_noted(tmp_path: pathlib.Path) -> None:
    path = write(tmp_path / "x.mp3", noise(3 * 44_100), 44_100)
    content = path.read_bytes()
    path.write_bytes(content[: len(content) // 2])
    with FileSource(path) as source:
        read = sum(len(block) for block in source.blocks())
    assert source.notes == [f"the header claims 132300 samples, {read} are there"]


def damaged_flac(path: pathlib.Path) -> int:
    """Writes 3 s of which the end is missing; returns a length that is surely intact."""
    write(path, noise(48_000), format="FLAC")
    content = path.read_bytes()
    path.write_bytes(content[: len(content) // 2])
    return 18_000


def test_samples_before_damage_can_be_kept(tmp_path: pathlib.Path) -> None:
    path = tmp_path / "x.flac"
    whole = damaged_flac(path)
    with FileSource(path) as source, pytest.raises(DamagedError, match="damaged after"):
        list(source.blocks())
    with FileSource(path, on_damage="keep") as source:
        samples = np.concatenate(list(source.blocks()))
    assert len(samples) > whole
    np.testing.assert_allclose(samples[:, 0], noise(48_000)[: len(samples)], atol=1e-4)
    assert len(source.notes) == 1
    assert source.notes[0].startswith(f"damaged after {len(samples)} samples: ")


def test_a_header_without_length_differs_from_an_empty_recording(
    tmp_path: pathlib.Path,
) -> None:
    path = write(tmp_path / "x.wav", noise(9000), subtype="PCM_16")
    content = bytearray(path.read_bytes())
    content[40:44] = bytes(4)
    path.write_bytes(content)
    with pytest.raises(AudioError, match=r"no samples in it: .* none, and 18044 bytes are there"):
        FileSource(path)


def test_an_unknown_length_is_not_claimed() -> None:
    # libsndfile takes 2^63 - 1 samples for the length of this one.
    path = pathlib.Path(__file__).with_name("unknown_length.mp3")
    assert claimed_s(path) == 0
    with FileSource(path) as source, pytest.raises(AudioError, match="none of its samples can"):
        list(source.blocks())


@pytest.mark.parametrize("text", ["Sigur Rós".encode(), "Sigur Rós".encode("latin-1")])
def test_tags_are_read_in_either_encoding(text: bytes, tmp_path: pathlib.Path) -> None:
    path = write(tmp_path / "x.mp3", noise(48_000), 48_000)
    tag = b"TAG" + b"A talk".ljust(30, b"\0") + text.ljust(30, b"\0") + bytes(64) + b"\xff"
    path.write_bytes(path.read_bytes() + tag)
    with FileSource(path) as source:
        assert source.tags == {"title": "A talk", "artist": "Sigur Rós"}


def test_a_name_may_be_undecodable(tmp_path: pathlib.Path) -> None:
    path = tmp_path / os.fsdecode(b"\xe9t\xe9.wav")
    os.rename(write(tmp_path / "x.wav", noise(9000)), path)
    with FileSource(path) as source:
        assert sum(len(block) for block in source.blocks()) == 9000


def test_the_message_for_an_unreadable_format_says_how_to_convert_it(
    tmp_path: pathlib.Path,
) -> None:
    path = tmp_path / "x.m4a"
    path.write_bytes(b"\x00\x00\x00\x20ftypM4A \x00\x00\x00\x00" + bytes(5000))
    with pytest.raises(AudioError, match=r"convert .m4a with ffmpeg -i IN OUT.wav"):
        FileSource(path)
