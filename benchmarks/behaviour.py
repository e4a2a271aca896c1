"""Behaviour on recordings that users complain about, each with a figure and a limit.

    python -m benchmarks.behaviour --model=dpcrn_medium --cases=cases

CASES holds the recordings, 16 kHz: NAME-noisy.flac and NAME-clean.flac belong together, a name
alone is a recording by itself. Exits with 1 where a figure is beyond its limit or a recording
is missing.
"""

from __future__ import annotations

import argparse
import dataclasses
import pathlib
import sys
from collections.abc import Callable

import numpy as np
import numpy.typing as npt
import soundfile

import tfse
from tfse import metrics
from tfse.streaming import open_step
from tfse.streaming.steps.base import Step

RATE = 16_000
FRAME = 320
# Frames within so many dB of the loudest ones are speech.
SPEECH_DB = 35.0
# Samples this near to full scale are clipped, or would be.
FULL_SCALE = 0.9999
Samples = npt.NDArray[np.float32]


@dataclasses.dataclass(frozen=True)
class Recording:
    """A recording before and after, `[samples]` each; clean is noisy where there is no other."""

    clean: Samples
    noisy: Samples
    enhanced: Samples
    step: Step


Measure = Callable[[Recording], float]


@dataclasses.dataclass(frozen=True)
class Figure:
    """What is measured of one recording.

    Attributes:
        case: the name of the recording.
        what: is measured.
        measure: of the recording.
        low: the least that is right.
        high: the most that is right.
    """

    case: str
    what: str
    measure: Measure
    low: float = -np.inf
    high: float = np.inf


