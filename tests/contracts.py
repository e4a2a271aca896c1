"""Battery of the streaming contract, for all layers and models."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from typing import Any

import keras
import numpy as np
import pytest
from keras import ops

from tfse.layers import StreamingLayer, initial_state, stream_step
from tfse.layers.lowering import lowering

Array = Any
Run = Callable[[Array], Array]

# Splits into one block, equal blocks and uneven blocks, in units of the layer.
_SPLITS: tuple[tuple[int, ...], ...] = ((12,), (1,) * 12, (3,) * 4, (1, 4, 2, 5))


def check_streaming_layer(layer: StreamingLayer, x: Array, *, unit: int = 1) -> None:
    """Checks all contracts of `StreamingLayer` for one layer, also with `lowering`.

    Args:
        layer: the layer.
        x: an input of 12 units along axis 1.
        unit: smallest input of `advance`: frames, or samples per hop.
    """
    offline = np.asarray(layer(x))
    step = layer.advance
    for variant in (contextlib.nullcontext, lowering):
        with variant():
            _check_splits(
                lambda state, block: step(block, state),
                lambda: layer.initial_state(len(x)),
                x,
                offline,
                unit,
            )
    check_causal(lambda inputs: np.asarray(layer(inputs)), x, offline, unit)
    check_config_round_trip(layer, x, offline)


def check_streaming_model(model: keras.Model, x: Array) -> None:
    """Checks all contracts for a whole model, also with `lowering`."""
    unit = model.hop_length
    offline = np.asarray(model(x))
    for variant in (contextlib.nullcontext, lowering):
        with variant():
            _check_splits(
                lambda state, block: stream_step(model, block, state),
                lambda: initial_state(model, len(x)),
                x,
                offline,
                unit,
            )
    check_causal(lambda inputs: np.asarray(model(inputs)), x, offline, unit)


def check_causal(run: Run, x: Array, offline: Array, unit: int) -> None:
    """Checks that NaN in the future does not change the past."""
    units = x.shape[1] // unit
    for known in (1, units // 2):
        poisoned = x.copy()
        poisoned[:, known * unit :] = np.nan
        ready = known * (offline.shape[1] // units)
        np.testing.assert_array_equal(run(poisoned)[:, :ready], offline[:, :ready])


def check_config_round_trip(layer: keras.layers.Layer, x: Array, expected: Array) -> None:
    """Checks that a copy from config and weights has the same output."""
    config = keras.saving.serialize_keras_object(layer)
    copy = keras.saving.deserialize_keras_object(config)
    if not copy.built:
        copy.build(x.shape)
    copy.set_weights(layer.get_weights())
    np.testing.assert_array_equal(np.asarray(copy(x)), expected)


def measured_latency(model: keras.Model, samples: int) -> int:
    """Returns the delay of an all-pass model by cross-correlation, in samples."""
    x = np.random.default_rng(0).standard_normal((1, samples)).astype(np.float32)
    y = np.asarray(model(x))[0]
    correlation = np.correlate(y, x[0], mode="full")
    return int(np.argmax(correlation)) - (samples - 1)


def _check_splits(
    advance: Callable[[Any, Array], tuple[Array, Any]],
    fresh: Callable[[], Any],
    x: Array,
    offline: Array,
    unit: int,
) -> None:
    for split in _SPLITS:
        y, _ = _stream(advance, fresh(), x, split, unit)
        np.testing.assert_allclose(y, offline, atol=1e-6 * max(1.0, np.abs(offline).max()))
    if fresh():
        _check_state_is_used(advance, fresh, x, offline, unit)


def _check_state_is_used(
    advance: Callable[[Any, Array], tuple[Array, Any]],
    fresh: Callable[[], Any],
    x: Array,
    offline: Array,
    unit: int,
) -> None:
    """Checks that a stream without its state has another output."""
    stateless = [np.asarray(advance(fresh(), block)[0]) for block in _blocks(x, (3,) * 4, unit)]
    assert not np.allclose(np.concatenate(stateless, axis=1), offline, atol=1e-4)


def _stream(
    advance: Callable[[Any, Array], tuple[Array, Any]],
    state: Any,
    x: Array,
    split: tuple[int, ...],
    unit: int,
) -> tuple[Array, Any]:
    outputs = []
    for block in _blocks(x, split, unit):
        output, state = advance(state, block)
        outputs.append(np.asarray(output))
    return np.concatenate(outputs, axis=1), state


def _blocks(x: Array, split: tuple[int, ...], unit: int) -> list[Array]:
    if x.shape[1] != 12 * unit:
        pytest.fail(f"`x` must have 12 units; received {x.shape[1] / unit}")
    edges = np.cumsum(split)[:-1] * unit
    return [ops.convert_to_tensor(block) for block in np.split(x, edges, axis=1)]
