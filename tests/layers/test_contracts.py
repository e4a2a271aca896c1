"""Every layer keeps the streaming contract."""

import keras
import numpy as np
import pytest

from tests import contracts, instances
from tfse import layers
from tfse.layers.lowering import lowering


@pytest.mark.parametrize("name", instances.STREAMING_LAYERS)
def test_streaming_layer_keeps_the_contract(name):
    layer, x, unit = instances.STREAMING_LAYERS[name]()
    layer.build(x.shape)
    _randomize(layer)
    contracts.check_streaming_layer(layer, x, unit=unit)


@pytest.mark.parametrize("name", instances.FRAME_LAYERS)
def test_layer_without_state_sees_one_frame(name):
    layer, x = instances.FRAME_LAYERS[name]()
    offline = np.asarray(layer(x))
    by_frame = [np.asarray(layer(x[:, t : t + 1])) for t in range(x.shape[1])]
    np.testing.assert_allclose(np.concatenate(by_frame, axis=1), offline, atol=1e-6)
    with lowering():
        np.testing.assert_allclose(np.asarray(layer(x)), offline, atol=1e-6)
    contracts.check_causal(lambda inputs: np.asarray(layer(inputs)), x, offline, 1)
    contracts.check_config_round_trip(layer, x, offline)


@pytest.mark.parametrize("name", instances.STREAMING_LAYERS)
def test_declared_output_shape_is_the_real_one(name):
    layer, x, _ = instances.STREAMING_LAYERS[name]()
    assert tuple(layer(x).shape) == tuple(layer.compute_output_shape(x.shape))


def test_dual_path_block_streams_through_its_lstm():
    inputs = keras.Input((None, 9, 6))
    model = keras.Model(inputs, layers.DualPathBlock(4, 5, name="block")(inputs))
    x = instances.random(2, 12, 9, 6)
    state = layers.initial_state(model, 2)
    assert set(state) == {"block/time/hidden", "block/time/cell"}
    outputs = []
    for start in range(0, 12, 3):
        y, state = layers.stream_step(model, x[:, start : start + 3], state)
        outputs.append(np.asarray(y))
    np.testing.assert_allclose(np.concatenate(outputs, 1), np.asarray(model(x)), atol=1e-6)


def _randomize(layer):
    rng = np.random.default_rng(1)
    layer.set_weights([0.3 * rng.standard_normal(w.shape) for w in layer.get_weights()])
