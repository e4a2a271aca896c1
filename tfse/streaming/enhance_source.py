"""Enhancement of an audio source block by block, with constant memory."""

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

#: Receives each noisy block and its enhanced block, both `[samples, channels]`.
Consumer = Callable[[Samples, Samples], None]
#: Receives the seconds of audio enhanced since its last call.
Progress = Callable[[float], object]


def enhance_source(
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
        options: mix, attenuation limit, channel linking, band and handling of invalid samples.
        consumers: each receives every block, in order.
        progress: receives the progress.

    Returns:
        Length, time and notes on the source.

    Raises:
        AudioError: the recording cannot be used.
        OSError: a consumer cannot write.
    """
    began = time.perf_counter()
    mixed = DryWet(options.mix, options.max_attenuation_db)
    samples, peak = 0, 0.0
    for block in _enhanced_blocks(source, step, options):
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
        *_rate_notes(source.layout.sample_rate, step.sample_rate, options.band),
        *_level_notes(peak),
    )
    return Summary(samples / source.layout.sample_rate, time_s, notes)


def _level_notes(peak: float) -> list[str]:
    """Returns a note if no model was trained at the level; results depend on it."""
    if peak >= INTEGER_PEAK:
        return [f"its peak is {peak:g}; full scale is 1, so it was enhanced far too loud"]
    if 0 < peak < 10 ** (_QUIET_DBFS / 20):
        level = 20 * math.log10(peak)
        return [f"its peak is {level:.0f} dBFS, too quiet for the models: raise its level first"]
    return []


def _rate_notes(sample_rate: int, model_rate: int, band: str) -> list[str]:
    if band == "full" or sample_rate <= model_rate:
        return []
    khz = model_rate / 2000
    return [f"the model works at {model_rate} Hz: the result has nothing above {khz:g} kHz"]


def _enhanced_blocks(source: Source, step: Step, options: EnhanceOptions) -> Iterator[Aligned]:
    layout = source.layout
    enhancer = RecordingEnhancer(
        step,
        layout.sample_rate,
        layout.channels,
        options.on_invalid,
        options.link_channels,
        options.band,
    )
    for samples in source.blocks():
        yield enhancer.process(samples)
    yield enhancer.finish()
