from __future__ import annotations

import pathlib
import sys

import numpy as np
import pytest
from matplotlib import image

from tests.streaming.tiny_streams import identity_step, noise, tones, write
from tfse.errors import ConfigError
from tfse.streaming import save_picture
from tfse.streaming.batch.before_after import PICTURE_S, Excerpt
from tfse.streaming.file_enhancement import enhance_to
from tfse.streaming.options import EnhanceOptions, Targets


def test_before_and_after_differ_where_they_should(tmp_path: pathlib.Path) -> None:
    noisy = noise(16_000)
    path = tmp_path / "picture.png"
    save_picture(noisy, tones(16_000, 16_000)[:, 0], 16_000, path)
    picture = image.imread(path)
    height, width = picture.shape[:2]
    # Bottom left is the noise's spectrogram, bottom right the tone's.
    left, right = picture[height // 2 :, : width // 2], picture[height // 2 :, width // 2 :]
    assert left[..., 0].std() < right[..., 0].std()


def test_an_excerpt_is_the_beginning(tmp_path: pathlib.Path) -> None:
    excerpt = Excerpt(1000)
    for _ in range(50):
        excerpt.add(noise(1000, 2), noise(1000, 2))
    kept = sum(len(noisy) for noisy, _ in excerpt._blocks)
    assert kept == PICTURE_S * 1000


@pytest.mark.parametrize("samples", [1, 700])
def test_a_picture_of_a_file_replaced_in_place(samples: int, tmp_path: pathlib.Path) -> None:
    source = write(tmp_path / "x.wav", noise(samples, 2))
    picture = tmp_path / "x.png"
    enhance_to(
        source, Targets(source, picture=picture), identity_step(), EnhanceOptions(), overwrite=True
    )
    assert image.imread(picture).shape[:2] == (700, 1200)


def test_silence_can_be_drawn(tmp_path: pathlib.Path) -> None:
    silence = np.zeros(5000, np.float32)
    save_picture(silence, silence, 16_000, tmp_path / "x.png")
    assert image.imread(tmp_path / "x.png").any()


def test_without_matplotlib_one_line_says_so(
    monkeypatch: pytest.MonkeyPatch, tmp_path: pathlib.Path
) -> None:
    monkeypatch.setitem(sys.modules, "matplotlib.figure", None)
    with pytest.raises(ConfigError, match=r"pip install 'tfse\[demo\]'"):
        save_picture(noise(100), noise(100), 16_000, tmp_path / "x.png")