def main() -> int:
    """Prints a row for each figure; returns an exit code."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--model", default="dpcrn_medium")
    parser.add_argument("--cases", type=pathlib.Path, required=True)
    arguments = parser.parse_args()
    step = open_step(arguments.model)
    print("| case | figure | wanted | got | |\n|---|---|---:|---:|---|")
    found = {name: read(arguments.cases, name, step) for name in dict.fromkeys(_names())}
    passed = True
    for figure in FIGURES:
        recording = found[figure.case]
        value = np.nan if recording is None else figure.measure(recording)
        good = figure.low <= value <= figure.high
        passed &= good
        got = "missing" if recording is None else f"{value:.3f}"
        verdict = "" if good else "**failed**"
        print(f"| {figure.case} | {figure.what} | {_limits(figure)} | {got} | {verdict} |")
    return 0 if passed else 1


def read(folder: pathlib.Path, name: str, step: Step) -> Recording | None:
    """Reads and enhances a recording; None if it is not there."""
    noisy = folder / f"{name}-noisy.flac"
    noisy = noisy if noisy.exists() else folder / f"{name}.flac"
    clean = folder / f"{name}-clean.flac"
    if not noisy.exists():
        return None
    before = _samples(noisy)
    reference = _samples(clean) if clean.exists() else before
    return Recording(reference, before, tfse.enhance(before, RATE, step), step)


def speech_level_change_db(recording: Recording) -> float:
    """Returns how far the level of speech is from that of the clean recording."""
    clean_db = _frames_db(recording.clean)
    speech = clean_db > np.percentile(clean_db, 98) - SPEECH_DB
    powers = [
        np.mean(10 ** (_frames_db(samples)[speech] / 10))
        for samples in (recording.enhanced, recording.clean)
    ]
    return float(10 * np.log10(powers[0] / powers[1]))


def stoi_change(recording: Recording) -> float:
    """Returns by how much STOI rises."""
    clean = recording.clean
    after, before = (metrics.stoi(clean, x, RATE) for x in (recording.enhanced, recording.noisy))
    return after - before


def stoi(recording: Recording) -> float:
    """Returns STOI of the enhanced recording."""
    return metrics.stoi(recording.clean, recording.enhanced, RATE)


def second_half(measure: Measure) -> Measure:
    """Returns a function that measures the second half of a recording."""

    def measured(recording: Recording) -> float:
        half = slice(recording.clean.size // 2, None)
        parts = {name: getattr(recording, name)[half] for name in ("clean", "noisy", "enhanced")}
        return measure(dataclasses.replace(recording, **parts))

    return measured


def change_db(start_s: float, stop_s: float | None = None) -> Measure:
    """Returns a function that measures the change of level in a stretch."""

    def measure(recording: Recording) -> float:
        place = slice(round(start_s * RATE), None if stop_s is None else round(stop_s * RATE))
        return _level_db(recording.enhanced[place]) - _level_db(recording.noisy[place])

    return measure


def least_change_by_second_db(recording: Recording) -> float:
    """Returns the change of level in the second that loses most."""
    seconds = recording.noisy.size // RATE
    return min(change_db(second, second + 1)(recording) for second in range(seconds))


def start_with_offset_db(recording: Recording) -> float:
    """Returns by how much the first 100 ms are louder than without the constant offset."""
    without = recording.noisy - recording.noisy.mean()
    wanted = tfse.enhance(without, RATE, recording.step)
    first = slice(0, RATE // 10)
    return _level_db(recording.enhanced[first]) - _level_db(wanted[first])


def more_clipped_percent(recording: Recording) -> float:
    """Returns by how much the share of samples at full scale or beyond rises."""
    after, before = (
        np.mean(np.abs(samples) >= FULL_SCALE) for samples in (recording.enhanced, recording.noisy)
    )
    return float(100 * (after - before))


def spread_of_gain_db(recording: Recording) -> float:
    """Returns how far the gains of frames lie apart, from 5 % to 95 % of them."""
    gains = (_frames_db(recording.enhanced) - _frames_db(recording.noisy))[25:-5]
    return float(np.ptp(np.percentile(gains, [5, 95])))


FIGURES = [
    Figure("01-quiet", "level of speech at -55 dBFS, dB", speech_level_change_db, -1.0, 1.0),
    Figure("01-quiet", "STOI against noisy", stoi_change, 0.0),
    Figure(
        "02-far",
        "level of the far talker, dB",
        second_half(speech_level_change_db),
        -1.0,
        1.0,
    ),
    Figure("02-far", "STOI of the far talker against noisy", second_half(stoi_change), -0.01),
    Figure("03-pitch-400", "STOI of clean speech at 400 Hz", stoi, 0.97),
    Figure("03-pitch-400", "level, dB", speech_level_change_db, -0.5, 0.5),
    Figure(
        "05-held-vowel", "worst second of a held vowel, dB", least_change_by_second_db, -1.0, 1.0
    ),
    Figure("07-hum-120", "hum after 1 s, dB", change_db(1.0), high=-20.0),
    Figure("09-dc", "first 100 ms against no offset, dB", start_with_offset_db, -1.0, 1.0),
    Figure("10-hot", "more samples at full scale, %", more_clipped_percent, high=0.0),
    Figure("11-start-noise", "first 16 ms of noise, dB", change_db(0.0, 0.016), high=-20.0),
    Figure("11-start-noise", "noise after 1 s, dB", change_db(1.0), high=-20.0),
    Figure("12-piano", "spread of the gain on music, dB", spread_of_gain_db, high=10.0),
    Figure("14-flies", "flies after 1 s, dB", change_db(1.0), high=-20.0),
]


def _names() -> list[str]:
    return [figure.case for figure in FIGURES]


def _limits(figure: Figure) -> str:
    ends = [
        f"{sign} {value:g}"
        for sign, value in (("at least", figure.low), ("at most", figure.high))
        if np.isfinite(value)
    ]
    return ", ".join(ends)


def _samples(path: pathlib.Path) -> Samples:
    samples, rate = soundfile.read(path, dtype="float32")
    if rate != RATE:
        sys.exit(f"{path} must be at {RATE} Hz; it is at {rate} Hz.")
    recording: Samples = samples
    return recording


def _level_db(samples: Samples) -> float:
    return float(10 * np.log10(np.mean(np.square(samples, dtype=np.float64)) + 1e-20))


def _frames_db(samples: Samples) -> npt.NDArray[np.float64]:
    frames = samples[: samples.size // FRAME * FRAME].reshape(-1, FRAME)
    levels: npt.NDArray[np.float64] = 10 * np.log10(
        np.mean(np.square(frames, dtype=np.float64), axis=1) + 1e-20
    )
    return levels


if __name__ == "__main__":
    sys.exit(main())
