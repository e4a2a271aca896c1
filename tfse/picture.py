"""Pictures of recordings side by side: waveforms and log spectrograms."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any, BinaryIO

import numpy as np

from tfse.errors import ConfigError
from tfse.types import Samples

Target = str | os.PathLike[str] | BinaryIO

# Range below the loudest point of the first spectrogram.
_RANGE_DB = 80.0
_FRAME_S = 0.032
# More frames than pixels would not be visible.
_MAX_FRAMES = 600
_WIDTH_INCHES, _HEIGHT_INCHES = 12, 7
# Left, bottom, width and height, as fractions of the picture.
_COLORBAR = (0.92, 0.08, 0.015, 0.38)


def draw_waveforms(
    waveforms: Mapping[str, Samples], sample_rate: int, path: Target, title: str = ""
) -> None:
    """Draws waveforms in one row and their log spectrograms below, as PNG.

    All use the scales of the first, so that levels can be compared.

    Args:
        waveforms: `[samples]` by name, time-aligned.
        sample_rate: in Hz.
        path: output file.
        title: of the picture.

    Raises:
        ConfigError: matplotlib or librosa is not installed.
    """
    require_drawing()
    # Not pyplot: a figure needs no display or global state, and is safe in any thread.
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    # A layout engine would draw everything twice.
    figure = Figure(figsize=(_WIDTH_INCHES, _HEIGHT_INCHES))
    top = 0.9 if title else 0.95
    figure.subplots_adjust(left=0.06, right=0.9, bottom=0.08, top=top, wspace=0.08)
    FigureCanvasAgg(figure)
    figure.suptitle(title)
    axes = figure.subplots(2, len(waveforms), sharex=True, sharey="row", squeeze=False)
    first = next(iter(waveforms.values()))
    peak = float(np.abs(first).max(initial=1e-6))
    loudest = _decibels(first, sample_rate).max()
    for column, (name, samples) in enumerate(waveforms.items()):
        _draw_waveform(axes[0, column], samples, sample_rate, peak)
        axes[0, column].set_title(name)
        image = _draw_spectrogram(axes[1, column], samples, sample_rate, loudest)
    figure.colorbar(image, cax=figure.add_axes(_COLORBAR), format="%+.0f dB")
    figure.savefig(path, format="png", dpi=100)


def require_drawing() -> None:
    """Checks that pictures can be drawn.

    Raises:
        ConfigError: matplotlib or librosa is not installed.
    """
    try:
        import librosa.display  # noqa: F401
        import matplotlib.figure  # noqa: F401
    except ImportError as error:
        raise ConfigError(
            "pictures need matplotlib and librosa: pip install 'tfse[demo]'"
        ) from error


def _draw_waveform(axes: Any, samples: Samples, sample_rate: int, peak: float) -> None:
    # librosa's waveshow would redraw the whole figure for each waveform.
    axes.plot(np.arange(samples.size) / sample_rate, samples, linewidth=0.5)
    axes.set(xlabel="", ylim=(-peak, peak))


def _draw_spectrogram(axes: Any, samples: Samples, sample_rate: int, loudest: float) -> Any:
    import librosa.display

    image = librosa.display.specshow(
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
    axes.set_xlabel("time (s)")
    return image


def _hop(samples: int, sample_rate: int) -> int:
    return max(1, int(_FRAME_S * sample_rate / 4), samples // _MAX_FRAMES)


def _decibels(samples: Samples, sample_rate: int) -> Samples:
    import librosa

    frame = max(2, int(_FRAME_S * sample_rate))
    hop = _hop(samples.size, sample_rate)
    # librosa warns about less than one frame.
    padded = np.pad(samples, (0, max(0, frame - samples.size)))
    magnitudes = np.abs(librosa.stft(padded, n_fft=frame, hop_length=hop))
    return librosa.amplitude_to_db(magnitudes, ref=1.0, amin=1e-6, top_db=None)
