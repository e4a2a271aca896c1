"""Contracts of all layers: streaming, output shape and half precision."""

import keras
import numpy as np
import pytest
from keras import ops

from tests import contracts, instances
from tfse import layers
from tfse.layers.lowering import lowering
from tfse.training.precision import dtype_policy


@pytest.mark.parametrize("name", instances.STREAMING_LAYERS)
def test_streaming_layer_keeps_the_contract(name):
    layer, x, unit = instances.STREAMING_LAYERS[name]()
    layer.build(x.shape)
    _randomize(layer)
    contracts.check_streaming_layer(layer, x, unit=unit)


@pytest.mark.parametrize("name", instances.FRAME_LAYERS)
def test_frames_of_a_layer_without_state_are_independent(name):
    layer, x = instances.FRAME_LAYERS[name]()
    offline = np.asarray(layer(x))
    by_frame = [np.asarray(layer(x[:, t : t + 1])) for t in range(x.shape[1])]
    np.testing.assert_allclose(np.concatenate(by_frame, axis=1), offline, atol=1e-6)
    with lowering():
        np.testing.assert_allclose(np.asarray(layer(x)), offline, atol=1e-6)
    contracts.check_causal(lambda inputs: np.asarray(layer(inputs)), x, offline, 1)
    contracts.check_config_round_trip(layer, x, offline)


LAYERS = {**instances.STREAMING_LAYERS, **instances.FRAME_LAYERS}


@pytest.mark.parametrize("name", LAYERS)
def test_declared_output_shape_is_the_real_one(name):
    layer, x = LAYERS[name]()[:2]
    assert tuple(layer(x).shape) == tuple(layer.compute_output_shape(x.shape))


@pytest.mark.parametrize("policy", ["mixed_bfloat16", "mixed_float16"])
@pytest.mark.parametrize("name", LAYERS)
def test_layer_computes_in_half_precision(name, policy):
    with dtype_policy(policy):
        layer, x = LAYERS[name]()[:2]
    offline = np.asarray(ops.cast(layer(x), "float32"))
    assert np.isfinite(offline).all()
    if name in instances.STREAMING_LAYERS:
        state, outputs = _states(layer, len(x)), []
        for block in np.split(x, 2, axis=1):
            with layers.StateScope(state) as scope:
                outputs.append(np.asarray(ops.cast(layer(block), "float32")))
            assert {k: v.dtype for k, v in scope.next_state.items()} == {
                k: v.dtype for k, v in state.items()
            }
            state = scope.next_state
        tolerance = 0.03 * np.abs(offline).max()
        np.testing.assert_allclose(np.concatenate(outputs, 1), offline, atol=tolerance)


def _states(layer, batch_size):
    return {f"{layer.path}/{k}": v for k, v in layer.initial_state(batch_size).items()}


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
    offline = np.asarray(model(x))
    tolerance = 1e-6 * max(1.0, np.abs(offline).max())
    np.testing.assert_allclose(np.concatenate(outputs, 1), offline, atol=tolerance)


def _randomize(layer):
    rng = np.random.default_rng(1)
    layer.set_weights([0.3 * rng.standard_normal(w.shape) for w in layer.get_weights()])
