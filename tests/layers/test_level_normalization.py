"""Normalization by the running level."""

import numpy as np
import pytest

from tests import instances
from tfse.errors import ConfigError
from tfse.layers import LevelNormalization


def test_output_is_the_input_by_its_weighted_mean_power():
    x = instances.spectra(2)
    y = np.asarray(LevelNormalization(4.0)(x))
    power = (x**2).sum(-1).mean(-1)
    for frame in range(x.shape[1]):
        weights = np.exp(-np.arange(frame, -1, -1) / 4.0)
        level = (weights * power[:, : frame + 1]).sum(1) / weights.sum()
        expected = x[:, frame] / np.sqrt(level)[:, None, None]
        np.testing.assert_allclose(y[:, frame], expected, rtol=1e-5)


@pytest.mark.parametrize("gain", [0.01, 100.0])
def test_gain_of_the_input_does_not_change_the_output(gain):
    layer, x = LevelNormalization(4.0), instances.spectra(2)
    np.testing.assert_allclose(layer(gain * x), layer(x), rtol=1e-3)


def test_silence_stays_silence():
    x = np.zeros((1, 5, 9, 2), np.float32)
    np.testing.assert_array_equal(np.asarray(LevelNormalization(4.0)(x)), x)


@pytest.mark.parametrize("time_constant", [0.0, -1.0, float("nan")])
def test_time_constant_must_be_above_zero(time_constant):
    with pytest.raises(ConfigError, match=f"above 0; received {time_constant}"):
        LevelNormalization(time_constant)
