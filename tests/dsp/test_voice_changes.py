"""Whisper and held sounds."""

from __future__ import annotations

import numpy as np
import pytest
import scipy.signal
import tensorflow as tf

from tfse.dsp.voice_changes import held, whispered

RATE = 16000
PITCH_HZ = 160
PERIOD = RATE // PITCH_HZ


def vowel(seconds: float) -> np.ndarray:
    """Returns harmonics with a formant at 800 Hz."""
    time_s = np.arange(round(seconds * RATE)) / RATE
    hz = PITCH_HZ * np.arange(1, 40)
    weight = 1 / (1 + ((hz - 800) / 200) ** 2)
    harmonics = np.sin(2 * np.pi * hz[:, None] * time_s + hz[:, None] ** 2)
    return (0.1 * weight @ harmonics).astype(np.float32)


def spectrum(samples: np.ndarray) -> np.ndarray:
    """Returns the mean power at the whole Hz of a waveform."""
    whole = samples[: samples.size // RATE * RATE].reshape(-1, RATE)
    return np.mean(np.abs(np.fft.rfft(whole)) ** 2, axis=0)


def test_a_whisper_has_the_formant_and_the_level_but_no_pitch() -> None:
    speech = vowel(2.0)
    white = np.random.default_rng(0).standard_normal(speech.size).astype(np.float32)
    whisper = np.asarray(whispered(speech, white, 0.0, RATE))
    assert whisper.shape == speech.shape
    assert np.std(whisper) == pytest.approx(np.std(speech), rel=1e-3)
    power = spectrum(whisper)
    bands = power[:8000].reshape(-1, 100).mean(axis=1)
    assert 6 <= np.argmax(bands) <= 9
    assert bands[7:9].mean() > 20 * bands[20:30].mean()
    harmonics = power[PITCH_HZ * np.arange(4, 7)].mean()
    between = power[PITCH_HZ * np.arange(4, 7) + PITCH_HZ // 2].mean()
    assert harmonics < 5 * between
    assert spectrum(speech)[PITCH_HZ * 5] > 1e4 * spectrum(speech)[PITCH_HZ * 5 + 80]


def test_a_whisper_follows_the_loudness_and_silence_stays_silent() -> None:
    speech = np.concatenate([vowel(0.5), np.zeros(RATE // 2, np.float32)])
    white = np.random.default_rng(0).standard_normal(RATE).astype(np.float32)
    whisper = np.asarray(whispered(speech, white, 300.0, RATE))
    assert np.std(whisper[9000:]) < 1e-3 * np.std(whisper[:8000])
    silent = np.asarray(whispered(np.zeros(RATE, np.float32), white, 300.0, RATE))
    assert not silent.any()


def test_the_low_cut_of_a_whisper() -> None:
    rng = np.random.default_rng(0)
    speech, white = rng.standard_normal((2, 2 * RATE)).astype(np.float32)
    plain, cut = (spectrum(np.asarray(whispered(speech, white, f, RATE))) for f in (0.0, 1000.0))
    change = cut / plain
    low, high = change[80:120].mean(), change[6000:7000].mean()
    # A first-order high-pass of 1,000 Hz: -20 dB at 100 Hz.
    assert 10 * np.log10(low / high) == pytest.approx(-20.0, abs=2.0)


def test_a_sound_is_held_and_then_the_audio_resumes() -> None:
    silence = np.zeros(RATE // 2, np.float32)
    speech = np.concatenate([silence, vowel(0.3), silence, 0.5 * vowel(0.3), silence])
    longer = np.asarray(held(speech, 0.1, 0.5, RATE))
    assert longer.shape == speech.shape
    sounding = np.abs(longer) > 0.01
    assert np.argmax(sounding) >= RATE // 2
    np.testing.assert_array_equal(longer[: RATE // 2], 0.0)
    # The first vowel lasts 0.3 s and at least 0.5 s more, by whole loops.
    ends = RATE // 2 + round(0.8 * RATE)
    assert np.std(longer[ends - 1600 : ends - 200]) == pytest.approx(np.std(vowel(0.3)), rel=0.1)
    middle = longer[RATE // 2 + 1600 : ends - 200]
    np.testing.assert_allclose(middle[PERIOD:], middle[:-PERIOD], atol=2e-3)
    # Then the pause, and the second vowel at half the amplitude, later by whole loops.
    later = np.flatnonzero(sounding)[-1] + 1 - (longer.size - RATE // 2)
    assert 0.5 * RATE <= later < 0.55 * RATE


@pytest.mark.parametrize(("rate", "samples"), [(16000, 12345), (48000, 48001)])
def test_a_sound_without_a_period_is_held_without_jumps(rate: int, samples: int) -> None:
    # Noise below 200 Hz has no period: a loop's end does not meet its start.
    low_pass = scipy.signal.butter(4, 200.0, fs=rate, output="sos")
    white = np.random.default_rng(0).standard_normal(samples)
    speech = scipy.signal.sosfilt(low_pass, white).astype(np.float32)
    longer = np.asarray(held(speech, 0.1, 0.4, rate))
    assert longer.shape == speech.shape
    assert not np.array_equal(longer, speech)
    assert np.abs(np.diff(longer)).max() < 2 * np.abs(np.diff(speech)).max()


def test_the_shortest_crop() -> None:
    speech = vowel(0.2)
    for place in (0.0, 0.99):
        longer = np.asarray(held(speech, place, 0.1, RATE))
        assert longer.shape == speech.shape and np.isfinite(longer).all()
    whisper = np.asarray(whispered(speech, speech[::-1].copy(), 0.0, RATE))
    assert whisper.shape == speech.shape and np.isfinite(whisper).all()


def test_a_sound_is_held_after_the_place() -> None:
    speech = np.concatenate([vowel(0.5), 0.5 * vowel(0.5), np.zeros(RATE, np.float32)])
    early, late = (np.asarray(held(speech, place, 0.5, RATE)) for place in (0.0, 0.3))
    assert np.std(early[12000:15000]) == pytest.approx(2 * np.std(late[12000:15000]), rel=0.1)
    np.testing.assert_array_equal(late[:9000], speech[:9000])


def test_changes_run_in_a_graph_on_silence_and_noise() -> None:
    @tf.function
    def both(speech: tf.Tensor) -> tf.Tensor:
        return held(whispered(speech, speech[::-1], 100.0, RATE), 0.69, 2.9, RATE)

    for scale in (0.0, 1.0):
        speech = scale * np.random.default_rng(0).standard_normal(4000).astype(np.float32)
        assert np.isfinite(both(tf.constant(speech))).all()
