"""Spectrograms as small PNG files, without a plotting library."""

from __future__ import annotations

import struct
import zlib

import numpy as np
import numpy.typing as npt

from tfse.evaluation.sources.recordings import Sound

WIDTH, HEIGHT = 280, 96
#: Range below the loudest point of all sounds of a recording; lower levels are black.
RANGE_DB = 70.0
_FRAME_S = 0.032
# More shades, which are hard to distinguish, would double the size of a file.
_SHADES = 40
# Colours from silence to the loudest point: black, violet, red, orange, pale yellow.
_COLOURS = ((0, 0, 4), (50, 18, 92), (121, 34, 130), (189, 55, 84), (243, 120, 25), (252, 255, 164))

Levels = npt.NDArray[np.float64]


def levels_db(sound: Sound) -> Levels:
    """Returns the levels of a picture in dB, `[HEIGHT, WIDTH]`, low frequencies at the bottom.

    A pixel is the maximum over its frames and bins.
    """
    frame = max(2, round(_FRAME_S * sound.sample_rate))
    samples = np.pad(sound.samples.astype(np.float64), (0, max(0, frame - len(sound.samples))))
    hop = max(1, frame // 4, (len(samples) - frame) // (4 * WIDTH))
    frames = np.lib.stride_tricks.sliding_window_view(samples, frame)[::hop]
    power: Levels = np.square(np.abs(np.fft.rfft(frames * np.hanning(frame))))
    picture = _loudest(_loudest(power.T[::-1], HEIGHT).T, WIDTH).T
    return 10 * np.log10(np.maximum(picture, 1e-12))


def png(levels: Levels, loudest_db: float) -> bytes:
    """Returns a picture of 40 colours.

    Args:
        levels: `[lines, columns]`, in dB.
        loudest_db: level of the brightest colour; the darkest is `RANGE_DB` below.
    """
    shade = np.clip((levels - loudest_db) / RANGE_DB + 1, 0, 1) * (_SHADES - 1)
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
