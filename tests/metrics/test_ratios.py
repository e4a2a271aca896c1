"""Ratios and levels, by hand."""

import numpy as np
import pytest

from tests.data.corpus import voice
from tests.metrics import reference_measures
from tfse import metrics

RATE = 16_000


def _noise(samples, seed=0):
    return np.random.default_rng(seed).standard_normal(samples)


def test_snr_by_hand():
    # Reference power 25, noise power 1.
    assert metrics.snr(np.array([3.0, 4.0]), np.array([3.0, 5.0])) == 10 * np.log10(25)


@pytest.mark.parametrize("gain", [0.5, 0.9, 2.0, -1.0])
def test_snr_of_a_gain_is_the_error_of_the_gain(gain):
    clean = voice(1, 0.5)
    assert metrics.snr(clean, gain * clean) == pytest.approx(-20 * np.log10(abs(1 - gain)))


def test_snr_of_a_copy_is_undefined():
    with pytest.raises(metrics.MetricUndefined, match="a copy of it"):
        metrics.snr(voice(1, 0.5), voice(1, 0.5))


@pytest.mark.parametrize("scale", [1e-4, 0.3, 1 / 3, 32768])
def test_si_sdr_does_not_depend_on_scales(scale):
    clean = voice(1, 0.5)
    noisy = clean + 0.01 * _noise(len(clean))
    expected = metrics.si_sdr(clean, noisy)
    assert metrics.si_sdr(clean, scale * noisy) == pytest.approx(expected)
    assert metrics.si_sdr(scale * clean, noisy) == pytest.approx(expected)
    with pytest.raises(metrics.MetricUndefined, match="a copy of it"):
        metrics.si_sdr(clean, scale * clean)


def test_si_sdr_of_an_orthogonal_estimate_is_undefined():
    with pytest.raises(metrics.MetricUndefined, match="must not be orthogonal to the reference"):
        metrics.si_sdr(np.array([1.0, 0.0]), np.array([0.0, 1.0]))


def test_si_sdr_improvement_by_hand():
    # The distortion falls from (0, 1) to (0, 0.1): 20 dB.
    clean, noisy, enhanced = np.array([1.0, 0.0]), np.array([1.0, 1.0]), np.array([1.0, 0.1])
    assert metrics.si_sdr_improvement(clean, enhanced, noisy) == pytest.approx(20)
    assert metrics.si_sdr_improvement(clean, noisy, noisy) == 0.0
    with pytest.raises(metrics.MetricUndefined, match=r"with the noisy recording.*a copy"):
        metrics.si_sdr_improvement(clean, enhanced, clean)


@pytest.mark.parametrize(
    ("error", "expected"), [(0.1, 20.0), (2.0, -20 * np.log10(2)), (1e-4, 35.0), (10.0, -10.0)]
)
def test_segmental_snr_of_a_gain_is_that_of_each_frame(error, expected):
    clean = 0.1 * _noise(RATE)
    value = metrics.segmental_snr(clean, (1 + error) * clean, RATE)
    assert value == pytest.approx(expected)


def test_segmental_snr_of_a_copy_is_the_upper_limit():
    assert metrics.segmental_snr(_noise(RATE), _noise(RATE), RATE) == 35.0


@pytest.mark.parametrize("rate", [8_000, 16_000, 44_100])
def test_segmental_snr_is_that_of_the_reference(rate):
    clean = voice(1, 0.7, rate)
    clean[: rate // 10] = 0.0
    noisy = clean + 0.01 * _noise(len(clean))
    expected = reference_measures.segmental_snr(clean, noisy, rate)
    assert metrics.segmental_snr(clean, noisy, rate) == pytest.approx(expected, rel=1e-12)


def test_levels_by_hand():
    clean = voice(1, 0.5)
    assert metrics.level_change_db(clean, 10 * clean) == pytest.approx(20)
    assert metrics.level_change_db(clean, -0.5 * clean[::-1]) == pytest.approx(20 * np.log10(0.5))
    assert metrics.level_change_db(clean, clean) == 0.0


def test_levels_of_16_bit_integers():
    clean = np.array([20_000, -20_000], np.int16)
    assert metrics.level_change_db(clean, clean // 2) == pytest.approx(20 * np.log10(0.5))


def test_share_of_zeros_by_hand():
    assert metrics.share_of_zeros(np.array([0.0, -0.0, 1e-300, 1.0])) == 0.5
    assert metrics.share_of_zeros(np.zeros(7)) == 1.0


@pytest.mark.parametrize(
    ("estimate", "reason"),
    [
        (np.array([]), "it is empty"),
        (np.zeros((2, 2)), r"received \(2, 2\)"),
        (np.array([0.0, np.nan]), "sample 1 is not"),
    ],
)
def test_share_of_zeros_of_an_invalid_waveform_is_undefined(estimate, reason):
    with pytest.raises(metrics.MetricUndefined, match=reason):
        metrics.share_of_zeros(estimate)
