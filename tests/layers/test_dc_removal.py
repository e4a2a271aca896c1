"""Removal of a constant offset: running mean, and passed frequencies."""

import numpy as np
import pytest

from tests import instances
from tfse.errors import ConfigError
from tfse.layers import DCRemoval


def test_a_constant_is_gone_from_the_first_sample_on():
    x = np.full((2, 40), 0.2, np.float32)
    np.testing.assert_allclose(np.asarray(DCRemoval(8, 3.0)(x)), 0.0, atol=1e-7)


def test_an_offset_changes_nothing():
    layer, x = DCRemoval(8, 3.0), instances.random(2, 80)
    np.testing.assert_allclose(np.asarray(layer(x + 0.5)), np.asarray(layer(x)), atol=1e-6)


def test_what_is_subtracted_is_a_line_between_running_means():
    x = instances.random(1, 40)
    removed = (x - np.asarray(DCRemoval(8, 3.0)(x)))[0]
    means = x[0].reshape(5, 8).mean(1)
    weights = np.exp(-np.arange(5) / 3.0)
    running = [np.average(means[: t + 1], weights=weights[t::-1]) for t in range(5)]
    np.testing.assert_allclose(removed[:8], running[0], atol=1e-6)
    np.testing.assert_allclose(removed[7::8], running, atol=1e-6)
    np.testing.assert_allclose(removed[11], (running[0] + running[1]) / 2, atol=1e-6)


def test_speech_frequencies_pass():
    time = np.arange(16_000) / 16_000
    for hz in (60.0, 100.0, 1000.0):
        x = np.sin(2 * np.pi * hz * time).astype(np.float32)[np.newaxis, :15_872]
        error = np.asarray(DCRemoval(256, 31.0)(x))[0, 1600:] - x[0, 1600:]
        assert 20 * np.log10(np.sqrt(2) * error.std()) < -35


@pytest.mark.parametrize(("hop", "time_constant"), [(0, 1.0), (8, 0.0), (8, float("nan"))])
def test_settings_must_be_above_zero(hop, time_constant):
    with pytest.raises(ConfigError, match=f"above 0; received {hop} and {time_constant}"):
        DCRemoval(hop, time_constant)
