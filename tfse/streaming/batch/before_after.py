"""Draws a recording before and after."""

from __future__ import annotations

import pathlib
from typing import BinaryIO

import numpy as np

from tfse.picture import draw_waveforms
from tfse.types import Samples

#: So much of a recording is drawn, from its beginning.
PICTURE_S = 30.0


class Excerpt:
    """Collects the beginning of a recording, before and after, for its picture.

    Channels are drawn as their mean.

    Args:
        sample_rate: in Hz.
    """

    def __init__(self, sample_rate: int) -> None:
        self._sample_rate = sample_rate
        self._room = int(PICTURE_S * sample_rate)
        self._blocks: list[tuple[Samples, Samples]] = []

    def add(self, noisy: Samples, enhanced: Samples) -> None:
        """Takes the next samples, `[samples, channels]` both."""
        noisy, enhanced = noisy[: self._room], enhanced[: self._room]
        self._room -= len(noisy)
        if len(noisy):
            self._blocks.append((noisy.mean(axis=1), enhanced.mean(axis=1)))

    def save(self, path: pathlib.Path | BinaryIO) -> None:
        """Writes the picture; see `save_picture`."""
        noisy, enhanced = (np.concatenate(parts) for parts in zip(*self._blocks, strict=True))
        save_picture(noisy, enhanced, self._sample_rate, path)


def save_picture(
    noisy: Samples, enhanced: Samples, sample_rate: int, path: str | pathlib.Path | BinaryIO
) -> None:
    """Draws waveforms and log spectrograms of a recording before and after, as PNG.

    The two are drawn on the same scales, so that what is fainter is less.

    Args:
        noisy: `[samples]`.
        enhanced: `[samples]`, in line with it.
        sample_rate: in Hz.
        path: where the picture goes.

    Raises:
        ConfigError: matplotlib or librosa is not installed.
    """
    draw_waveforms({"noisy": noisy, "enhanced": enhanced}, sample_rate, path)
