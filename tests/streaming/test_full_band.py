from __future__ import annotations

import pathlib
import tracemalloc
from collections.abc import Sequence

import numpy as np
import pytest

from tests.streaming.tiny_streams import (
    RATE,
    Stateless,
    identity_step,
    lstm_step,
    noise,
    read,
    write,
)
from tfse.audio.resampler import Resampler
from tfse.errors import ConfigError
from tfse.streaming import EnhanceOptions, StreamingEnhancer, enhance, enhance_file
from tfse.streaming.band_gain import BandGain
from tfse.streaming.recording_enhancer import RecordingEnhancer
from tfse.types import Samples

RATES = (22_050, 24_000, 32_000, 44_100, 48_000, 96_000, 192_000)


class Scale(Stateless):
    """Model that multiplies by a constant."""

    def __init__(self, gain: float) -> None:
        self._gain = np.float32(gain)

    def __call__(self, noisy: Samples, state: None) -> tuple[Samples, None]:
        return self._gain * noisy, None


class Expand(Stateless):
    """Model with a gain that differs from sample to sample."""

    def __call__(self, noisy: Samples, state: None) -> tuple[Samples, None]:
        return noisy * np.minimum(1, 3 * np.abs(noisy)), None


class Gate:
    """Model that is silent from a sample on."""

    sample_rate = RATE
    hop_length = 256
    latency_samples = 0

    def __init__(self, stop: int) -> None:
        self._stop = stop

    def initial_state(self, num_streams: int) -> int:
        return 0

    def __call__(self, noisy: Samples, state: int) -> tuple[Samples, int]:
        end = state + noisy.shape[1]
        return noisy * (np.arange(state, end) < self._stop).astype(np.float32), end


def pieces(enhancer: RecordingEnhancer, samples: Samples, sizes: Sequence[int]) -> Samples:
    """Returns the output for pieces of the sizes, in turn."""
    parts, at = [], 0
    while at < len(samples):
        size = sizes[len(parts) % len(sizes)]
        parts.append(enhancer.process(samples[at : at + size]).enhanced)
        at += size
    return np.concatenate([*parts, enhancer.finish().enhanced])


def above(samples: Samples, rate: int, hz: float = 8000.0) -> Samples:
    """Returns the band above a frequency; the first and last milliseconds are inaccurate."""
    spectrum = np.fft.rfft(samples, axis=0)
    spectrum[np.fft.rfftfreq(len(samples), 1 / rate) < hz] = 0
    return np.fft.irfft(spectrum, len(samples), axis=0)


