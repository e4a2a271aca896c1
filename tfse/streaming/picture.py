"""Draws a recording before and after."""

from __future__ import annotations

import pathlib
from typing import Any, BinaryIO

import numpy as np

from tfse.errors import ConfigError
from tfse.streaming.step import Samples

#: So much of a recording is drawn, from its beginning.
PICTURE_S = 30.0
# Spectrograms reach from the loudest point of the noisy recording down to this.
_RANGE_DB = 80.0
_FRAME_S = 0.032
# A picture is not wider than this; more frames would be drawn and not be seen.
_MAX_FRAMES = 600
_SIZE_INCHES = (12, 7)
# Left, bottom, width and height, as shares of the picture.
_COLORBAR = (0.92, 0.08, 0.015, 0.38)


class Excerpt:
    """Collects the beginning of a recording, before and after, for its picture.

    Channels are drawn as their mean.

    Args:
        sample_rate: in Hz.
    """

    def __init__(self, sample_rate: int) -> None:
        """Begins empty."""
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
    require_drawing()
    # The class, not pyplot: no display, no global state, safe in any thread.
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    # A layout engine would draw everything twice.
    figure = Figure(figsize=_SIZE_INCHES)
    figure.subplots_adjust(left=0.06, right=0.9, bottom=0.08, top=0.95, wspace=0.08)
    FigureCanvasAgg(figure)
    axes = figure.subplots(2, 2, sharex=True, sharey="row")
    peak = float(np.abs(noisy).max(initial=1e-6))
    loudest = _decibels(noisy, sample_rate).max()
    for column, (title, samples) in enumerate({"noisy": noisy, "enhanced": enhanced}.items()):
        _draw_waveform(axes[0, column], samples, sample_rate, peak)
        axes[0, column].set_title(title)
        image = _draw_spectrogram(axes[1, column], samples, sample_rate, loudest)
    figure.colorbar(image, cax=figure.add_axes(_COLORBAR), format="%+.0f dB")
    figure.savefig(path, format="png", dpi=100)


def require_drawing() -> None:
    """Refuses to draw where it would fail later.

    Raises:
        ConfigError: matplotlib or librosa is not installed.
    """
    try:
        import librosa.display  # noqa: F401
        import matplotlib.figure  # noqa: F401
    except ImportError as error:
        raise ConfigError(
            "to draw a picture, matplotlib and librosa must be installed: pip install tfse[demo]"
        ) from error


def _draw_waveform(axes: Any, samples: Samples, sample_rate: int, peak: float) -> None:
    import librosa.display

    librosa.display.waveshow(samples, sr=sample_rate, ax=axes, linewidth=0.5)
    axes.set(xlabel="", ylim=(-peak, peak))


def _draw_spectrogram(axes: Any, samples: Samples, sample_rate: int, loudest: float) -> Any:
    import librosa.display

    return librosa.display.specshow(
        _decibels(samples, sample_rate),
        sr=sample_rate,
        hop_length=_hop(samples.size, sample_rate),
        x_axis="time",
        y_axis="hz",
        ax=axes,
        vmin=loudest - _RANGE_DB,
        vmax=loudest,
        cmap="magma",
    )


def _hop(samples: int, sample_rate: int) -> int:
    return max(1, int(_FRAME_S * sample_rate / 4), samples // _MAX_FRAMES)


def _decibels(samples: Samples, sample_rate: int) -> Samples:
    import librosa

    frame = max(2, int(_FRAME_S * sample_rate))
    hop = _hop(samples.size, sample_rate)
    # One frame at least: librosa warns of less.
    padded = np.pad(samples, (0, max(0, frame - samples.size)))
    magnitudes = np.abs(librosa.stft(padded, n_fft=frame, hop_length=hop))
    return librosa.amplitude_to_db(magnitudes, ref=1.0, amin=1e-6, top_db=None)
