"""Short frames of two waveforms, side by side."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from tfse.metrics.metric_errors import MetricUndefined
from tfse.metrics.validation import Samples

Frames = npt.NDArray[np.float64]
Values = npt.NDArray[np.float64]
FrameMetric = Callable[[Frames, Frames], Values]

# Frames worked on at a time, so that an hour needs no more memory than a minute.
_BLOCK = 2_000
# What the authors' program adds to every sample, so that digital silence has a spectrum.
_SMALLEST_SAMPLE = float(np.finfo(np.float64).eps)


def frame_values(
    pair: tuple[Samples, Samples], window: Samples, hop: int, count: int, metric: FrameMetric
) -> Values:
    """Returns a metric of every pair of frames.

    Args:
        pair: reference and estimate, each `[samples]`.
        window: what frames are multiplied by, `[window]`.
        hop: samples from one frame to the next.
        count: frames wanted; the first starts at sample 0.
        metric: of windowed frames of reference and estimate, each
            `[frames, window]`; returns `[frames]`.

    Returns:
        `[count]`.

    Raises:
        MetricUndefined: `count` is not above 0: the pair is too short.
    """
    if count < 1:
        raise MetricUndefined(
            f"frames of {len(window)} samples need more; received {len(pair[0])} samples."
        )
    views = [np.lib.stride_tricks.sliding_window_view(x, len(window))[::hop] for x in pair]
    values = []
    for start in range(0, count, _BLOCK):
        block = slice(start, min(start + _BLOCK, count))
        values.append(metric(views[0][block] * window, views[1][block] * window))
    return np.concatenate(values)


def loizou_frame_values(
    pair: tuple[Samples, Samples], sample_rate: int, metric: FrameMetric
) -> Values:
    """Returns a metric of the frames that Hu and Loizou compare.

    Frames are of 30 ms, 75 % overlapped, under a Hann window without its zeros.
    The last whole frame is left out and 2.2e-16 is added to every sample, as in
    the authors' program, so that numbers compare with published ones.

    Args:
        pair: reference and estimate, each `[samples]`; full scale is 1.
        sample_rate: in Hz.
        metric: as in `frame_values`.

    Returns:
        `[frames]`.

    Raises:
        MetricUndefined: less than a frame and a hop: 37.5 ms.

    Source:
        Loizou, "Speech Enhancement: Theory and Practice", 2nd edition, 2013,
        and its program `composite.m`.
    """
    samples = round(0.03 * sample_rate)
    hop = samples // 4
    window = 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(1, samples + 1) / (samples + 1))
    reference, estimate = (waveform + _SMALLEST_SAMPLE for waveform in pair)
    count = (len(reference) - samples) // hop
    return frame_values((reference, estimate), window, hop, count, metric)


def lowest_mean(values: Values, share: float = 0.95) -> float:
    """Returns the mean of the lowest `share` of `[frames]`, of one at least."""
    count = max(int(share * len(values) + 0.5), 1)
    return float(np.mean(np.sort(values)[:count]))
