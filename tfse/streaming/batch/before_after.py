"""Before-and-after pictures of a recording."""

from __future__ import annotations

import pathlib
from typing import BinaryIO

import numpy as np

from tfse.picture import draw_waveforms
from tfse.types import Samples

#: Length of the drawn excerpt, from the beginning of a recording.
PICTURE_S = 30.0


class Excerpt:
    """Beginning of a recording, before and after, for its picture.

    The mean of the channels is drawn.

    Args:
        sample_rate: in Hz.
    """

    def __init__(self, sample_rate: int) -> None:
        self._sample_rate = sample_rate
        self._remaining = int(PICTURE_S * sample_rate)
        self._blocks: list[tuple[Samples, Samples]] = []

    def add(self, noisy: Samples, enhanced: Samples) -> None:
        """Adds the next samples, both `[samples, channels]`."""
        noisy, enhanced = noisy[: self._remaining], enhanced[: self._remaining]
        self._remaining -= len(noisy)
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

    Both use the scales of the first, so that levels can be compared.

    Args:
        noisy: `[samples]`.
        enhanced: `[samples]`, time-aligned with `noisy`.
        sample_rate: in Hz.
        path: output file.

    Raises:
        ConfigError: matplotlib or librosa is not installed.
    """
    draw_waveforms({"noisy": noisy, "enhanced": enhanced}, sample_rate, path)
