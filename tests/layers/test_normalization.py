"""Normalizations and masks."""

import numpy as np
import pytest

from tests import instances
from tfse.errors import ConfigError
from tfse.layers import (
    AppendChannel,
    ComplexMasking,
    FrameNormalization,
    LogPower,
    MagnitudeMasking,
    PolarMask,
    Standardization,
)


def test_every_frame_has_mean_zero_and_standard_deviation_one():
    x = 5 + 3 * instances.spectra()
    y = np.asarray(FrameNormalization(epsilon=1e-9)(x))
    np.testing.assert_allclose(y.mean(axis=(2, 3)), 0, atol=1e-5)
    np.testing.assert_allclose(y.std(axis=(2, 3)), 1, atol=1e-4)


def test_scale_and_offset_are_bins_by_channels():
    layer = FrameNormalization()
    layer(instances.spectra())
    assert [w.shape for w in layer.get_weights()] == [(9, 3), (9, 3)]


def test_standardization_applies_its_statistics():
    x = instances.random(2, 4, 3)
    layer = Standardization()
    np.testing.assert_array_equal(np.asarray(layer(x)), x)
    layer.set_statistics([1.0, 2.0, 3.0], [2.0, 2.0, 4.0])
    np.testing.assert_allclose(layer(x), (x - [1, 2, 3]) / [2, 2, 4], atol=1e-6)
    assert not layer.trainable_variables


def test_standard_deviation_of_zero_is_refused():
    layer = Standardization()
    layer(instances.random(2, 4, 3))
    with pytest.raises(ConfigError, match=r"`deviation` must be above 0; received 0\.0"):
        layer.set_statistics([0.0] * 3, [1.0, 0.0, 1.0])


def test_log_power_of_silence_is_finite():
    y = np.asarray(LogPower(1e-8)(np.zeros((1, 2, 3, 2), np.float32)))
    np.testing.assert_allclose(y, np.log(1e-8), rtol=1e-6)


def test_log_power_needs_a_floor():
    with pytest.raises(ConfigError, match="`floor` must be above 0; received 0"):
        LogPower(0.0)


def test_masks_multiply():
    spectrum, mask = instances.spectra(2), instances.random(2, 12, 9, 2, seed=1)
    number = spectrum[..., 0] + 1j * spectrum[..., 1]
    product = number * (mask[..., 0] + 1j * mask[..., 1])
    y = np.asarray(ComplexMasking()(spectrum, mask))
    np.testing.assert_allclose(y[..., 0] + 1j * y[..., 1], product, atol=1e-5)
    scaled = np.asarray(MagnitudeMasking()(spectrum, mask[..., 0]))
    np.testing.assert_allclose(scaled, spectrum * mask[..., :1], atol=1e-6)


def test_polar_mask_of_zeros_changes_nothing():
    y = np.asarray(PolarMask()(np.zeros((1, 2, 3, 3), np.float32)))
    np.testing.assert_allclose(y[..., 0], 1.0, atol=1e-6)
    np.testing.assert_array_equal(y[..., 1], 0.0)


def test_polar_mask_is_a_gain_times_a_rotation():
    x = instances.spectra(3)
    mask = np.asarray(PolarMask()(x), np.float64)
    x = x.astype(np.float64)
    gain = 2 / (1 + np.exp(-x[..., 0]))
    np.testing.assert_allclose(np.hypot(mask[..., 0], mask[..., 1]), gain, rtol=2e-3)
    angle = np.arctan2(x[..., 2], 1 + x[..., 1])
    np.testing.assert_allclose(np.arctan2(mask[..., 1], mask[..., 0]), angle, atol=1e-5)


def test_a_channel_comes_last():
    x = instances.spectra()
    y = np.asarray(AppendChannel()(x, x[..., 0]))
    np.testing.assert_array_equal(y, np.concatenate([x, x[..., :1]], axis=-1))
