"""Synthetic speech and noise at 48 kHz, with energy up to 20 kHz and known segments.

A source-filter synthesizer: vowels are glottal pulses (Rosenberg, "Effect of glottal pulse
shape on the quality of natural vowels", JASA 1971) with breath noise through a cascade of
formant resonators (Klatt, "Software for a cascade/parallel formant synthesizer", JASA 1980);
fricatives and bursts are noise with a prescribed spectrum. It says nothing, but it has what
an upper band needs to be judged: fricatives beyond 14 kHz, onsets, and pauses at known times.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt
import scipy.signal

RATE = 48_000
_FADE_S = 0.012
_BLOCK = RATE // 200
_TAPS = 513
# First four formants in Hz; higher ones follow every 1 kHz.
_FORMANTS = {
    "a": (730, 1090, 2440, 3400),
    "e": (530, 1840, 2480, 3500),
    "i": (270, 2290, 3010, 3600),
    "o": (570, 840, 2410, 3300),
    "u": (300, 870, 2240, 3200),
}
# Level relative to a vowel in dB, duration in s, and the spectrum: (Hz, dB), linear between.
_NOISES: dict[str, tuple[float, float, tuple[tuple[float, float], ...]]] = {
    "s": (-10, 0.14, ((0, -60), (2500, -35), (5000, -3), (7500, 0), (11e3, -4), (16e3, -14))),
    "S": (-8, 0.14, ((0, -60), (1500, -30), (2800, 0), (5000, -3), (8000, -10), (15e3, -24))),
    "f": (-20, 0.12, ((0, -30), (1000, -6), (6000, -2), (9000, 0), (14e3, -4), (18e3, -14))),
    "t": (-8, 0.03, ((0, -40), (2000, -14), (4500, 0), (8000, -3), (14e3, -12))),
    "k": (-10, 0.035, ((0, -40), (1200, -8), (2200, 0), (4500, -10), (14e3, -24))),
    "p": (-14, 0.02, ((0, -3), (800, 0), (3000, -10), (14e3, -28))),
}
FRICATIVES = ("s", "S", "f")
_CLOSURE_S = 0.05
_WORDS = ("sa", "fiSo", "tasu", "keSi", "pofe", "suta", "Saki", "fusa", "iso", "Sefa")
_PAUSES_S = (0.9, 0.12, 0.7)
Samples = npt.NDArray[np.float32]
Array = npt.NDArray[Any]


@dataclasses.dataclass(frozen=True)
class Segment:
    """One sound; `phone` is a letter of the words above, or "" for a pause.

    Attributes:
        phone: name of the sound.
        start: first sample.
        stop: sample after the last one.
    """

    phone: str
    start: int
    stop: int

    def inner(self, margin_s: float) -> slice:
        """Returns its samples without a margin on both sides."""
        margin = round(margin_s * RATE)
        return slice(self.start + margin, self.stop - margin)


def speech(seed: int) -> tuple[Samples, list[Segment]]:
    """Returns about 8 s of ten words, `[samples]`, and their segments."""
    rng = np.random.default_rng(seed)
    pitch_hz = rng.choice([115.0, 210.0])
    parts, segments, position = [], [], 0
    for number, word in enumerate(rng.permutation(_WORDS)):
        pause = np.zeros(round(_PAUSES_S[number % 3] * RATE))
        for phone, part in (("", pause), *_word(str(word), pitch_hz, rng)):
            segments.append(Segment(phone, position, position + part.size))
            position += part.size
            parts.append(part)
    samples = np.concatenate(parts)
    return (0.05 / np.sqrt(np.mean(samples**2)) * samples).astype(np.float32), segments


def noise(kind: str, samples: int, seed: int) -> Samples:
    """Returns full-band noise of a kind of `NOISES`, `[samples]`, with an RMS of 1."""
    rng = np.random.default_rng(seed)
    made = NOISES[kind](samples, rng)
    return (made / np.sqrt(np.mean(made**2))).astype(np.float32)


def _word(word: str, pitch_hz: float, rng: np.random.Generator) -> list[tuple[str, Array]]:
    sounds: list[tuple[str, Array]] = []
    for phone in word:
        if phone in _FORMANTS:
            sounds.append((phone, _vowel(phone, pitch_hz * rng.uniform(0.9, 1.15), rng)))
            continue
        level_db, duration_s, spectrum = _NOISES[phone]
        made = 10 ** (level_db / 20) * _shaped(round(duration_s * RATE), spectrum, rng)
        if phone not in FRICATIVES:
            sounds.append(("-", np.zeros(round(_CLOSURE_S * RATE))))
            made *= np.exp(-3 * np.arange(made.size) / made.size)
        sounds.append((phone, _faded(made, _FADE_S if phone in FRICATIVES else 0.001)))
    return sounds


def _vowel(phone: str, pitch_hz: float, rng: np.random.Generator) -> Array:
    size = round(rng.uniform(0.14, 0.22) * RATE)
    falling = pitch_hz * np.linspace(1.08, 0.92, size)
    jitter = np.repeat(rng.normal(1, 0.01, size // _BLOCK + 1), _BLOCK)[:size]
    phase = np.cumsum(falling * jitter / RATE) % 1
    flow = np.where(phase < 0.4, 0.5 - 0.5 * np.cos(np.pi * phase / 0.4), 0.0)
    closing = (phase >= 0.4) & (phase < 0.56)
    flow = np.where(closing, np.cos(np.pi * (phase - 0.4) / 0.32), flow)
    source = np.diff(flow, prepend=0.0)
    source += 0.003 * rng.standard_normal(size) * (0.3 + flow)
    for number, hz in enumerate((*_FORMANTS[phone], *range(4500, 20_000, 1000))):
        source = _resonator(source, hz, 60 + 25 * number)
    return _faded(source / np.sqrt(np.mean(source**2)), _FADE_S)


def _resonator(samples: Array, hz: float, width_hz: float) -> Array:
    radius = np.exp(-np.pi * width_hz / RATE)
    poles = [1.0, -2 * radius * np.cos(2 * np.pi * hz / RATE), radius**2]
    filtered: Array = scipy.signal.lfilter([sum(poles)], poles, samples)
    return filtered


def _shaped(
    size: int, spectrum: tuple[tuple[float, float], ...], rng: np.random.Generator
) -> Array:
    hz, level_db = zip(*spectrum, (RATE / 2, -60), strict=True)
    taps = scipy.signal.firwin2(_TAPS, hz, 10 ** (np.array(level_db) / 20), fs=RATE)
    made: Array = scipy.signal.fftconvolve(rng.standard_normal(size + _TAPS - 1), taps, "valid")
    return made / np.sqrt(np.mean(made**2))


def _faded(samples: Array, fade_s: float) -> Array:
    ramp = np.minimum(1.0, (0.5 + np.arange(samples.size)) / (fade_s * RATE))
    faded: Array = samples * np.sin(np.pi / 2 * ramp) * np.sin(np.pi / 2 * ramp[::-1])
    return faded


def _coloured(samples: int, rng: np.random.Generator, exponent: float) -> Array:
    spectrum = np.fft.rfft(rng.standard_normal(samples))
    hz = np.maximum(20.0, np.fft.rfftfreq(samples, 1 / RATE))
    made: Array = np.fft.irfft(spectrum * hz**-exponent, samples)
    return made / np.sqrt(np.mean(made**2))


def _fan(samples: int, rng: np.random.Generator) -> Array:
    time = np.arange(samples) / RATE
    hum = sum(np.sin(2 * np.pi * 87 * k * time + rng.uniform(0, 6)) / k for k in range(1, 9))
    swing = 1 + 0.2 * np.sin(2 * np.pi * 1.3 * time)
    air = _coloured(samples, rng, 0.7) + 0.1 * rng.standard_normal(samples)
    made: Array = swing * air + 0.3 * np.asarray(hum)
    return made


def _babble(samples: int, rng: np.random.Generator) -> Array:
    made = np.zeros(samples)
    for seed in rng.integers(1000, 1 << 30, 8):
        talker = np.resize(speech(int(seed))[0], samples)
        made += np.roll(talker, rng.integers(samples))
    return made / np.sqrt(np.mean(made**2)) + 0.03 * rng.standard_normal(samples)


def _clicks(samples: int, rng: np.random.Generator) -> Array:
    train = np.zeros(samples)
    places = rng.integers(0, samples, samples // (RATE // 6))
    train[places] = rng.normal(0, 1, places.size)
    decay = np.exp(-np.arange(480) / 60.0) * rng.standard_normal(480)
    made: Array = scipy.signal.fftconvolve(train, decay)[:samples]
    return made / np.sqrt(np.mean(made**2)) + 0.1 * _coloured(samples, rng, 0.5)


NOISES: dict[str, Callable[[int, np.random.Generator], Array]] = {
    "white": lambda samples, rng: _coloured(samples, rng, 0.0),
    "pink": lambda samples, rng: _coloured(samples, rng, 0.5),
    "brown and hiss": lambda samples, rng: (
        _coloured(samples, rng, 1.0) + 0.05 * rng.standard_normal(samples)
    ),
    "fan": _fan,
    "babble": _babble,
    "clicks": _clicks,
}
