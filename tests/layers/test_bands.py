"""ERB bands, neighbouring bins, channel shuffle and temporal attention."""

import keras
import numpy as np
import pytest

from tests import instances
from tfse import layers
from tfse.errors import ConfigError
from tfse.layers.bands.erb_bands import erb_triangles


def test_triangles_of_the_paper():
    matrix = erb_triangles(257, 65, 64, 16_000)
    assert matrix.shape == (192, 64)
    np.testing.assert_allclose(matrix.sum(axis=1), 1.0, atol=1e-6)
    assert (matrix[0, 0], matrix[-1, -1]) == (1.0, 1.0)
    peaks = matrix.argmax(axis=0)
    assert np.diff(peaks).min() >= 1
    assert np.diff(peaks)[-8:].mean() > 2 * np.diff(peaks)[:8].mean()


def test_low_bins_pass_and_bands_return():
    x = instances.random(1, 2, 33, 2)
    bands = layers.BandMerging(13, 8)(x)
    back = np.asarray(layers.BandSplitting(13, 33)(bands))
    np.testing.assert_array_equal(back[:, :, :13], x[:, :, :13])
    kernel = erb_triangles(33, 13, 8, 16_000)
    np.testing.assert_allclose(back[0, 0, 13:], kernel @ kernel.T @ x[0, 0, 13:], atol=1e-5)


def test_neighbours_are_the_bins_around():
    x = instances.spectra(2)
    y = np.asarray(layers.NeighbouringBins(3)(x))
    np.testing.assert_array_equal(y[:, :, 4], x[:, :, 3:6].reshape(*x.shape[:2], 6))
    assert not y[:, :, 0, :2].any()
    assert not y[:, :, -1, 4:].any()


def test_shuffle_alternates_the_halves():
    x = instances.spectra(6)
    y = np.asarray(layers.ChannelShuffle()(*layers.ChannelSplit()(x)))
    np.testing.assert_array_equal(y, x[..., [0, 3, 1, 4, 2, 5]])


def test_attention_streams_through_its_gru():
    inputs = keras.Input((None, 9, 4))
    model = keras.Model(inputs, layers.TemporalRecurrentAttention(5, name="attention")(inputs))
    x = instances.spectra(4)
    state = layers.initial_state(model, 2)
    assert set(state) == {"attention/time/hidden"}
    outputs = []
    for start in range(0, 12, 3):
        y, state = layers.stream_step(model, x[:, start : start + 3], state)
        outputs.append(np.asarray(y))
    offline = np.asarray(model(x))
    np.testing.assert_allclose(np.concatenate(outputs, 1), offline, atol=1e-6)
    gains = offline / x
    np.testing.assert_allclose(gains, np.broadcast_to(gains[:, :, :1], x.shape), rtol=1e-4)
    assert gains.min() > 0
    assert gains.max() < 1


@pytest.mark.parametrize(
    "layer",
    [
        lambda: layers.BandMerging(0, 4),
        lambda: layers.BandSplitting(8, 9),
        lambda: layers.NeighbouringBins(2),
        lambda: layers.Magnitude(0.0),
        lambda: layers.LogMagnitude(0.0),
        lambda: layers.InverseFFT(7),
        lambda: layers.OverlapAdd(9).build((None, None, 8)),
    ],
)
def test_invalid_settings_are_refused(layer):
    with pytest.raises(ConfigError, match="received"):
        layer()


def test_frames_and_overlap_add_are_the_inverse_transform():
    spectrum = instances.spectra(2)
    frames = layers.InverseFFT(16)(spectrum)
    expected = layers.InverseSTFT(16, 4, window="rectangular")(spectrum)
    np.testing.assert_allclose(
        np.asarray(layers.OverlapAdd(4)(frames)) / 4, np.asarray(expected), atol=1e-6
    )
