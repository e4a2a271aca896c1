"""Measurements of artefacts: a gate, cut endings and musical noise."""

from __future__ import annotations

import numpy as np
import pytest

from benchmarks.listening import artefacts

RATE = 16_000


@pytest.fixture(scope="module")
def sounds():
    rng = np.random.default_rng(0)
    time = np.arange(4 * RATE) / RATE
    # Words that fade by 30 dB within half a second, and pauses between.
    fade = 10 ** (-30 / 20 * np.clip(2 * (time % 1.0), 0, 1)) * (time % 1.0 < 0.5)
    clean = 0.3 * rng.standard_normal(time.size) * fade
    noise = 0.01 * rng.standard_normal(time.size)
    return clean, noise


def test_noise_that_is_only_fainter_is_no_musical_noise(sounds) -> None:
    clean, noise = sounds
    pauses, zeros, kurtosis, endings = artefacts(clean, clean + noise, clean + 0.1 * noise, RATE)
    assert pauses == pytest.approx(-20, abs=0.3)
    assert (zeros, kurtosis) == (0, pytest.approx(1, abs=0.05))
    assert endings == pytest.approx(0, abs=0.3)


def test_a_gate_is_seen(sounds) -> None:
    clean, noise = sounds
    noisy = clean + noise
    gated = np.where(np.abs(clean) > 0.04, noisy, 0.0)
    pauses, zeros, _, endings = artefacts(clean, noisy, gated, RATE)
    assert zeros > 0.5 and pauses < -40 and endings < -6


def test_tones_that_come_and_go_are_musical(sounds) -> None:
    clean, noise = sounds
    rng = np.random.default_rng(1)
    # One block of 16 ms in twenty is left of the noise.
    kept = np.repeat(rng.random(4 * RATE // 256) < 0.05, 256)
    _, _, kurtosis, _ = artefacts(clean, clean + noise, clean + 0.1 * noise * kept, RATE)
    assert kurtosis > 3
