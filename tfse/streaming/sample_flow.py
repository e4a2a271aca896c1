"""From a source to whoever wants its samples, one block in memory at a time."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator, Sequence

import numpy as np

from tfse.audio.file_source import Source
from tfse.audio.finite_guard import INTEGER_PEAK
from tfse.streaming.dry_wet import DryWet
from tfse.streaming.options import EnhanceOptions, Summary
from tfse.streaming.recording_enhancer import Aligned, RecordingEnhancer
from tfse.streaming.steps.base import Step
from tfse.types import Samples

_QUIET_DBFS = -50.0

#: Gets a stretch of a recording and what it became, both `[samples, channels]`.
Consumer = Callable[[Samples, Samples], None]
#: Gets the seconds of audio that were done since its last call.
Progress = Callable[[float], object]


def run(
    source: Source,
    step: Step,
    options: EnhanceOptions,
    consumers: Sequence[Consumer],
    progress: Progress | None = None,
) -> Summary:
    """Enhances a recording from its first block to its last.

    Args:
        source: the recording.
        step: the model.
        options: the share of the original and what to do with invalid samples.
        consumers: each gets every block, in order.
        progress: is told how far it is.

    Returns:
        Length, time, and what was odd about the source.

    Raises:
        AudioError: the recording cannot be used.
        OSError: a consumer could not write.
    """
    began = time.perf_counter()
    mixed = DryWet(options.mix, options.max_attenuation_db)
    samples, peak = 0, 0.0
    for block in _enhanced(source, step, options):
        output = mixed(block)
        for consumer in consumers:
            consumer(block.noisy, output)
        samples += len(output)
        peak = max(peak, float(np.abs(block.noisy).max(initial=0.0)))
        if progress is not None:
            progress(len(output) / source.layout.sample_rate)
    time_s = time.perf_counter() - began
    notes = (
        *source.notes,
        *_rate_notes(source.layout.sample_rate, step.sample_rate),
        *_level_notes(peak),
    )
    return Summary(samples / source.layout.sample_rate, time_s, notes)


def _level_notes(peak: float) -> list[str]:
    """Notes a level that no model was trained at: what is speech is decided by it too."""
    if peak >= INTEGER_PEAK:
        return [f"its peak is {peak:g}; full scale is 1, so it was enhanced far too loud"]
    if 0 < peak < 10 ** (_QUIET_DBFS / 20):
        level = 20 * math.log10(peak)
        return [f"its peak is {level:.0f} dBFS, too quiet for the models: raise its level before"]
    return []


def _rate_notes(sample_rate: int, model_rate: int) -> list[str]:
    if sample_rate <= model_rate:
        return []
    khz = model_rate / 2000
    return [f"the model works at {model_rate} Hz: nothing enhanced lies above {khz:g} kHz"]


def _enhanced(source: Source, step: Step, options: EnhanceOptions) -> Iterator[Aligned]:
    layout = source.layout
    enhancer = RecordingEnhancer(
        step, layout.sample_rate, layout.channels, options.on_invalid, options.link_channels
    )
    for samples in source.blocks():
        yield enhancer.process(samples)
    yield enhancer.finish()
