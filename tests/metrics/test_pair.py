"""All metrics of a pair: a value or a reason for each, for any input."""

import doctest
import math

import numpy as np
import pytest

from tests.data.corpus import voice
from tfse import metrics
from tfse.metrics import pair as pair_module

RATE = 16_000
OF_TWO = {
    *("pesq_wb", "pesq_nb", "stoi", "estoi", "si_sdr_db", "snr_db", "segmental_snr_db"),
    *("log_spectral_distance_db", "csig", "cbak", "covl", "level_change_db", "share_of_zeros"),
}
OF_THREE = OF_TWO | {"si_sdr_improvement_db", "level_change_from_noisy_db"}


def _trio(seconds=1.5):
    clean = voice(1, seconds)
    noise = np.random.default_rng(0).standard_normal(len(clean))
    return clean, clean + 0.005 * noise, clean + 0.02 * noise


def _check(result, names):
    """Checks that every metric has either a finite value or a reason."""
    assert result.values.keys() | result.reasons.keys() == names
    assert not result.values.keys() & result.reasons.keys()
    assert all(type(x) is float and math.isfinite(x) for x in result.values.values())
    assert all(result.reasons.values())


def test_a_good_pair_has_every_value():
    clean, estimate, noisy = _trio()
    result = metrics.evaluate_pair(clean, estimate, RATE, noisy)
    _check(result, OF_THREE)
    assert not result.reasons
    assert result.values["si_sdr_improvement_db"] == pytest.approx(12, abs=0.2)
    assert result.values["pesq_wb"] == metrics.pesq(clean, estimate, RATE)
    assert result.values["covl"] == metrics.composite(clean, estimate, RATE).covl
    assert result.values["level_change_from_noisy_db"] < 0 < result.values["level_change_db"]


def test_without_the_noisy_recording_there_is_no_improvement():
    clean, estimate, _ = _trio()
    _check(metrics.evaluate_pair(clean, estimate, RATE), OF_TWO)


def test_a_rate_without_pesq_has_the_others():
    clean, estimate, noisy = _trio()
    result = metrics.evaluate_pair(clean, estimate, 48_000, noisy)
    _check(result, OF_THREE)
    assert result.reasons.keys() == {"pesq_wb", "pesq_nb", "csig", "cbak", "covl"}
    assert "received 48000" in result.reasons["pesq_wb"]


def test_a_copy_has_no_ratios():
    clean, _, noisy = _trio()
    result = metrics.evaluate_pair(clean, clean, RATE, noisy)
    _check(result, OF_THREE)
    assert result.reasons.keys() == {"snr_db", "si_sdr_db", "si_sdr_improvement_db"}
    assert result.values["log_spectral_distance_db"] == 0.0


def test_a_bad_noisy_recording_affects_only_its_metrics():
    clean, estimate, noisy = _trio()
    result = metrics.evaluate_pair(clean, estimate, RATE, 0 * noisy)
    _check(result, OF_THREE)
    assert result.reasons.keys() == OF_THREE - OF_TWO
    assert all("noisy recording" in reason for reason in result.reasons.values())


HOSTILE = {
    "silent reference": lambda c, e: (0 * c, e),
    "silent estimate": lambda c, e: (c, 0 * e),
    "both silent": lambda c, e: (0 * c, 0 * e),
    "shorter": lambda c, e: (c, e[:-1]),
    "nan": lambda c, e: (c, np.where(np.arange(len(e)) == 7, np.nan, e)),
    "infinite": lambda c, e: (np.full(len(c), np.inf), e),
    "empty": lambda c, e: (c[:0], e[:0]),
    "one sample": lambda c, e: (c[9:10], e[9:10]),
    "stereo": lambda c, e: (c[:, None], np.stack([e, e], 1)),
    "scalar": lambda c, e: (np.array(1.0), np.array(1.0)),
    "complex": lambda c, e: (c.astype(complex), e),
    "words": lambda c, e: (c, np.array(["a"] * len(e))),
    "list": lambda c, e: (list(c), e),
    "none": lambda c, e: (None, None),
    "huge": lambda c, e: (c, 1e200 * e),
    "tiny": lambda c, e: (1e-200 * c, e),
    "below float32": lambda c, e: (c, 1e-45 * e),
    "steady": lambda c, e: (np.ones(len(c)), e),
    "click": lambda c, e: (c, np.eye(1, len(c))[0]),
    "mostly zeros": lambda c, e: (c * (np.arange(len(c)) < 9_000), e * 0 + e[5] * (c > 0.1)),
    "integers": lambda c, e: ((30_000 * c).astype(np.int16), (30_000 * e).astype(np.int16)),
    "half floats": lambda c, e: (c.astype(np.float16), e.astype(np.float16)),
    "backwards": lambda c, e: (c[::-1], e[::2].repeat(2)),
}


@pytest.mark.parametrize("seconds", [0.02, 0.3, 1.0])
@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_content_never_raises(name, seconds):
    clean, estimate, noisy = _trio(seconds)
    clean, estimate = HOSTILE[name](clean, estimate)
    _check(metrics.evaluate_pair(clean, estimate, RATE, noisy), OF_THREE)


@pytest.mark.parametrize("rate", [0, -1, 8_000.5, float("nan"), None, "16000", 10**12])
def test_hostile_rates_never_raise(rate):
    clean, estimate, noisy = _trio()
    result = metrics.evaluate_pair(clean, estimate, rate, noisy)
    _check(result, OF_THREE)
    assert "stoi" in result.reasons


def test_a_silent_estimate_has_the_share_of_zeros_and_reasons():
    clean, estimate, _ = _trio()
    result = metrics.evaluate_pair(clean, 0 * estimate, RATE)
    assert result.values == {"share_of_zeros": 1.0}
    assert set(result.reasons.values()) == {
        "the estimate must not be silent; all 24000 samples are 0."
    }


def test_the_example_of_the_docstring_runs():
    assert doctest.testmod(pair_module).failed == 0
