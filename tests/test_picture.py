"""Pictures of waveforms and spectrograms on common scales."""

from __future__ import annotations

import pathlib

import numpy as np
from matplotlib import image

from tfse.picture import draw_waveforms


def test_a_picture_shows_differences_and_nothing_else(tmp_path: pathlib.Path) -> None:
    tone = 0.5 * np.sin(2 * np.pi * 1000 * np.arange(16000) / 16000).astype(np.float32)
    silence = np.zeros(16000, np.float32)
    pictures = []
    for name, samples in (("tone", tone), ("silence", silence)):
        path = tmp_path / f"{name}.png"
        draw_waveforms({"first": tone, "second": samples, "third": tone}, 16000, path, "title")
        pictures.append(image.imread(path))
    assert pictures[0].shape == pictures[1].shape
    differs = np.any(pictures[0] != pictures[1], axis=2)
    first, second, third = np.array_split(differs, 3, axis=1)
    assert second.mean() > 0.05, "the tone is visible"
    assert not first.any(), "equal signals look equal"
    assert not third[:, third.shape[1] // 8 :].any()
