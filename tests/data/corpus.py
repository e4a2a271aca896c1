"""Tiny synthetic corpus: six voices, seven noise recordings and four rooms."""

from __future__ import annotations

import pathlib

import numpy as np
import numpy.typing as npt
import soundfile

from tfse.data.preparation.prepare_config import PrepareConfig

RATE = 16000
# Utterances of each voice, in seconds: the crops of the tests are 1 s, so some
# must be joined and some cut.
VOICES = {"anna": (1.6, 0.7), "bela": (2.2,), "cora": (0.8, 0.9), "dora": (1.4, 1.1, 0.6)}
VOICES |= {"emil": (1.3,), "fred": (0.9, 2.0)}
NOISES = ("rain/1-100-A", "rain/2-100-B", "rain/1-101-A", "fan/hum", "fan/buzz", "dog/3-200-A")
NOISES += ("dog/4-201-A",)
ROOMS = ("hall_ch0", "hall_ch1", "cellar", "attic", "church_pos1")
DIRECT_AT = 37


def voice(number: int, seconds: float, rate: int = RATE) -> npt.NDArray[np.float64]:
    """Returns a harmonic tone whose level rises and falls like syllables."""
    time = np.arange(round(seconds * rate)) / rate
    pitch = 90.0 + 25.0 * number
    tones = sum(np.sin(2 * np.pi * pitch * k * time) / k for k in range(1, 12))
    return 0.1 * tones * np.sin(2 * np.pi * 2.5 * time) ** 2


def room(number: int, seconds: float = 0.3) -> npt.NDArray[np.float64]:
    """Returns silence, the direct path, and a decaying tail."""
    rng = np.random.default_rng(number)
    tail = rng.standard_normal(round(seconds * RATE)) * np.exp(-np.arange(seconds * RATE) / 800)
    response = np.concatenate([np.zeros(DIRECT_AT), 0.1 * tail])
    response[DIRECT_AT] = 0.9
    return response


def write_corpus(folder: pathlib.Path) -> None:
    """Writes `speech`, `noise` and `rir`, in several formats and rates."""
    for number, (name, lengths) in enumerate(VOICES.items()):
        for take, seconds in enumerate(lengths):
            suffix = (".wav", ".flac")[take % 2]
            _write(folder / "speech" / name / f"{take}{suffix}", voice(number, seconds))
    for number, name in enumerate(NOISES):
        samples = 0.1 * np.random.default_rng(number).standard_normal(round(0.7 * RATE))
        _write(folder / "noise" / f"{name}.ogg", samples)
    for number, name in enumerate(ROOMS):
        _write(folder / "rir" / f"{name}.wav", room(number))


def settings(corpus: pathlib.Path, output_dir: pathlib.Path, **changes: object) -> PrepareConfig:
    """Returns settings that split the corpus three ways into several shards."""
    values = {
        "clean_dirs": [str(corpus / "speech")],
        "noise_dirs": [str(corpus / "noise")],
        "rir_dirs": [str(corpus / "rir")],
        "output_dir": str(output_dir),
        "valid_fraction": 0.3,
        "test_fraction": 0.2,
        "shard_mb": 0.1,
    }
    return PrepareConfig(**{**values, **changes})


def _write(path: pathlib.Path, samples: npt.NDArray[np.float64]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    soundfile.write(path, samples, RATE)
