from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from tests.streaming.tiny_streams import Stateless, identity_step, lstm_step, noise, tones
from tfse.errors import AudioError, ConfigError
from tfse.streaming import enhance
from tfse.streaming.recording_enhancer import Aligned, RecordingEnhancer
from tfse.types import Samples

RATES = (16_000, 8_000, 11_025, 44_100, 48_000)


def run(enhancer: RecordingEnhancer, samples: Samples, size: int) -> Aligned:
    parts = [enhancer.process(samples[i : i + size]) for i in range(0, len(samples), size)]
    noisy, enhanced = zip(*parts, enhancer.finish(), strict=True)
    return Aligned(np.concatenate(noisy), np.concatenate(enhanced))


def lag(reference: Samples, estimate: Samples) -> int:
    correlation = np.correlate(estimate, reference, mode="full")
    return int(np.argmax(correlation)) - (reference.size - 1)


@pytest.mark.parametrize("rate", RATES)
def test_a_mask_of_ones_returns_the_input(rate: int) -> None:
    samples = tones(rate, rate, channels=2)
    block = run(RecordingEnhancer(identity_step(), rate, 2), samples, 1000)
    np.testing.assert_array_equal(block.noisy, samples)
    np.testing.assert_allclose(block.enhanced, samples, atol=1e-4)


@pytest.mark.parametrize("rate", RATES)
def test_the_correlation_peaks_at_lag_zero(rate: int) -> None:
    samples = noise(rate // 4, 1)
    enhanced = enhance(samples, rate, identity_step())
    assert lag(samples[:, 0], enhanced[:, 0]) == 0


@pytest.mark.parametrize("rate", [1_000, 16_000, 48_000, 768_000])
@pytest.mark.parametrize("samples", [1, 2, 255, 513])
def test_any_length_stays(rate: int, samples: int) -> None:
    given = noise(samples, 3)
    block = run(RecordingEnhancer(identity_step(), rate, 3), given, 100)
    assert block.enhanced.shape == given.shape
    np.testing.assert_array_equal(block.noisy, given)


def test_every_channel_is_enhanced_separately() -> None:
    samples = noise(9000, 3)
    together = enhance(samples, 44_100, lstm_step())
    alone = [enhance(channel, 44_100, lstm_step()) for channel in samples.T]
    np.testing.assert_allclose(together.T, alone, atol=1e-5)


def test_the_pieces_do_not_matter() -> None:
    samples = noise(9000, 1)
    blocks = run(RecordingEnhancer(lstm_step(), 48_000, 1), samples, 77)
    whole = run(RecordingEnhancer(lstm_step(), 48_000, 1), samples, 9000)
    np.testing.assert_allclose(blocks.enhanced, whole.enhanced, atol=1e-5)


def test_a_bad_sample_is_reported_at_the_rate_of_the_recording() -> None:
    samples = noise(9000, 2)
    samples[4321, 1] = np.nan
    enhancer = RecordingEnhancer(lstm_step(), 48_000, 2)
    enhancer.process(samples[:4000])
    with pytest.raises(AudioError, match="received nan at sample 4321 of channel 1"):
        enhancer.process(samples[4000:])


@pytest.mark.parametrize("rate", [0, 999, 768_001, 10_000_000])
def test_a_rate_that_no_recording_has_is_refused(rate: int) -> None:
    with pytest.raises(AudioError, match=f"from 1,000 to 768,000 Hz; received {rate:,} Hz"):
        RecordingEnhancer(identity_step(), rate, 1)


def test_mix_interpolates() -> None:
    samples = noise(4000)
    enhanced = enhance(samples, 16_000, lstm_step())
    half = enhance(samples, 16_000, lstm_step(), mix=0.5)
    np.testing.assert_allclose(half, (samples + enhanced) / 2, atol=1e-6)
    np.testing.assert_array_equal(enhance(samples, 16_000, lstm_step(), mix=0.0), samples)


class Mute(Stateless):
    """Model that returns silence."""

    def __call__(self, noisy: Samples, state: None) -> tuple[Samples, None]:
        return np.zeros_like(noisy), None


def test_attenuation_has_a_limit() -> None:
    samples = noise(4000)
    limited = enhance(samples, 16_000, Mute(), max_attenuation_db=20.0)
    np.testing.assert_allclose(limited, 0.1 * samples, atol=1e-6)
    assert not enhance(samples, 16_000, Mute()).any()


def test_enhance_keeps_the_shape() -> None:
    for shape in [(0,), (0, 2), (1,), (1, 1), (700,), (700, 2)]:
        assert enhance(np.zeros(shape), 16_000, identity_step()).shape == shape


@pytest.mark.parametrize(
    ("samples", "rate", "message"),
    [
        (np.zeros((2, 9000)), 16_000, r"looks like \[channels, samples\]: transpose it with x\.T"),
        (np.zeros((1, 65)), 16_000, r"transpose it with x\.T"),
        ([0.0, 0.1], 16_000, r"received list: numpy\.asarray"),
        (None, 16_000, "received NoneType"),
        (np.zeros(9, np.int16), 16_000, r"received int16: divide by 32768\.0"),
        (np.zeros(9, np.int32), 16_000, r"received int32: divide by 2147483648\.0"),
        (np.zeros(9, np.complex64), 16_000, r"received complex64\."),
        (np.full(9, 32767.0), 16_000, "received a peak of 32767, as of integers: divide by"),
        (np.zeros(9), 16_000.0, r"must be an integer, in Hz; received 16000\.0"),
        (np.zeros(9), None, "must be an integer, in Hz; received None"),
        (np.zeros(9), 10, "must be from 1,000 to 768,000 Hz; received 10 Hz"),
    ],
)
def test_invalid_arrays_are_refused_with_a_remedy(samples: Any, rate: Any, message: str) -> None:
    with pytest.raises(AudioError, match=message):
        enhance(samples, rate, identity_step())


def test_a_short_recording_of_many_channels_is_not_transposed() -> None:
    assert enhance(np.zeros((2, 64)), 16_000, identity_step()).shape == (2, 64)


def test_enhance_checks_its_arguments() -> None:
    with pytest.raises(AudioError, match=r"received the shape \(2, 0\)"):
        enhance(np.zeros((2, 0)), 16_000, identity_step())
    with pytest.raises(ConfigError, match=r"`mix` must be from 0 to 1; received 1\.5"):
        enhance(np.zeros(9), 16_000, identity_step(), mix=1.5)
    with pytest.raises(ConfigError, match="`max_attenuation_db` must not be negative"):
        enhance(np.zeros(9), 16_000, identity_step(), max_attenuation_db=-3)
