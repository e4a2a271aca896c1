"""Levels, gains for an SNR, and room convolution of waveforms."""

from __future__ import annotations

import numpy as np
import pytest
import tensorflow as tf

from tfse.dsp import mixing

RNG = np.random.default_rng(0)


def noise(*shape: int) -> np.ndarray:
    return RNG.standard_normal(shape).astype(np.float32)


def test_levels_are_rms_below_one() -> None:
    samples = np.stack([np.ones(100), 0.1 * np.ones(100), np.zeros(100)]).astype(np.float32)
    np.testing.assert_allclose(mixing.level_dbfs(samples), [0.0, -20.0, -120.0], atol=1e-4)


def test_db_and_back() -> None:
    np.testing.assert_allclose(mixing.to_db(np.float32([1, 10, 0.01])), [0, 10, -20], atol=1e-5)
    assert mixing.to_db(np.float32(0)) == -np.inf
    np.testing.assert_allclose(mixing.from_db(np.float32([0, 20, -6])), [1, 10, 0.501], atol=1e-3)


@pytest.mark.parametrize("target", [-35.0, -15.0, 3.0])
def test_gain_reaches_the_target_level(target: float) -> None:
    samples = 0.03 * noise(2, 1000)
    gain = np.asarray(mixing.gain_to_level(samples, target))
    np.testing.assert_allclose(mixing.level_dbfs(samples * gain[:, None]), target, atol=1e-4)


def test_silence_stays_silence_at_any_level() -> None:
    silence = np.zeros(100, np.float32)
    np.testing.assert_array_equal(silence * mixing.gain_to_level(silence, -15.0), silence)


@pytest.mark.parametrize("wanted", [-5.0, 0.0, 20.0])
def test_gain_reaches_the_snr(wanted: float) -> None:
    speech, hiss = 0.2 * noise(1000), 3.0 * noise(1000)
    scaled = hiss * np.asarray(mixing.gain_for_snr(speech, hiss, wanted))
    ratio = 10 * np.log10(np.sum(speech**2.0) / np.sum(scaled**2.0))
    assert ratio == pytest.approx(wanted, abs=1e-3)
    assert float(mixing.snr_db(speech, scaled)) == pytest.approx(wanted, abs=1e-3)


def test_snr_without_noise_or_speech_is_infinite_and_gains_are_finite() -> None:
    speech, silence = noise(100), np.zeros(100, np.float32)
    assert float(mixing.snr_db(speech, silence)) == np.inf
    assert np.isfinite(mixing.gain_for_snr(speech, silence, 0.0))
    assert float(mixing.gain_for_snr(silence, speech, 0.0)) == 1.0
    assert float(mixing.snr_db(silence, speech)) == -np.inf


def test_clip_guard_scales_only_waveforms_above_the_peak() -> None:
    samples = np.float32([[0.5, -2.0], [0.5, -0.9], [0.0, 0.0]])
    np.testing.assert_allclose(mixing.clip_guard(samples, 0.9), [0.45, 1.0, 1.0], rtol=1e-6)


def test_the_early_part_is_the_beginning() -> None:
    np.testing.assert_array_equal(mixing.early_part(np.arange(1.0, 6.0), 2), [1, 2, 0, 0, 0])


@pytest.mark.parametrize("samples", [1, 8191, 8192, 8193, 96000])
def test_fft_length_is_sufficient_and_has_small_factors(samples: int) -> None:
    length = mixing.fft_length(samples)
    assert samples <= length < samples + 8192
    assert length % 8192 == 0


@pytest.mark.parametrize(("samples", "taps"), [(1000, 300), (300, 1000), (8192, 1), (5000, 3192)])
def test_convolve_pair_equals_two_convolutions(samples: int, taps: int) -> None:
    waveform, first, second = noise(samples), noise(taps), noise(taps)
    # A graph with dynamic lengths, as in the pipeline.
    signature = [tf.TensorSpec([None], tf.float32)] * 3
    results = tf.function(mixing.convolve_pair, input_signature=signature, autograph=False)(
        waveform, first, second
    )
    for result, response in zip(results, (first, second), strict=True):
        expected = np.convolve(waveform.astype(np.float64), response)[:samples]
        np.testing.assert_allclose(result, expected, atol=2e-6 * np.abs(expected).max())


def test_a_part_is_compared_where_it_is() -> None:
    gain = np.concatenate([np.zeros(3000), np.ones(1000)]).astype(np.float32)
    part = 0.1 * gain * noise(4000)
    total = np.concatenate([noise(3000), np.zeros(1000, np.float32)]) + part
    loud_db = mixing.level_dbfs(total) - mixing.level_dbfs(part[3000:])
    found = mixing.level_above_part_db(total, part, gain)
    np.testing.assert_allclose(found, loud_db, atol=1e-3)
    assert found > 15
    silence = np.zeros(4000, np.float32)
    assert np.isfinite(mixing.level_above_part_db(silence, silence, silence))


def test_the_gain_of_a_splice_has_the_level_difference_and_guards_peaks() -> None:
    after, before = ({"noisy": 0.1 * noise(2, 4000), "clean": noise(2, 4000)} for _ in range(2))
    gain = mixing.splice_gain(after, before, np.float32([-10.0, 6.0]), 100.0)
    levels = mixing.level_dbfs(gain[:, None] * before["noisy"]) - mixing.level_dbfs(after["noisy"])
    np.testing.assert_allclose(levels, [-10.0, 6.0], atol=1e-3)
    guarded = mixing.splice_gain(after, before, np.float32([20.0, 20.0]), 0.9)
    np.testing.assert_allclose(np.abs(guarded[:, None] * before["clean"]).max(1), 0.9, rtol=1e-5)
