"""Small sets of recordings, systems without TensorFlow, and artificial rows."""

from __future__ import annotations

import dataclasses
import os
import pathlib
import signal
from collections.abc import Collection, Iterator
from typing import Any

import numpy as np
import numpy.typing as npt
import soundfile

from tests.data.corpus import voice
from tfse.evaluation.results import Row
from tfse.evaluation.sources.recordings import Facts, Recording, Sound
from tfse.evaluation.sources.systems import System

RATE = 16_000
Samples = npt.NDArray[np.float32]


def clean(number: int, seconds: float = 1.0, rate: int = RATE) -> Samples:
    """Returns a voice."""
    return voice(number, seconds, rate).astype(np.float32)


def noisy(number: int, seconds: float = 1.0, gain: float = 0.02) -> Samples:
    """Returns the same voice in noise."""
    rng = np.random.default_rng(number)
    noise = gain * rng.standard_normal(round(seconds * RATE))
    return (clean(number, seconds) + noise).astype(np.float32)


def write(path: pathlib.Path, samples: Samples, rate: int = RATE, subtype: str = "FLOAT") -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    soundfile.write(path, samples, rate, subtype=subtype)


def write_pairs(folder: pathlib.Path, count: int, seconds: float = 1.0) -> None:
    """Writes `clean` and `noisy`, 16-bit."""
    for number in range(count):
        name = f"{number}.wav"
        write(folder / "clean" / name, clean(number, seconds), subtype="PCM_16")
        write(folder / "noisy" / name, noisy(number, seconds), subtype="PCM_16")


class Pairs:
    """Source of voices in noise, in memory."""

    has_noisy = True

    def __init__(self, count: int) -> None:
        self.count = count
        self.identity: dict[str, Any] = {"pairs": count}

    def recordings(self, wanted: Collection[int]) -> Iterator[Recording]:
        for index in sorted(wanted):
            reference, mixture = (
                Sound(make(index, 1.0 + 0.1 * index), RATE) for make in (clean, noisy)
            )
            facts = Facts(5.0 * index - 7.0, ("rain", "fan")[index % 2], index % 2 == 0)
            yield Recording(index, f"pair/{index}", reference, mixture, facts=facts, seconds=1.0)


class Gain:
    """Step that multiplies; an input above full scale ends the process like a crash in C."""

    sample_rate = RATE
    hop_length = 160
    latency_samples = 0

    def __init__(self, gain: float) -> None:
        self._gain = np.float32(gain)

    def initial_state(self, num_streams: int) -> None:
        return None

    def __call__(self, block: Samples, state: None) -> tuple[Samples, None]:
        if np.abs(block).max() > 1:
            os.kill(os.getpid(), signal.SIGSEGV)
        return block * self._gain, None


@dataclasses.dataclass(frozen=True)
class GainSystem(System):
    """Model that is a gain."""

    gain: float = 1.0

    def open(self) -> Gain:
        return Gain(self.gain)


def gain_system(gain: float) -> GainSystem:
    return GainSystem(f"gain {gain:g}", pathlib.Path("gain"), f"sha of {gain:g}", gain)


def row(index: int, system: str, facts: Facts | None = None, **values: float) -> Row:
    """Returns a row of the given values."""
    return Row(index, f"{index}.wav", system, facts or Facts(), 1.0, RATE, dict(values))


def rows_of(metric: str, **systems: list[float | None]) -> list[Row]:
    """Returns rows with one metric; None is a missing value."""
    return [
        row(index, system)
        if value is None
        else dataclasses.replace(row(index, system), values={metric: value})
        for system, values in systems.items()
        for index, value in enumerate(values)
    ]
