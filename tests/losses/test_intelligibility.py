"""Negative STOI and ESTOI, against pystoi on speech."""

import numpy as np
import pystoi
import pytest

from tests.losses import recording
from tfse import losses
from tfse.errors import ConfigError

# Far below 1e-3, the effect of one segment.
AGREEMENT = 2e-5
BOTH = pytest.mark.parametrize(
    ("loss", "extended"), [(losses.NegativeSTOI, False), (losses.NegativeESTOI, True)]
)


def _pystoi(targets, outputs, extended, rate=recording.RATE):
    clean, enhanced = targets["clean"][0], outputs["enhanced"][0]
    return pystoi.stoi(clean.astype(float), enhanced.astype(float), rate, extended=extended)


@BOTH
@pytest.mark.parametrize("noise_gain", [0.1, 1.0, 4.0])
def test_is_pystoi_on_speech(loss, extended, noise_gain):
    pair = recording.pair(noise_gain)
    assert float(loss()(*pair)[0]) == pytest.approx(-_pystoi(*pair, extended), abs=AGREEMENT)


@BOTH
@pytest.mark.parametrize("rate", [8000, 10_000])
def test_is_pystoi_at_other_rates(loss, extended, rate):
    pair = recording.pair(2.0)
    value = float(loss(sample_rate=rate)(*pair)[0])
    assert value == pytest.approx(-_pystoi(*pair, extended, rate), abs=AGREEMENT)


@BOTH
@pytest.mark.filterwarnings("ignore:Not enough STFT frames")
def test_is_pystoi_for_every_length_of_a_batch(loss, extended):
    targets, outputs = recording.pair(2.0)
    samples = targets["clean"].shape[1]
    lengths = np.array([samples, samples - 1001, samples // 2, 12_345], np.int32)
    targets = {n: np.repeat(v, len(lengths), axis=0) for n, v in targets.items()}
    outputs = {"enhanced": np.repeat(outputs["enhanced"], len(lengths), axis=0)}
    values = np.asarray(loss()(targets | {"length": lengths}, outputs))
    for value, length in zip(values, lengths, strict=True):
        expected = _pystoi(*recording.pair(2.0, stop=length), extended)
        assert value == pytest.approx(-expected, abs=AGREEMENT)


@BOTH
def test_pauses_do_not_count(loss, extended):
    targets, outputs = recording.pair(2.0)
    pause = [(0, 0), (0, 20_000)]
    longer = {n: np.pad(v, pause) for n, v in targets.items() if n != "length"}
    longer["length"] = targets["length"] + 20_000
    noisier = {"enhanced": np.pad(outputs["enhanced"], pause, constant_values=0.1)}
    assert float(loss()(longer, noisier)[0]) == pytest.approx(
        -_pystoi(longer, noisier, extended), abs=AGREEMENT
    )


@BOTH
def test_level_of_the_estimate_does_not_matter(loss, extended):
    targets, outputs = recording.pair(2.0)
    value = float(loss()(targets, outputs)[0])
    for gain in (0.01, 10.0):
        scaled = {"enhanced": gain * outputs["enhanced"]}
        assert float(loss()(targets, scaled)[0]) == pytest.approx(value, abs=1e-3)


@BOTH
def test_too_short_and_silent_speech_has_no_score(loss, extended):
    short = recording.pair(1.0, start=8000, stop=8000 + 6000)
    assert float(loss()(*short)[0]) == 0.0
    targets, outputs = recording.pair(1.0)
    silent = targets | {"clean": 0 * targets["clean"]}
    assert float(loss()(silent, outputs)[0]) == 0.0


def test_sample_rate_must_be_above_zero():
    with pytest.raises(ConfigError, match=r"`sample_rate` must be above 0 Hz; received 0"):
        losses.NegativeSTOI(sample_rate=0)
