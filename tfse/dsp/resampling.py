"""Resampling of waveforms by a fixed, differentiable filter."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import numpy.typing as npt
from keras import ops

from tfse.types import Tensor

# Design of the filter in Octave's `resample`.
_REJECTION_DB = 60.0
_ROLL_OFF = 0.1
# Kaiser's formulas for the width of the transition and the shape of the window.
_TAPS_PER_WIDTH = 28.714
_KAISER_BETA = 0.1102 * (_REJECTION_DB - 8.7)


def octave_filter(up: int, down: int) -> npt.NDArray[np.float64]:
    """Returns the low-pass filter of Octave's `resample` and of pystoi.

    Args:
        up: interpolation factor, coprime to `down`.
        down: decimation factor.

    Returns:
        `[2 * half + 1]`, symmetric, with a sum of 1, at `up` times the old rate.

    Source:
        Kaiser's window design with the settings of Octave's `resample`: 60 dB of rejection
        above the lower of the two Nyquist frequencies, a transition of a tenth of it.
    """
    cutoff = 0.5 / max(up, down)
    half = math.ceil((_REJECTION_DB - 8) / (_TAPS_PER_WIDTH * cutoff * _ROLL_OFF))
    times = np.arange(-half, half + 1)
    taps = np.kaiser(2 * half + 1, _KAISER_BETA) * np.sinc(2 * cutoff * times)
    return np.asarray(taps / taps.sum())


def resample(waveform: Tensor, *, old_rate: int, new_rate: int) -> Tensor:
    """Resamples waveforms with zero delay, as if between silence.

    One convolution: every block of `down` samples yields `up` new ones, each the product
    of the samples around the block with one phase of the filter.

    Args:
        waveform: `[batch, samples]`.
        old_rate: its sample rate, in Hz.
        new_rate: sample rate of the result, in Hz.

    Returns:
        `[batch, ceil(samples * new_rate / old_rate)]`.
    """
    common = math.gcd(old_rate, new_rate)
    up, down = new_rate // common, old_rate // common
    if up == down:
        return waveform
    kernel, before = _blocks(up, down)
    samples = ops.shape(waveform)[1]
    blocks = -(-samples // down)
    after = (blocks + kernel.shape[0] - 1 - before) * down - samples
    padded = ops.pad(waveform, [[0, 0], [before * down, after]])
    stacked = ops.reshape(padded, (-1, blocks + kernel.shape[0] - 1, down))
    # Keras' default data format is a user setting.
    phases = ops.conv(stacked, kernel, padding="valid", data_format="channels_last")
    return ops.reshape(phases, (-1, blocks * up))[:, : resampled_length(samples, up, down)]


def resampled_length(samples: Any, up: int, down: int) -> Any:
    """Returns ceil(samples * up / down); `samples` is an int or an integer tensor."""
    return -(-samples * up // down)


def _blocks(up: int, down: int) -> tuple[npt.NDArray[np.float32], int]:
    """Returns the filter `[blocks, down, up]`, and the number of its blocks in the past.

    Output r of a block is the sum over i of x[i] * up * h[half + down r - up i],
    where x[0] is the first sample of the block.
    """
    taps = octave_filter(up, down)
    half = len(taps) // 2
    before = -(-half // (up * down))
    after = (down * (up - 1) + half) // up // down
    offsets = np.arange(-before * down, (after + 1) * down)
    positions = half + down * np.arange(up)[None] - up * offsets[:, None]
    inside = (positions >= 0) & (positions < len(taps))
    kernel = up * np.where(inside, taps[np.clip(positions, 0, len(taps) - 1)], 0.0)
    return kernel.reshape(-1, down, up).astype(np.float32), before
