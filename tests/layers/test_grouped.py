"""Grouped convolutions and GRUs, against one layer per group."""

import keras
import numpy as np
import pytest

from tests import instances
from tfse import layers
from tfse.errors import ConfigError

GROUPS = 2


@pytest.mark.parametrize(
    "layer",
    [
        lambda groups, filters: layers.CausalConv2D(filters, (2, 3), 2, groups=groups),
        lambda groups, filters: layers.CausalConv2D(
            filters, (3, 3), dilation=(2, 1), padding=(1, 1), groups=groups
        ),
        lambda groups, filters: layers.CausalConv2DTranspose(filters, (2, 5), 2, groups=groups),
        lambda groups, filters: layers.TimeGRU(filters, groups=groups),
    ],
)
@pytest.mark.parametrize("channels", [2, 6])
def test_groups_are_layers_of_their_own(layer, channels):
    x, filters = instances.spectra(channels), 4 if channels == 6 else 2
    grouped = layer(GROUPS, filters)
    grouped.build(x.shape)
    _randomize(grouped)
    expected = [
        _group(layer(1, filters // GROUPS), part, grouped, group)
        for group, part in enumerate(np.split(x, GROUPS, axis=-1))
    ]
    np.testing.assert_allclose(grouped(x), np.concatenate(expected, axis=-1), atol=1e-5)


def _group(layer, x, grouped, group):
    """Returns the output of one group, by a layer without groups."""
    layer.build(x.shape)
    for weight, whole in zip(layer.weights, grouped.weights, strict=True):
        is_gated = isinstance(layer, layers.TimeGRU) and weight.name != "recurrent_bias"
        size = weight.shape[-1] // (3 if is_gated else 1)
        split = np.reshape(whole, (*whole.shape[:-1], -1, GROUPS, size))
        weight.assign(split[..., group, :].reshape(weight.shape))
    return np.asarray(layer(x))


@pytest.mark.parametrize("groups", [1, 2])
def test_frequency_gru_is_that_of_keras(groups):
    units, channels = 4, 6
    x = instances.spectra(channels)
    ours = layers.FrequencyGRU(units, groups)
    ours.build(x.shape)
    _randomize(ours)
    rows = x.reshape(-1, instances.BINS, channels)
    expected = [
        _keras_gru(ours, np.split(rows, groups, axis=-1)[group], backward, group)
        for backward in (False, True)
        for group in range(groups)
    ]
    expected = np.concatenate(expected, axis=-1).reshape(*x.shape[:3], 2 * units)
    np.testing.assert_allclose(ours(x), expected, atol=1e-5)


def _keras_gru(ours, rows, backward, group):
    size = ours.units // ours.groups
    theirs = keras.layers.GRU(size, return_sequences=True, reset_after=True, go_backwards=backward)
    theirs.build(rows.shape)
    place = int(backward) * ours.groups + group

    def of(weight):
        whole = np.asarray(weight)
        return whole.reshape(*whole.shape[:-1], 3, -1, size)[..., place, :]

    kernel, recurrent = (
        of(w).reshape(w.shape[0], -1) for w in (ours.kernel, ours.recurrent_kernel)
    )
    second = np.zeros((3, size))
    second[2] = np.asarray(ours.recurrent_bias).reshape(-1, size)[place]
    theirs.set_weights([kernel, recurrent, np.stack([of(ours.bias).ravel(), second.ravel()])])
    y = np.asarray(theirs(rows))
    return y[:, ::-1] if backward else y


@pytest.mark.parametrize(
    "layer",
    [
        lambda: layers.CausalConv2D(4, (1, 3), groups=4),
        lambda: layers.CausalConv2DTranspose(4, (1, 3), groups=3),
        lambda: layers.TimeGRU(4, groups=0),
        lambda: layers.FrequencyGRU(4, groups=4),
        lambda: layers.FrequencyGRU(0),
    ],
)
def test_invalid_groups_are_refused(layer):
    with pytest.raises(ConfigError, match="received"):
        layer().build((None, None, 9, 6))


def _randomize(layer):
    for seed, weight in enumerate(layer.weights):
        weight.assign(0.5 * instances.random(*weight.shape, seed=seed))
