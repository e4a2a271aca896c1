"""Metrics against the libraries and the formula, and the reasons for no number."""

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
        # ESTOI adds noise of its own in the last places.
        assert metrics.stoi(clean, noisy, RATE, extended) == pytest.approx(expected, abs=1e-9)


def test_si_sdr_by_hand():
    # Reference (1, 0), estimate (3, 1): target (3, 0), distortion (0, 1), 10 log10 9.
    value = metrics.si_sdr(np.array([1.0, 0.0]), np.array([3.0, 1.0]))
    assert value == pytest.approx(10 * np.log10(9))


METRICS = {
    "pesq": lambda clean, estimate: metrics.pesq(clean, estimate, RATE),
    "stoi": lambda clean, estimate: metrics.stoi(clean, estimate, RATE),
    "si_sdr": metrics.si_sdr,
}


@pytest.mark.parametrize("name", METRICS)
@pytest.mark.parametrize(
    ("spoil", "reason"),
    [
        (lambda c, e: (0 * c, e), "the reference must not be silent; all 32000"),
        (lambda c, e: (c, 0 * e), "the estimate must not be silent"),
        (lambda c, e: (c, e[:-1]), "same length; received 32000 and 31999"),
        (lambda c, e: (c, np.where(np.arange(len(e)) == 7, np.nan, e)), "sample 7 is not"),
        (lambda c, e: (c[:, None], e), r"must be \[samples\]; received \(32000, 1\)"),
    ],
)
def test_pairs_without_a_number_say_why(name, spoil, reason):
    with pytest.raises(metrics.MetricUndefined, match=reason):
        METRICS[name](*spoil(*_pair()))


@pytest.mark.parametrize("name, reason", [("pesq", r"0\.25 s"), ("stoi", "30 frames")])
def test_a_tenth_of_a_second_is_too_short(name, reason):
    with pytest.raises(metrics.MetricUndefined, match=reason):
        METRICS[name](*_pair(0.1))


def test_a_perfect_estimate_has_no_distortion():
    clean, _ = _pair()
    with pytest.raises(metrics.MetricUndefined, match="a copy of it"):
        metrics.si_sdr(clean, clean)


@pytest.mark.parametrize(
    ("rate", "mode", "reason"),
    [(8_000, "wb", "received 8000"), (44_100, "nb", "received 44100"), (16_000, "xb", "'xb'")],
)
def test_pesq_refuses_what_it_is_not_defined_for(rate, mode, reason):
    with pytest.raises(metrics.MetricUndefined, match=reason):
        metrics.pesq(*_pair(), rate, mode)
