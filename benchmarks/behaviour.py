"""Behaviour on difficult recordings: one measurement and its limits each.

    python -m benchmarks.behaviour --model=dpcrn_medium --cases=cases

CASES holds recordings at 16 kHz: NAME-noisy.flac with NAME-clean.flac, or NAME.flac without a
clean original. Exits with 1 if a measurement is beyond its limits or a recording is missing.
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
from benchmarks.table import print_header, print_row
from tfse import metrics
from tfse.streaming import open_step
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
    """One measurement of a recording and its limits.

    Attributes:
        case: name of the recording.
        what: description of the measurement.
        measure: function of the recording.
        low: lower limit.
        high: upper limit.
    """

    case: str
    what: str
    measure: Measure
    low: float = -np.inf
    high: float = np.inf


def main() -> int:
    """Prints one row per check; returns an exit code."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--model", default="dpcrn_medium")
    parser.add_argument("--cases", type=pathlib.Path, required=True)
    arguments = parser.parse_args()
    step = open_step(arguments.model)
    print_header(("case", "measurement", "limit", "measured", ""), text=2)
    found = {name: read(arguments.cases, name, step) for name in dict.fromkeys(_names())}
    passed = True
    for check in CHECKS:
        recording = found[check.case]
        value = np.nan if recording is None else check.measure(recording)
        good = check.low <= value <= check.high
        passed &= good
        shown = "missing" if recording is None else f"{value:.3f}"
        verdict = "" if good else "**failed**"
        print_row(check.case, check.what, _limits(check), shown, verdict)
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


CHECKS = [
    Check("01-quiet", "level of speech at -55 dBFS, dB", speech_level_change_db, -1.0, 1.0),
    Check("01-quiet", "STOI against noisy", stoi_change, 0.0),
    Check(
        "02-far",
        "level of the far talker, dB",
        second_half(speech_level_change_db),
        -1.0,
        1.0,
    ),
    Check("02-far", "STOI of the far talker against noisy", second_half(stoi_change), -0.01),
    Check("03-pitch-400", "STOI of clean speech at 400 Hz", stoi, 0.97),
    Check("03-pitch-400", "level, dB", speech_level_change_db, -0.5, 0.5),
    Check(
        "05-held-vowel", "worst second of a held vowel, dB", least_change_by_second_db, -1.0, 1.0
    ),
    Check("07-hum-120", "hum after 1 s, dB", change_db(1.0), high=-20.0),
    Check("09-dc", "first 100 ms against no offset, dB", start_with_offset_db, -1.0, 1.0),
    Check("10-hot", "more samples at full scale, %", more_clipped_percent, high=0.0),
    Check("11-start-noise", "first 16 ms of noise, dB", change_db(0.0, 0.016), high=-20.0),
    Check("11-start-noise", "noise after 1 s, dB", change_db(1.0), high=-20.0),
    Check("12-piano", "spread of the gain on music, dB", spread_of_gain_db, high=10.0),
    Check("14-flies", "flies after 1 s, dB", change_db(1.0), high=-20.0),
]


def _names() -> list[str]:
    return [check.case for check in CHECKS]


def _limits(check: Check) -> str:
    ends = [
        f"{sign} {value:g}"
        for sign, value in (("at least", check.low), ("at most", check.high))
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
