"""Loudness disturbance, against its reference and against PESQ."""

import numpy as np
import pesq
import pytest

from tests.losses import recording, reference_disturbance
from tfse import losses
from tfse.errors import ConfigError

GAINS = [0.05, 0.2, 0.5, 1.0, 2.0]


def _value(pair):
    return float(losses.LoudnessDisturbance()(*pair)[0])


@pytest.mark.parametrize("noise_gain", GAINS)
@pytest.mark.parametrize("stop", [20_001, None])
def test_is_its_reference(noise_gain, stop):
    targets, outputs = pair = recording.pair(noise_gain, stop=stop)
    expected = reference_disturbance.disturbance(targets["clean"][0], outputs["enhanced"][0])
    assert _value(pair) == pytest.approx(expected, rel=2e-3)


def test_follows_pesq():
    """4.5 - loss, mapped by P.862.2, is close to PESQ."""
    for noise_gain in GAINS:
        targets, outputs = pair = recording.pair(noise_gain)
        score = pesq.pesq(16_000, targets["clean"][0], outputs["enhanced"][0], "wb")
        mapped = 0.999 + 4 / (1 + np.exp(-1.3669 * (4.5 - _value(pair)) + 3.8224))
        assert mapped == pytest.approx(score, abs=0.35)


def test_clean_speech_is_not_disturbed_at_any_level():
    targets, _ = recording.pair()
    for gain in (0.1, 1.0, 3.0):
        assert _value((targets, {"enhanced": gain * targets["clean"]})) < 0.02


def test_a_silent_reference_has_no_score():
    targets, outputs = recording.pair()
    assert _value((targets | {"clean": 0 * targets["clean"]}, outputs)) == 0.0


def test_other_rates_are_refused():
    with pytest.raises(ConfigError, match=r"must be 16000 Hz for .*; received sample_rate=8000"):
        losses.LoudnessDisturbance(sample_rate=8000)
