"""Metrics, against libraries and formulas, and reasons for undefined values."""

import numpy as np
import pesq as pesq_package
import pystoi
import pytest

from tests.data.corpus import voice
from tfse import metrics

RATE = 16_000


def _pair(seconds=2.0):
    clean = voice(1, seconds)
    return clean, clean + 0.02 * np.random.default_rng(0).standard_normal(len(clean))


def test_pesq_and_stoi_are_the_libraries():
    clean, noisy = _pair()
    for mode in ("wb", "nb"):
        expected = pesq_package.pesq(RATE, clean, noisy, mode)
        assert metrics.pesq(clean, noisy, RATE, mode) == expected
    for extended in (False, True):
        expected = pystoi.stoi(clean, noisy, RATE, extended=extended)
        # pystoi adds random noise to ESTOI.
        assert metrics.stoi(clean, noisy, RATE, extended) == pytest.approx(expected, abs=1e-9)


def test_si_sdr_by_hand():
    # Reference (1, 0), estimate (3, 1): target (3, 0), distortion (0, 1), 10 log10 9.
    value = metrics.si_sdr(np.array([1.0, 0.0]), np.array([3.0, 1.0]))
    assert value == pytest.approx(10 * np.log10(9))


METRICS = {
    "pesq": lambda clean, estimate: metrics.pesq(clean, estimate, RATE),
    "stoi": lambda clean, estimate: metrics.stoi(clean, estimate, RATE),
    "si_sdr": metrics.si_sdr,
    "snr": metrics.snr,
    "si_sdr_improvement": lambda clean, estimate: metrics.si_sdr_improvement(
        clean, estimate, estimate
    ),
    "segmental_snr": lambda clean, estimate: metrics.segmental_snr(clean, estimate, RATE),
    "log_spectral_distance": lambda clean, estimate: metrics.log_spectral_distance(
        clean, estimate, RATE
    ),
    "log_likelihood_ratio": lambda clean, estimate: metrics.log_likelihood_ratio(
        clean, estimate, RATE
    ),
    "weighted_spectral_slope": lambda clean, estimate: metrics.weighted_spectral_slope(
        clean, estimate, RATE
    ),
    "composite": lambda clean, estimate: metrics.composite(clean, estimate, RATE),
    "level_change_db": metrics.level_change_db,
}


@pytest.mark.parametrize("name", METRICS)
@pytest.mark.parametrize(
    ("spoil", "reason"),
    [
        (lambda c, e: (0 * c, e), "the reference must not be silent; all 32000"),
        (lambda c, e: (c, 0 * e), "the estimate must not be silent"),
        (lambda c, e: (c, e[:-1]), "same length; received 32000 and 31999"),
        (lambda c, e: (c, np.where(np.arange(len(e)) == 7, np.nan, e)), "sample 7 is not"),
        (lambda c, e: (c, np.where(np.arange(len(e)) == 7, -np.inf, e)), "sample 7 is not"),
        (lambda c, e: (c[:, None], e), r"must be \[samples\]; received \(32000, 1\)"),
        (lambda c, e: (c[:0], e[:0]), "the reference must hold samples; it is empty"),
        (lambda c, e: (c.astype(complex), e), "array of real numbers; received complex128"),
        (lambda c, e: (c, list(e)), "estimate must be an array of real numbers; received list"),
        (lambda c, e: (c, 1e200 * e), "the estimate must have a power of 1e-100 to 1e\\+100"),
        (lambda c, e: (1e-200 * c, e), "the reference must have a power"),
    ],
)
def test_undefined_values_have_a_reason(name, spoil, reason):
    with pytest.raises(metrics.MetricUndefined, match=reason):
        METRICS[name](*spoil(*_pair()))


@pytest.mark.parametrize("name, reason", [("pesq", r"0\.25 s"), ("stoi", "30 frames")])
def test_a_tenth_of_a_second_is_too_short(name, reason):
    with pytest.raises(metrics.MetricUndefined, match=reason):
        METRICS[name](*_pair(0.1))


def test_half_a_second_with_little_speech_is_too_short_for_stoi():
    clean, noisy = _pair(0.5)
    clean[2000:] = 0.0
    with pytest.raises(metrics.MetricUndefined, match="30 frames"):
        metrics.stoi(clean, noisy, RATE)


def test_pesq_refuses_recordings_that_can_crash_it():
    clean, noisy = _pair(41.0)
    with pytest.raises(metrics.MetricUndefined, match=r"0.25 s to 40 s; received 41.000 s"):
        metrics.pesq(clean, noisy, RATE)


def test_pesq_in_narrow_band_at_8_khz_is_the_library():
    clean = voice(1, 2.0, 8_000)
    noisy = clean + 0.02 * np.random.default_rng(0).standard_normal(len(clean))
    assert metrics.pesq(clean, noisy, 8_000, "nb") == pesq_package.pesq(8_000, clean, noisy, "nb")


def test_an_estimate_far_below_the_reference_has_no_pesq():
    clean, _ = _pair()
    with pytest.raises(metrics.MetricUndefined, match="PESQ"):
        metrics.pesq(clean, 1e-45 * clean, RATE)


RATED = {
    "stoi": metrics.stoi,
    "segmental_snr": metrics.segmental_snr,
    "log_spectral_distance": metrics.log_spectral_distance,
    "log_likelihood_ratio": metrics.log_likelihood_ratio,
    "weighted_spectral_slope": metrics.weighted_spectral_slope,
    "composite": metrics.composite,
}


@pytest.mark.parametrize("name", RATED)
@pytest.mark.parametrize("rate", [0, -16_000, 7_999, 10**9, 16_000.5, float("nan"), None])
def test_invalid_sample_rates_are_refused(name, rate):
    with pytest.raises(metrics.MetricUndefined, match=f"received {rate}"):
        RATED[name](*_pair(), rate)


@pytest.mark.parametrize("name", sorted(RATED.keys() - {"stoi", "composite"}))
def test_less_than_a_frame_is_too_short(name):
    with pytest.raises(metrics.MetricUndefined, match="received 400 samples"):
        RATED[name](*_pair(0.025), RATE)


def test_a_perfect_estimate_has_no_distortion():
    clean, _ = _pair()
    with pytest.raises(metrics.MetricUndefined, match="a copy of it"):
        metrics.si_sdr(clean, clean)


@pytest.mark.parametrize(
    ("rate", "mode", "reason"),
    [(8_000, "wb", "received 8000"), (44_100, "nb", "received 44100"), (16_000, "xb", "'xb'")],
)
def test_pesq_refuses_other_rates_and_modes(rate, mode, reason):
    with pytest.raises(metrics.MetricUndefined, match=reason):
        metrics.pesq(*_pair(), rate, mode)


def test_estoi_is_reproducible_and_keeps_the_state_of_the_generator() -> None:
    reference, estimate = _noise(0), _noise(1)
    np.random.seed(5)
    wanted = np.random.standard_normal()
    np.random.seed(5)
    first = metrics.stoi(reference, estimate, 16_000, extended=True)
    assert np.random.standard_normal() == wanted
    assert metrics.stoi(reference, estimate, 16_000, extended=True) == first


def _noise(seed: int) -> np.ndarray:
    return np.random.default_rng(seed).standard_normal(16_000)
