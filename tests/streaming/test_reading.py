from __future__ import annotations

import pathlib

import numpy as np
import pytest
import soundfile

from tests.streaming.examples import noise, write
from tests.streaming.test_files import FORMATS
from tfse.streaming.reading import FileSource


@pytest.mark.parametrize(("format", "subtype"), FORMATS)
def test_blocks_are_the_whole(format: str, subtype: str, tmp_path: pathlib.Path) -> None:
    path = write(tmp_path / "x", noise(3 * 48_000 + 7, 2), 48_000, subtype, format)
    with FileSource(path) as source:
        blocks = list(source.blocks())
    assert len(blocks) >= 4
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
    assert source.notes == [f"132300 samples are claimed, {read} are there"]
