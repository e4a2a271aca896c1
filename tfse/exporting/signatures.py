"""The functions of an export, as graphs of one Keras model."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from functools import partial
from typing import Any

import tensorflow as tf

from tfse.layers import streaming
from tfse.layers.lowering import lowering
from tfse.models import EnhancementModel, enhance_aligned
from tfse.streaming.contract import ENHANCED, NOISY, signature_name

Outputs = dict[str, Any]


@dataclasses.dataclass(frozen=True)
class Signature:
    """A function and what it takes, in the order of its arguments."""

    function: Callable[..., Outputs]
    inputs: tuple[tf.TensorSpec, ...]


def enhance_signature(model: EnhancementModel) -> Signature:
    """Returns the function from whole waveforms to whole waveforms, delay removed.

    Shapes:
        `noisy` `[batch, samples]` -> `enhanced` `[batch, samples]`, any of both.
    """
    forward: Callable[[Any], Any] = partial(model.__call__, training=False)

    def enhance(noisy: Any) -> Outputs:
        aligned = enhance_aligned(forward, noisy, model.latency_samples, model.hop_length)
        # What came in is what goes out, which the graph cannot see by itself.
        return {ENHANCED: tf.ensure_shape(tf.reshape(aligned, tf.shape(noisy)), (None, None))}

    return Signature(enhance, (tf.TensorSpec((None, None), tf.float32, name=NOISY),))


def step_signature(
    model: EnhancementModel, *, streams: int | None = None, frames: int = 1
) -> Signature:
    """Returns the function from a block and states to a block and next states.

    It is written in the operations of device runtimes (see `lowering`), which
    also runs quicker in a TensorFlow graph than a loop over few bins does.

    Args:
        model: a model that can stream.
        streams: that run side by side; None for any number.
        frames: of a block.

    Shapes:
        `noisy` `[streams, frames * hop]`, states by name -> `enhanced` of the same
        shape, next states by the same names.

    Raises:
        ModelError: the model cannot stream.
    """
    zeros = streaming.initial_state(model, 1)
    names = list(zeros)

    def step(noisy: Any, *states: Any) -> Outputs:
        with lowering():
            state = dict(zip(names, states, strict=True))
            enhanced, following = streaming.stream_step(model, noisy, state)
        return {ENHANCED: enhanced, **{signature_name(name): following[name] for name in names}}

    block = tf.TensorSpec((streams, frames * model.hop_length), tf.float32, name=NOISY)
    states = [
        tf.TensorSpec((streams, *zero.shape[1:]), zero.dtype, name=signature_name(name))
        for name, zero in zeros.items()
    ]
    return Signature(step, (block, *states))


def initial_state_signature(model: EnhancementModel) -> Signature:
    """Returns the function to the states of one stream before its first sample."""
    zeros = streaming.initial_state(model, 1)

    def initial_state() -> Outputs:
        return {
            signature_name(name): tf.zeros(zero.shape, zero.dtype) for name, zero in zeros.items()
        }

    return Signature(initial_state, ())
