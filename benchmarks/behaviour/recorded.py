"""Difficult recordings: files with one measurement and its limits each."""

from __future__ import annotations

import pathlib
import sys

import soundfile

from benchmarks.behaviour.measures import (
    RATE,
    Check,
    Recording,
    Samples,
    change_db,
    enhanced,
    least_change_by_second_db,
    more_clipped_percent,
    second_half,
    speech_level_change_db,
    spread_of_gain_db,
    start_with_offset_db,
    stoi,
    stoi_change,
)
from tfse.streaming.steps.base import Step

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


def read(folder: pathlib.Path, name: str, step: Step) -> Recording | None:
    """Reads and enhances a recording; None if it is not there."""
    noisy = folder / f"{name}-noisy.flac"
    noisy = noisy if noisy.exists() else folder / f"{name}.flac"
    clean = folder / f"{name}-clean.flac"
    if not noisy.exists():
        return None
    before = _samples(noisy)
    reference = _samples(clean) if clean.exists() else before
    return enhanced(reference, before, step)


def _samples(path: pathlib.Path) -> Samples:
    samples, rate = soundfile.read(path, dtype="float32")
    if rate != RATE:
        sys.exit(f"{path} must be at {RATE} Hz; it is at {rate} Hz.")
    recording: Samples = samples
    return recording