@pytest.mark.parametrize("rate", RATES)
def test_a_model_that_changes_nothing_returns_the_input(rate: int) -> None:
    samples = noise(rate // 2 + 1, 2)
    np.testing.assert_allclose(enhance(samples, rate, identity_step()), samples, atol=1e-6)


@pytest.mark.parametrize("rate", RATES)
def test_a_constant_gain_holds_in_the_whole_band(rate: int) -> None:
    samples = noise(rate // 2, 2)
    np.testing.assert_allclose(enhance(samples, rate, Scale(0.1)), 0.1 * samples, atol=1e-6)


def test_a_model_that_amplifies_leaves_the_upper_band() -> None:
    samples = noise(24_000)
    enhanced = above(enhance(samples, 48_000, Scale(2.0)), 48_000)
    inner = slice(1000, -1000)
    np.testing.assert_allclose(enhanced[inner], above(samples, 48_000)[inner], atol=1e-3)


def test_a_silent_model_silences_the_upper_band() -> None:
    assert np.abs(enhance(noise(24_000, 2), 48_000, Scale(0.0))).max() < 1e-9


def test_digital_silence_is_no_fault() -> None:
    samples = np.concatenate([np.zeros(9000, np.float32), noise(9000), np.zeros(9000, np.float32)])
    np.testing.assert_allclose(enhance(samples, 48_000, Scale(0.5)), 0.5 * samples, atol=1e-6)
    assert not enhance(np.zeros(9000, np.float32), 48_000, lstm_step()).any()


@pytest.mark.parametrize("rate", [22_050, 44_100, 48_000, 96_000])
@pytest.mark.parametrize("sizes", [[1], [77], [480], [1, 5000, 3, 0, 700]])
def test_the_pieces_do_not_matter(rate: int, sizes: Sequence[int]) -> None:
    samples = noise(9000, 2)
    whole = pieces(RecordingEnhancer(Expand(), rate, 2), samples, [9000])
    assert whole.shape == samples.shape
    cut = pieces(RecordingEnhancer(Expand(), rate, 2), samples, sizes)
    np.testing.assert_array_equal(cut, whole)


@pytest.mark.parametrize("sizes", [[1], [480], [1, 5000, 3, 0, 700]])
def test_the_pieces_do_not_matter_to_a_network(sizes: Sequence[int]) -> None:
    samples = noise(9000, 1)
    whole = pieces(RecordingEnhancer(lstm_step(), 48_000, 1), samples, [9000])
    cut = pieces(RecordingEnhancer(lstm_step(), 48_000, 1), samples, sizes)
    np.testing.assert_allclose(cut, whole, atol=1e-6)


@pytest.mark.parametrize("rate", RATES)
@pytest.mark.parametrize("samples", [0, 1, 2, 1000])
def test_any_length_stays(rate: int, samples: int) -> None:
    given = noise(samples, 3)
    enhanced = pieces(RecordingEnhancer(Scale(0.5), rate, 3), given, [100])
    np.testing.assert_allclose(enhanced, 0.5 * given, atol=1e-6)


def test_an_impulse_stays_in_place() -> None:
    impulse = np.zeros(9001, np.float32)
    impulse[4567] = 1
    enhanced = enhance(impulse, 48_000, Scale(0.5))
    np.testing.assert_allclose(enhanced, 0.5 * impulse, atol=1e-6)


@pytest.mark.parametrize("rate", [44_100, 48_000])
def test_the_upper_band_follows_the_model_in_time(rate: int) -> None:
    samples = noise(rate)
    enhanced = above(enhance(samples, rate, Gate(RATE // 2)), rate)
    levels = np.sqrt(np.mean(np.square(enhanced.reshape(-1, rate // 100)), axis=1))
    wanted = np.sqrt(np.mean(np.square(above(samples, rate))))
    np.testing.assert_allclose(levels[1:48], wanted, rtol=0.2)
    assert levels[52:-1].max() < 0.01 * wanted
    # At the end of the sound the power has fallen by about a half.
    assert np.mean(levels[49:51] ** 2) == pytest.approx(0.5 * wanted**2, rel=0.3)


def test_the_gain_has_no_steps() -> None:
    """A tone above the model's band shows the gain: linear, over at least a hop of 8 ms."""
    tone = np.resize(np.array([0.0, 0.1, 0.0, -0.1], np.float32), 48_000)
    low = Resampler(RATE, 48_000, 1).process(noise(2 * RATE, 1))[:48_000, 0]
    enhanced = above(enhance(low + tone, 48_000, Gate(8000)), 48_000, 11_000.0)
    gain = (enhanced[1::2] / tone[1::2])[1000:-1000]
    assert gain[0] == pytest.approx(1.0, abs=0.01)
    assert abs(gain[-1]) < 0.01
    assert np.abs(np.diff(gain)).max() < 1.2 * 2 / 384


def test_memory_does_not_depend_on_the_length() -> None:
    def peak(seconds: int) -> int:
        enhancer = RecordingEnhancer(Scale(0.5), 48_000, 1)
        piece = noise(4800, 1)
        tracemalloc.start()
        for _ in range(10 * seconds):
            enhancer.process(piece)
        _, most = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        return most

    assert peak(30) < 1.1 * peak(3)


def test_linked_channels_have_one_gain() -> None:
    gains = np.array([1.0, 0.3, -0.2], np.float32)
    samples = noise(24_000)[:, np.newaxis] * gains
    enhanced = enhance(samples, 48_000, lstm_step(), link_channels=True)
    np.testing.assert_allclose(enhanced, enhanced[:, :1] * gains, atol=1e-6)


def test_channels_have_separate_gains_unless_linked() -> None:
    noisy = noise(9000, 2)
    enhanced = noisy * np.array([1.0, 0.0], np.float32)
    separate = BandGain(RATE, 2).process(noisy, enhanced)
    np.testing.assert_allclose(separate, [[1.0, 0.0]] * len(separate), atol=1e-9)
    linked = BandGain(RATE, 2, linked=True).process(noisy, enhanced)
    assert linked.shape == (len(separate), 1)
    assert np.median(linked) == pytest.approx(np.sqrt(0.5), abs=0.05)


@pytest.mark.parametrize("rate", RATES)
def test_the_band_of_the_model_is_resampled_alone(rate: int) -> None:
    samples = noise(20_000, 2)
    down, up = Resampler(rate, RATE, 2), Resampler(RATE, rate, 2)
    low = np.concatenate([down.process(samples), down.finish()])
    enhancer = StreamingEnhancer(Expand(), 2)
    enhanced = np.concatenate([enhancer.process(low.T), enhancer.flush()], axis=1).T
    wanted = np.concatenate([up.process(enhanced), up.finish()])[: len(samples)]
    np.testing.assert_array_equal(enhance(samples, rate, Expand(), band="model"), wanted)


@pytest.mark.parametrize("rate", [8_000, 11_025, 16_000])
def test_up_to_the_rate_of_the_model_the_band_makes_no_difference(rate: int) -> None:
    samples = noise(9000, 2)
    full, model = (enhance(samples, rate, lstm_step(), band=band) for band in ("full", "model"))
    np.testing.assert_array_equal(full, model)


def test_mix_and_limit_hold_in_the_whole_band() -> None:
    samples = noise(9000, 2)
    limited = enhance(samples, 48_000, Scale(0.0), max_attenuation_db=20.0)
    np.testing.assert_allclose(limited, 0.1 * samples, atol=1e-6)
    half = enhance(samples, 48_000, Scale(0.0), mix=0.5)
    np.testing.assert_allclose(half, 0.5 * samples, atol=1e-6)


def test_invalid_samples_become_silence() -> None:
    samples = noise(9000)
    samples[4321] = np.nan
    wanted = 0.5 * np.nan_to_num(samples)
    enhanced = enhance(samples, 48_000, Scale(0.5), on_invalid="zero")
    np.testing.assert_allclose(enhanced, wanted, atol=1e-6)


def test_the_noise_is_what_is_removed_from_the_whole_band(tmp_path: pathlib.Path) -> None:
    source = write(tmp_path / "x.wav", noise(20_000, 2), 48_000, "FLOAT")
    target, residual = tmp_path / "y.wav", tmp_path / "rest.wav"
    summary = enhance_file(source, target, Scale(0.5), noise_target=residual)
    np.testing.assert_allclose(read(residual), 0.5 * read(source), atol=1e-6)
    np.testing.assert_allclose(read(target) + read(residual), read(source), atol=1e-6)
    assert not summary.notes


def test_an_unknown_band_is_refused() -> None:
    with pytest.raises(ConfigError, match="`band` must be one of"):
        enhance(noise(9), 48_000, identity_step(), band="upper")
    with pytest.raises(ConfigError, match="`band` must be one of"):
        EnhanceOptions(band="upper")
