"""State scope: states of layers, and models that cannot stream."""

import keras
import numpy as np
import pytest

from tests import instances
from tfse import layers
from tfse.errors import ModelError


def _model(*stack):
    inputs = keras.Input((None, 9, 3), name="x")
    x = inputs
    for layer in stack:
        x = layer(x)
    return keras.Model(inputs, x)


def test_a_layer_applied_twice_is_refused():
    layer = layers.CausalConv2D(3, (2, 3), padding=(1, 1), name="twice")
    model = _model(layer, layer)
    with pytest.raises(ModelError, match=r"must not be applied twice in a model.*'twice'"):
        layers.stream_step(model, instances.spectra(), layers.initial_state(model, 2))


def test_a_missing_state_is_named():
    model = _model(layers.CausalConv2D(3, (2, 3), name="conv"))
    with pytest.raises(ModelError, match=r"missing \['conv/past'\]"):
        layers.stream_step(model, instances.spectra(), {})


@pytest.mark.parametrize(
    "layer",
    [
        keras.layers.Bidirectional(keras.layers.LSTM(3, return_sequences=True), name="culprit"),
        keras.layers.LSTM(3, return_sequences=True, name="culprit"),
        keras.layers.Conv1D(3, 3, padding="same", name="culprit"),
    ],
)
def test_a_layer_over_all_time_is_refused_by_name(layer):
    inputs = keras.Input((None, 3))
    model = keras.Model(inputs, layer(inputs))
    with pytest.raises(ModelError, match="'culprit'"):
        layers.initial_state(model)


@pytest.mark.parametrize(
    ("layer", "streams"),
    [
        (keras.layers.PReLU(shared_axes=[1, 2], name="p"), True),
        (keras.layers.LayerNormalization(axis=[1, 2], name="p"), False),
        (keras.layers.BatchNormalization(name="p"), True),
        (keras.layers.BatchNormalization(axis=1, name="p"), False),
    ],
)
def test_settings_of_a_layer_decide_whether_it_streams(layer, streams):
    inputs = keras.Input((6, 9, 3))
    model = keras.Model(inputs, layer(inputs))
    if streams:
        layers.require_streamable(model)
    else:
        with pytest.raises(ModelError, match="'p'"):
            layers.require_streamable(model)


def test_streams_of_one_batch_are_independent():
    model = _model(layers.CausalConv2D(3, (2, 3), name="a"), layers.TimeLSTM(4, name="b"))
    x = instances.spectra()
    alone = x.copy()
    alone[1] = 0.0
    together, _ = layers.stream_step(model, x, layers.initial_state(model, 2))
    apart, _ = layers.stream_step(model, alone, layers.initial_state(model, 2))
    np.testing.assert_array_equal(together[0], apart[0])
    assert not np.allclose(together[1], apart[1])


def test_scope_is_left_after_an_error():
    model = _model(layers.CausalConv2D(3, (2, 3), name="conv"))
    expected = np.asarray(model(instances.spectra()))
    with pytest.raises(ModelError):
        layers.stream_step(model, instances.spectra(), {})
    np.testing.assert_array_equal(np.asarray(model(instances.spectra())), expected)
