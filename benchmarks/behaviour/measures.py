"""Measurements of one recording before and after enhancement."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable

import numpy as np
import numpy.typing as npt

import tfse
from tfse import metrics
from tfse.streaming.steps.base import Step

RATE = 16_000
FRAME = 320
# Frames within this many dB of the loudest ones are speech.
SPEECH_DB = 35.0
# Samples of at least this magnitude are clipped, or would be.
FULL_SCALE = 0.9999
Samples = npt.NDArray[np.float32]


@dataclasses.dataclass(frozen=True)
class Recording:
    """Recording before and after, `[samples]` each; `clean` is `noisy` without an original."""

    clean: Samples
    noisy: Samples
    enhanced: Samples
    step: Step


Measure = Callable[[Recording], float]


@dataclasses.dataclass(frozen=True)
class Check:
    """One measurement and its limits.

    Attributes:
        case: name of the recording or situation.
        what: description of the measurement.
        measure: function of a recording; NaN where it is undefined.
        low: lower limit of the mean.
        high: upper limit of the mean.
    """

    case: str
    what: str
    measure: Measure
    low: float = -math.inf
    high: float = math.inf

    @property
    def limits(self) -> str:
        """Limits in words."""
        ends = [
            f"{sign} {value:g}"
            for sign, value in (("at least", self.low), ("at most", self.high))
            if math.isfinite(value)
        ]
        return ", ".join(ends)


def enhanced(clean: Samples, noisy: Samples, step: Step) -> Recording:
    """Enhances a recording."""
    return Recording(clean, noisy, tfse.enhance(noisy, RATE, step), step)


def speech_level_change_db(recording: Recording) -> float:
    """Returns the level of speech relative to the clean recording."""
    clean_db = _frames_db(recording.clean)
    speech = clean_db > np.percentile(clean_db, 98) - SPEECH_DB
    powers = [
        np.mean(10 ** (_frames_db(samples)[speech] / 10))
        for samples in (recording.enhanced, recording.clean)
    ]
    return float(10 * np.log10(powers[0] / powers[1]))


def stoi_change(recording: Recording) -> float:
    """Returns the change of STOI against noisy."""
    return stoi(recording) - stoi(_unchanged(recording))


def stoi(recording: Recording) -> float:
    """Returns STOI of the enhanced recording; 0 for silence, NaN where it is undefined."""
    return _scored(metrics.stoi, recording, silence=0.0)


def pesq(recording: Recording) -> float:
    """Returns PESQ of the enhanced recording; 1 for silence, NaN where it is undefined."""
    return _scored(metrics.pesq, recording, silence=1.0)


def pesq_change(recording: Recording) -> float:
    """Returns the change of PESQ against noisy."""
    return pesq(recording) - pesq(_unchanged(recording))


def pesq_against_louder(louder_db: float) -> Measure:
    """Returns a function that compares PESQ with that of the same recording made louder."""

    def measured(recording: Recording) -> float:
        gain = np.float32(10 ** (louder_db / 20))
        louder = tfse.enhance(gain * recording.noisy, RATE, recording.step)
        loud = dataclasses.replace(recording, clean=gain * recording.clean, enhanced=louder)
        return pesq(recording) - pesq(loud)

    return measured


def pesq_against_alone(start_s: float) -> Measure:
    """Returns a function that compares PESQ after a time with that of what follows, alone."""

    def measured(recording: Recording) -> float:
        alone = part(recording, start_s)
        enhanced = tfse.enhance(alone.noisy, RATE, recording.step)
        return pesq(alone) - pesq(dataclasses.replace(alone, enhanced=enhanced))

    return measured


def si_sdr(recording: Recording) -> float:
    """Returns SI-SDR of the enhanced recording, dB; -60 for silence, NaN where it is undefined."""

    def metric(clean: Samples, enhanced: Samples, sample_rate: int) -> float:
        return metrics.si_sdr(clean, enhanced)

    return _scored(metric, recording, silence=-60.0)


def si_sdr_change(recording: Recording) -> float:
    """Returns the change of SI-SDR against noisy, dB."""
    return si_sdr(recording) - si_sdr(_unchanged(recording))


def less_than_10_db_percent(recording: Recording) -> float:
    """Returns 100 if the level falls by less than 10 dB, otherwise 0."""
    return 100.0 * (change_db(0.0)(recording) > -10.0)


def part(recording: Recording, start_s: float = 0.0, stop_s: float | None = None) -> Recording:
    """Returns a stretch of a recording."""
    place = slice(round(start_s * RATE), None if stop_s is None else round(stop_s * RATE))
    parts = {name: getattr(recording, name)[place] for name in ("clean", "noisy", "enhanced")}
    return dataclasses.replace(recording, **parts)


def second_half(measure: Measure) -> Measure:
    """Returns a function that measures the second half of a recording."""

    def measured(recording: Recording) -> float:
        return measure(part(recording, recording.clean.size / 2 / RATE))

    return measured


def first(seconds: float, measure: Measure) -> Measure:
    """Returns a function that measures the start of a recording."""

    def measured(recording: Recording) -> float:
        return measure(part(recording, stop_s=seconds))

    return measured


def change_db(start_s: float, stop_s: float | None = None) -> Measure:
    """Returns a function that measures the change of level in a stretch."""

    def measure(recording: Recording) -> float:
        stretch = part(recording, start_s, stop_s)
        return _level_db(stretch.enhanced) - _level_db(stretch.noisy)

    return measure


def least_change_by_second_db(recording: Recording) -> float:
    """Returns the lowest change of level of any second."""
    seconds = recording.noisy.size // RATE
    return min(change_db(second, second + 1)(recording) for second in range(seconds))


def start_with_offset_db(recording: Recording) -> float:
    """Returns the level of the first 100 ms relative to that without the constant offset."""
    without = recording.noisy - recording.noisy.mean()
    wanted = tfse.enhance(without, RATE, recording.step)
    first = slice(0, RATE // 10)
    return _level_db(recording.enhanced[first]) - _level_db(wanted[first])


def more_clipped_percent(recording: Recording) -> float:
    """Returns the increase of the share of samples at full scale or beyond."""
    after, before = (
        np.mean(np.abs(samples) >= FULL_SCALE) for samples in (recording.enhanced, recording.noisy)
    )
    return float(100 * (after - before))


def spread_of_gain_db(recording: Recording) -> float:
    """Returns the spread of the gains of frames, between their 5 % and 95 % quantiles."""
    gains = (_frames_db(recording.enhanced) - _frames_db(recording.noisy))[25:-5]
    return float(np.ptp(np.percentile(gains, [5, 95])))


def _scored(
    metric: Callable[[Samples, Samples, int], float], recording: Recording, silence: float
) -> float:
    """Returns a metric of the enhanced recording.

    A model that became silent has the lowest score, so that its recordings are not left out.
    """
    if not recording.enhanced.any():
        return silence
    try:
        return metric(recording.clean, recording.enhanced, RATE)
    except metrics.MetricUndefined:
        return math.nan


def _unchanged(recording: Recording) -> Recording:
    return dataclasses.replace(recording, enhanced=recording.noisy)


def _level_db(samples: Samples) -> float:
    return float(10 * np.log10(np.mean(np.square(samples, dtype=np.float64)) + 1e-20))


def _frames_db(samples: Samples) -> npt.NDArray[np.float64]:
    frames = samples[: samples.size // FRAME * FRAME].reshape(-1, FRAME)
    levels: npt.NDArray[np.float64] = 10 * np.log10(
        np.mean(np.square(frames, dtype=np.float64), axis=1) + 1e-20
    )
    return levels
