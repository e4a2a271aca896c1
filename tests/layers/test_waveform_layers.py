"""Layers on waveforms against independent references."""

import numpy as np
import pytest
import scipy.signal

from tests import instances
from tfse import layers
from tfse.errors import ConfigError
from tfse.layers import RESAMPLING_DELAY


def _tone(samples, frequency):
    return np.sin(2 * np.pi * frequency * np.arange(samples) + 0.3).astype(np.float32)


@pytest.mark.parametrize("frequency", [0.013, 0.21, 0.4])
def test_upsampling_is_that_of_a_band_limited_signal(frequency):
    y = np.asarray(layers.UpsampleByTwo()(_tone(400, frequency)[None, :, None]))[0, :, 0]
    delay = 2 * RESAMPLING_DELAY
    wanted = _tone(800, frequency / 2)
    inner = slice(200, 800 - delay)
    np.testing.assert_allclose(y[delay:][inner], wanted[: 800 - delay][inner], atol=2e-3)


@pytest.mark.parametrize(("frequency", "gain"), [(0.01, 1.0), (0.2, 1.0), (0.3, 0.0), (0.4, 0.0)])
def test_downsampling_keeps_the_lower_half_of_the_band(frequency, gain):
    y = np.asarray(layers.DownsampleByTwo()(_tone(800, frequency)[None, :, None]))[0, :, 0]
    wanted = gain * _tone(800, frequency)[::2]
    inner = slice(150, 400 - RESAMPLING_DELAY)
    result = y[RESAMPLING_DELAY:]
    np.testing.assert_allclose(result[100:], wanted[: len(result)][100:], atol=2e-3)
    assert inner.stop > inner.start


def test_emphasis_is_the_filter_of_scipy_and_its_inverse():
    x = instances.random(1, 3000)
    emphasized = np.asarray(layers.PreEmphasis(0.95)(x))
    np.testing.assert_allclose(emphasized, scipy.signal.lfilter([1, -0.95], [1], x), atol=1e-6)
    restored = np.asarray(layers.DeEmphasis(0.95)(x))
    np.testing.assert_allclose(restored, scipy.signal.lfilter([1], [1, -0.95], x), atol=1e-5)
    np.testing.assert_allclose(layers.DeEmphasis(0.95)(emphasized), x, atol=1e-5)


def test_running_level_is_the_root_mean_square_so_far():
    x = instances.random(1, 80)
    level = np.asarray(layers.RunningLevel(20)(x))[0]
    for hop in range(4):
        wanted = np.sqrt(np.mean(np.square(x[0, : 20 * (hop + 1)])))
        np.testing.assert_allclose(level[20 * hop : 20 * (hop + 1)], wanted, rtol=1e-6)


def test_gate_opens_after_its_frames():
    x = np.ones((1, 12, 2), np.float32)
    gate = layers.StartGate(2)(x[:, :4])
    np.testing.assert_array_equal(np.asarray(gate)[0, :, 0], [0, 0, 1, 1])
    gated = np.asarray(layers.GateFrames(3)(x, gate))
    np.testing.assert_array_equal(gated[0, :, 1], [0] * 6 + [1] * 6)


@pytest.mark.parametrize(
    "layer",
    [
        lambda: layers.CausalConv1D(4, 3, 4),
        lambda: layers.CausalConv1D(4, 4, 4, held_back=-1),
        lambda: layers.StartGate(-1),
        lambda: layers.RunningLevel(0),
        lambda: layers.DivideByLevel(0.0),
        lambda: layers.WaveformOutput(-1),
        lambda: layers.PreEmphasis(0.0),
        lambda: layers.OverlappedWindows(16, 4),
        lambda: layers.LatentCode(0),
        lambda: layers.ReflectPadding((9, 0))(instances.spectra()),
    ],
)
def test_invalid_settings_are_refused(layer):
    with pytest.raises(ConfigError, match="received"):
        layer()
