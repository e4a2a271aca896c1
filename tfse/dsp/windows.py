"""Analysis windows, and the synthesis windows that invert them."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from tfse.errors import ConfigError

Window = npt.NDArray[np.float64]

# Smallest share of their peak to which the overlapped squares of a window may fall: the
# synthesis window divides by them, which amplifies rounding errors.
_SMALLEST_OVERLAP = 1e-3


def _sine(length: int) -> Window:
    return np.sin(np.pi * (np.arange(length) + 0.5) / length)


def _hann(length: int) -> Window:
    return 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(length) / length)


def _vorbis(length: int) -> Window:
    return np.sin(0.5 * np.pi * _sine(length) ** 2)


_WINDOWS: dict[str, Callable[[int], Window]] = {
    "hann": _hann,
    "rectangular": np.ones,
    "sine": _sine,
    "sqrt_hann": lambda length: np.sqrt(_hann(length)),
    "vorbis": _vorbis,
}


def analysis_window(name: str, frame_length: int) -> Window:
    """Returns a window by its name.

    Args:
        name: "sine", sin(pi (n + 0.5) / N); "hann", the periodic Hann window;
            "sqrt_hann", its square root; "vorbis", sin(pi/2 s^2) of the sine window s;
            "rectangular".
        frame_length: N, in samples.

    Returns:
        `[frame_length]`.

    Raises:
        ConfigError: no window has this name.
    """
    if name not in _WINDOWS:
        raise ConfigError(f"`window` must be one of {sorted(_WINDOWS)}; received {name!r}.")
    return _WINDOWS[name](frame_length)


def synthesis_window(analysis: Window, hop_length: int) -> Window:
    """Returns the window whose overlap-add inverts `analysis`.

    The least-squares choice: the analysis window divided by the sum of its squares over
    all frames that overlap in a sample. Where the squares sum to one (sine or square-root
    Hann at half overlap), both windows are the same.

    Args:
        analysis: `[frame_length]`.
        hop_length: samples from one frame to the next.

    Returns:
        `[frame_length]`.

    Raises:
        ConfigError: a sample is covered by no frame, or with almost no weight, so that it
            cannot be reconstructed.

    Source:
        Griffin and Lim, "Signal estimation from modified short-time Fourier
        transform", IEEE TASSP 32(2), 1984, equation 6.
    """
    frame_length = len(analysis)
    hops = -(-frame_length // hop_length)
    squares = np.pad(analysis**2, (0, hops * hop_length - frame_length))
    overlap = squares.reshape(hops, hop_length).sum(axis=0)
    if hop_length > frame_length or overlap.min() < _SMALLEST_OVERLAP * overlap.max():
        raise ConfigError(
            "the window must reconstruct: its overlapped squares must not fall below "
            f"{_SMALLEST_OVERLAP} of their peak; received {overlap.min() / overlap.max():.1e} with "
            f"frame_length={frame_length}, hop_length={hop_length}."
        )
    return analysis / np.tile(overlap, hops)[:frame_length]
