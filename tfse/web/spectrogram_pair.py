"""Spectrogram pair: a recording before and after, and any mixture of the two, in bounded memory."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from tfse.picture import thumbnail_png
from tfse.types import Samples

_FRAME_S = 0.032
_HOPS_PER_FRAME = 4
_LINES = 160
# Two columns become one when there are this many: at any time there are at least half.
_MAX_COLUMNS = 1600
# A recording without any louder point is drawn dark, as silence.
_MIN_LOUDEST_DB = -40.0
_MIN_POWER = 1e-12

Powers = npt.NDArray[np.float64]


class SpectrogramPair:
    """Mean powers of noisy and enhanced speech, and of their product, by time and frequency.

    A mixture (1 - s) N + s E has the power (1 - s)^2 |N|^2 + s^2 |E|^2 + 2 s (1 - s) Re(N E*),
    so its spectrogram needs no samples. The mean of the channels is analysed.

    Args:
        sample_rate: in Hz.
    """

    def __init__(self, sample_rate: int) -> None:
        self.sample_rate = sample_rate
        self._frame = max(_HOPS_PER_FRAME, round(_FRAME_S * sample_rate))
        self._hop = self._frame // _HOPS_PER_FRAME
        bins = self._frame // 2 + 1
        edges = np.linspace(0, bins, min(bins, _LINES) + 1).astype(int)
        self._starts, self._sizes = edges[:-1], np.diff(edges)
        self._pending = np.zeros((2, 0), np.float32)
        self._columns: list[Powers] = []
        self._frames_per_column = 1
        self._frames: list[Powers] = []

    def add(self, noisy: Samples, enhanced: Samples) -> None:
        """Adds the next samples, both `[samples, channels]`."""
        self._add(np.stack([noisy.mean(axis=1), enhanced.mean(axis=1)]))

    def finish(self) -> None:
        """Adds the frames that contain the last samples."""
        self._add(np.zeros((2, self._frame), np.float32))
        if self._frames:
            self._columns.append(np.mean(self._frames, axis=0))

    def png(self, share: float) -> bytes:
        """Returns the picture of a mixture; its colours are relative to the loudest noisy point.

        Args:
            share: of the enhanced signal, 0 to 1.
        """
        loudest = max(float(self._levels_db(0.0).max()), _MIN_LOUDEST_DB)
        return thumbnail_png(self._levels_db(share), loudest)

    def _levels_db(self, share: float) -> Powers:
        """Returns levels in dB, `[lines, columns]`, low frequencies at the bottom."""
        weights = [(1 - share) ** 2, share**2, 2 * share * (1 - share)]
        power = np.tensordot(np.stack(self._columns), weights, axes=([1], [0]))
        return 10 * np.log10(np.maximum(power.T[::-1], _MIN_POWER))

    def _add(self, pair: Samples) -> None:
        self._pending = np.concatenate([self._pending, pair], axis=1)
        if self._pending.shape[1] < self._frame:
            return
        views = np.lib.stride_tricks.sliding_window_view(self._pending, self._frame, axis=1)
        for powers in self._powers(views[:, :: self._hop]):
            self._append(powers)
        self._pending = self._pending[:, self._hop * len(views[0, :: self._hop]) :]

    def _powers(self, frames: Samples) -> Powers:
        """Returns `[frames, 3, lines]` of `[2, frames, samples]`."""
        noisy, enhanced = np.fft.rfft(frames * np.hanning(self._frame))
        products = (noisy * noisy.conj(), enhanced * enhanced.conj(), noisy * enhanced.conj())
        powers = np.stack([product.real for product in products], axis=1)
        sums: Powers = np.add.reduceat(powers, self._starts, axis=-1)
        return sums / self._sizes

    def _append(self, powers: Powers) -> None:
        self._frames.append(powers)
        if len(self._frames) < self._frames_per_column:
            return
        self._columns.append(np.mean(self._frames, axis=0))
        self._frames = []
        if len(self._columns) == _MAX_COLUMNS:
            halves = zip(self._columns[::2], self._columns[1::2], strict=True)
            self._columns = [(one + two) / 2 for one, two in halves]
            self._frames_per_column *= 2
