"""LSD, LLR, WSS and composite ratings, by hand and against references with loops."""

import numpy as np
import pytest
import scipy.signal

from tests.data.corpus import voice
from tests.metrics import reference_measures
from tfse import metrics
from tfse.metrics import frames
from tfse.metrics.composite_ratings import composite_of

RATE = 16_000
DISTANCES = {
    "log_spectral_distance": metrics.log_spectral_distance,
    "log_likelihood_ratio": metrics.log_likelihood_ratio,
    "weighted_spectral_slope": metrics.weighted_spectral_slope,
}


def _pair(rate=RATE, seconds=0.6):
    clean = voice(1, seconds, rate)
    clean[: rate // 10] = 0.0
    return clean, clean + 0.01 * np.random.default_rng(0).standard_normal(len(clean))


def _pulses():
    """One pulse in each frame of 512 samples, so that every spectrum is flat."""
    pulses = np.zeros(4096)
    pulses[64::512] = 1.0
    return pulses


@pytest.mark.parametrize("name", DISTANCES)
def test_a_copy_has_no_distance(name):
    clean, _ = _pair()
    assert DISTANCES[name](clean, clean, RATE) == 0.0


@pytest.mark.parametrize("gain", [0.1, 0.5, -2.0, 100.0])
def test_lsd_of_a_gain_is_the_gain(gain):
    value = metrics.log_spectral_distance(_pulses(), gain * _pulses(), RATE)
    assert value == pytest.approx(20 * np.log10(max(abs(gain), 1 / abs(gain))))


def test_lsd_of_the_dynamic_range_by_hand():
    # In 29 frames the pulse is alternately 64, 448, 320 and 192 samples from the start,
    # where the window is its maximum or tan(pi / 8)^2 of it.
    lower_db = 50 + 20 * np.log10(np.tan(np.pi / 8) ** 2)
    expected = (15 * lower_db + 14 * 50) / 29
    value = metrics.log_spectral_distance(_pulses(), 1e-4 * _pulses(), RATE)
    assert value == pytest.approx(expected)


def test_lsd_is_that_of_scipy():
    clean, noisy = _pair()
    transform = scipy.signal.ShortTimeFFT(scipy.signal.windows.hann(512, sym=False), 128, RATE)
    whole = range(2, (len(clean) - 512) // 128 + 3)
    clean_power, noisy_power = (
        transform.spectrogram(x, p0=whole[0], p1=whole[-1] + 1) for x in (clean, noisy)
    )
    floor = clean_power.max() / 1e5
    difference = 10 * np.log10(np.maximum(clean_power, floor) / np.maximum(noisy_power, floor))
    expected = np.mean(np.sqrt(np.mean(difference**2, axis=0)))
    assert metrics.log_spectral_distance(clean, noisy, RATE) == pytest.approx(expected, rel=1e-9)


@pytest.mark.parametrize("rate", [8_000, 16_000, 44_100])
def test_wss_is_that_of_the_reference(rate):
    clean, noisy = _pair(rate, 0.3)
    expected = reference_measures.wss(clean, noisy, rate)
    assert metrics.weighted_spectral_slope(clean, noisy, rate) == pytest.approx(expected, rel=1e-9)


@pytest.mark.parametrize(("rate", "order"), [(8_000, 10), (16_000, 16), (44_100, 16)])
def test_llr_is_that_of_the_reference(rate, order):
    random = np.random.default_rng(0).standard_normal((2, rate))
    clean = scipy.signal.lfilter([0.05], [1, -1.5, 0.8], random[0])
    noisy = clean + 0.01 * random[1]
    expected = reference_measures.llr(clean, noisy, rate, order)
    assert metrics.log_likelihood_ratio(clean, noisy, rate) == pytest.approx(expected, rel=1e-6)


def test_llr_of_two_resonances_is_near_that_of_their_coefficients():
    excitation = np.random.default_rng(0).standard_normal(10 * RATE)
    clean = scipy.signal.lfilter([1], [1, -0.9], excitation)
    estimate = scipy.signal.lfilter([1], [1, -0.5], excitation)
    # The error of the filter 1 - 0.5 z^-1 on an AR(1) process at 0.9 has the power
    # (1 + 0.25 - 2 * 0.5 * 0.9) / (1 - 0.81), that of the right filter 1.
    expected = np.log((1.25 - 0.9) / 0.19)
    value = metrics.log_likelihood_ratio(clean, estimate, RATE)
    assert value == pytest.approx(expected, rel=0.1)


@pytest.mark.parametrize("gain", [0.1, 4.0])
def test_envelopes_and_slopes_do_not_depend_on_the_level(gain):
    clean, noisy = _pair()
    clean = clean + 1e-3 * np.random.default_rng(1).standard_normal(len(clean))
    for name in ("log_likelihood_ratio", "weighted_spectral_slope"):
        expected = DISTANCES[name](clean, noisy, RATE)
        assert DISTANCES[name](clean, gain * noisy, RATE) == pytest.approx(expected, rel=1e-6)


@pytest.mark.parametrize("name", DISTANCES)
def test_distances_grow_with_the_noise(name):
    clean, noisy = _pair()
    values = [DISTANCES[name](clean, clean + k * (noisy - clean), RATE) for k in (0.1, 1, 10)]
    assert 0 < values[0] < values[1] < values[2]


@pytest.mark.parametrize("name", DISTANCES)
def test_size_of_blocks_does_not_matter(name, monkeypatch):
    expected = DISTANCES[name](*_pair(), RATE)
    monkeypatch.setattr(frames, "_BLOCK", 7)
    assert DISTANCES[name](*_pair(), RATE) == pytest.approx(expected, rel=1e-12)


@pytest.mark.parametrize("name", DISTANCES)
@pytest.mark.parametrize(
    "content", [lambda n: np.ones(n), lambda n: np.eye(1, n)[0], lambda n: np.full(n, -(2**-52))]
)
def test_odd_content_is_finite(name, content):
    clean, _ = _pair()
    for pair in ((clean, content(len(clean))), (content(len(clean)), clean)):
        assert np.isfinite(DISTANCES[name](*pair, RATE))


def test_composite_by_hand():
    ratings = composite_of(pesq_wb=2.5, llr=0.5, wss=40.0, segmental_snr_db=5.0)
    assert ratings.csig == pytest.approx(3.093 - 0.5145 + 1.5075 - 0.36)
    assert ratings.cbak == pytest.approx(1.634 + 1.195 - 0.28 + 0.315)
    assert ratings.covl == pytest.approx(1.594 + 2.0125 - 0.256 - 0.28)


def test_composite_stays_within_1_and_5():
    assert composite_of(pesq_wb=1.0, llr=9.0, wss=300.0, segmental_snr_db=-10.0) == (1, 1, 1)
    assert composite_of(pesq_wb=4.6, llr=0.0, wss=0.0, segmental_snr_db=35.0) == (5, 5, 5)


def test_composite_is_made_of_its_parts():
    clean, noisy = _pair(seconds=0.8)
    clean = clean + 1e-3 * np.random.default_rng(1).standard_normal(len(clean))
    expected = composite_of(
        pesq_wb=metrics.pesq(clean, noisy, RATE, "wb"),
        llr=reference_measures.llr(clean, noisy, RATE),
        wss=reference_measures.wss(clean, noisy, RATE),
        segmental_snr_db=reference_measures.segmental_snr(clean, noisy, RATE),
    )
    assert metrics.composite(clean, noisy, RATE) == pytest.approx(expected, rel=1e-6)


def test_composite_is_for_16_khz_only():
    with pytest.raises(metrics.MetricUndefined, match="16000 Hz; received 8000"):
        metrics.composite(*_pair(8_000), 8_000)
