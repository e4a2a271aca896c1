"""Frame-wise metrics of two waveforms."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from tfse.metrics.metric_errors import MetricUndefined
from tfse.metrics.validation import Samples

Frames = npt.NDArray[np.float64]
Values = npt.NDArray[np.float64]
FrameMetric = Callable[[Frames, Frames], Values]

# Frames per block, which bounds the memory for long recordings.
_BLOCK = 2_000
# Added to every sample, as in the authors' program, so that digital silence has a spectrum.
_SMALLEST_SAMPLE = float(np.finfo(np.float64).eps)


def frame_values(
    pair: tuple[Samples, Samples], window: Samples, hop: int, count: int, metric: FrameMetric
) -> Values:
    """Returns a metric per pair of frames.

    Args:
        pair: reference and estimate, each `[samples]`.
        window: factor of every frame, `[window]`.
        hop: samples from one frame to the next.
        count: number of frames; the first starts at sample 0.
        metric: from windowed frames of reference and estimate, each `[frames, window]`, to
            `[frames]`.

    Returns:
        `[count]`.

    Raises:
        MetricUndefined: `count` is below 1, since the pair is too short.
    """
    if count < 1:
        raise MetricUndefined(
            f"the pair is too short for frames of {len(window)} samples; received {len(pair[0])} "
            "samples."
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
    """Returns a metric per frame of Hu and Loizou.

    Frames of 30 ms overlap by 75 %, under a Hann window without its zeros. As in the authors'
    program, the last whole frame is left out and 2.2e-16 is added to every sample, so that
    results are comparable with published ones.

    Args:
        pair: reference and estimate, each `[samples]`; full scale is 1.
        sample_rate: in Hz.
        metric: as in `frame_values`.

    Returns:
        `[frames]`.

    Raises:
        MetricUndefined: the pair is shorter than a frame and a hop, 37.5 ms.

    Source:
        Loizou, "Speech Enhancement: Theory and Practice", 2nd edition, 2013,
        and the program `composite.m`.
    """
    samples = round(0.03 * sample_rate)
    hop = samples // 4
    window = 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(1, samples + 1) / (samples + 1))
    reference, estimate = (waveform + _SMALLEST_SAMPLE for waveform in pair)
    count = (len(reference) - samples) // hop
    return frame_values((reference, estimate), window, hop, count, metric)


def lowest_mean(values: Values, share: float = 0.95) -> float:
    """Returns the mean of the lowest `share` of `[frames]`, at least of one."""
    count = max(int(share * len(values) + 0.5), 1)
    return float(np.mean(np.sort(values)[:count]))
