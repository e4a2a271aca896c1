"""Pictures: waveforms and log spectrograms side by side, and spectrogram thumbnails for pages."""

from __future__ import annotations

import os
import struct
import zlib
from collections.abc import Mapping
from typing import Any, BinaryIO

import numpy as np
import numpy.typing as npt

from tfse.errors import ConfigError
from tfse.types import Samples

Target = str | os.PathLike[str] | BinaryIO
Levels = npt.NDArray[np.float64]

# Range below the loudest point of the first spectrogram.
_RANGE_DB = 80.0
_FRAME_S = 0.032
# More frames than pixels would not be visible.
_MAX_FRAMES = 600
_WIDTH_INCHES, _HEIGHT_INCHES = 12, 7
# Left, bottom, width and height, as fractions of the picture.
_COLORBAR = (0.92, 0.08, 0.015, 0.38)

#: Pixels of a thumbnail.
THUMBNAIL_WIDTH, THUMBNAIL_HEIGHT = 280, 96
#: Range below the loudest point of all sounds of a recording; lower levels are black.
THUMBNAIL_RANGE_DB = 70.0
# More shades, which are hard to distinguish, would double the size of a file.
_SHADES = 40
# Colours from silence to the loudest point: black, violet, red, orange, pale yellow.
_COLOURS = ((0, 0, 4), (50, 18, 92), (121, 34, 130), (189, 55, 84), (243, 120, 25), (252, 255, 164))


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


def thumbnail_levels_db(samples: Samples, sample_rate: int) -> Levels:
    """Returns the levels of a thumbnail in dB, low frequencies at the bottom.

    A pixel is the maximum over its frames and bins.

    Shapes:
        `[samples]` -> `[THUMBNAIL_HEIGHT, THUMBNAIL_WIDTH]`
    """
    frame = max(2, round(_FRAME_S * sample_rate))
    padded = np.pad(samples.astype(np.float64), (0, max(0, frame - len(samples))))
    hop = max(1, frame // 4, (len(padded) - frame) // (4 * THUMBNAIL_WIDTH))
    frames = np.lib.stride_tricks.sliding_window_view(padded, frame)[::hop]
    power: Levels = np.square(np.abs(np.fft.rfft(frames * np.hanning(frame))))
    picture = _loudest(_loudest(power.T[::-1], THUMBNAIL_HEIGHT).T, THUMBNAIL_WIDTH).T
    return 10 * np.log10(np.maximum(picture, 1e-12))


def thumbnail_png(levels: Levels, loudest_db: float) -> bytes:
    """Returns a thumbnail of 40 colours, encoded without a plotting library.

    Args:
        levels: `[lines, columns]`, in dB.
        loudest_db: level of the brightest colour; the darkest is `THUMBNAIL_RANGE_DB` below.
    """
    shade = np.clip((levels - loudest_db) / THUMBNAIL_RANGE_DB + 1, 0, 1) * (_SHADES - 1)
    lines = np.pad(np.rint(shade).astype(np.uint8), ((0, 0), (1, 0)))  # no filter
    height, width = levels.shape
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        _chunk(name, data)
        for name, data in (
            (b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 3, 0, 0, 0)),
            (b"PLTE", _palette()),
            (b"IDAT", zlib.compress(lines.tobytes(), 9)),
            (b"IEND", b""),
        )
    )


def _loudest(power: Levels, size: int) -> Levels:
    """Returns `size` lines, each the maximum of its input lines."""
    edges = np.linspace(0, len(power), size + 1)
    starts = np.minimum(edges[:-1].astype(int), len(power) - 1)
    if len(power) <= size:
        return power[starts]
    return np.maximum.reduceat(power, starts)


def _palette() -> bytes:
    at = np.linspace(0, len(_COLOURS) - 1, _SHADES)
    channels = [
        np.interp(at, range(len(_COLOURS)), channel) for channel in zip(*_COLOURS, strict=True)
    ]
    return np.rint(channels).astype(np.uint8).T.tobytes()


def _chunk(name: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))
