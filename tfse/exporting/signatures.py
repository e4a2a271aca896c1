"""Signatures of exports: functions of a Keras model for graphs."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import Any

import tensorflow as tf

from tfse.audio.finite_guard import MAX_MAGNITUDE
from tfse.layers import streaming
from tfse.layers.lowering import lowering
from tfse.models import EnhancementModel
from tfse.streaming.steps.signature import ENHANCED, NOISY, signature_name

Outputs = dict[str, Any]

#: Longest block that `enhance` runs at a time, in seconds of audio.
BLOCK_S = 2.0


@dataclasses.dataclass(frozen=True)
class Signature:
    """Function of an export and the specifications of its arguments, in order."""

    function: Callable[..., Outputs]
    inputs: tuple[tf.TensorSpec, ...]


def enhance_signature(model: EnhancementModel) -> Signature:
    """Returns the function from whole waveforms to whole waveforms, delay removed.

    The graph runs blocks of `BLOCK_S` one after another and passes the states on, so that
    memory for activations does not grow with the length. Invalid samples become silence.

    Shapes:
        `noisy` `[batch, samples]` -> `enhanced` `[batch, samples]`, of any size.
    """
    latency, hop = model.latency_samples, model.hop_length
    block = max(1, round(BLOCK_S * model.sample_rate) // hop) * hop

    def enhance(noisy: Any) -> Outputs:
        samples = tf.shape(noisy)[1]
        padding = latency + (-(samples + latency)) % hop
        padded = tf.pad(_valid(noisy), [[0, 0], [0, padding]])
        enhanced = _in_blocks(model, padded, block)[:, latency : latency + samples]
        # The shape is that of the input, which the graph cannot infer.
        return {ENHANCED: tf.ensure_shape(tf.reshape(enhanced, tf.shape(noisy)), (None, None))}

    return Signature(enhance, (tf.TensorSpec((None, None), tf.float32, name=NOISY),))


def _in_blocks(model: EnhancementModel, noisy: Any, block: int) -> Any:
    """Runs a model over waveforms, at most `block` samples of them at a time."""
    batch, length = tf.shape(noisy)[0], tf.shape(noisy)[1]
    zeros = streaming.initial_state(model, batch, offline=True)
    shapes = {name: (None, *state.shape[1:]) for name, state in zeros.items()}
    count = -(-length // block)
    # Time first: blocks are joined along the first axis, and the last one may be shorter.
    blocks = tf.TensorArray(tf.float32, count, element_shape=(None, None), infer_shape=False)

    def run(number: Any, state: dict[str, Any], done: Any) -> Any:
        part = noisy[:, number * block : (number + 1) * block]
        enhanced, following = streaming.stream_step(model, part, state, offline=True)
        following = {name: tf.ensure_shape(following[name], shapes[name]) for name in shapes}
        return number + 1, following, done.write(number, tf.transpose(enhanced))

    _, _, blocks = tf.while_loop(
        lambda number, *_: number < count,
        run,
        (tf.constant(0), zeros, blocks),
        shape_invariants=(
            tf.TensorShape([]),
            {name: tf.TensorShape(shape) for name, shape in shapes.items()},
            tf.TensorShape(None),
        ),
        parallel_iterations=1,
    )
    return tf.transpose(blocks.concat())


def _valid(noisy: Any) -> Any:
    """Returns samples with zeros for those that are NaN, infinite or beyond 1e12.

    One of them would make a recurrent state non-finite for the rest of the stream. An
    error instead would also fail the requests of other clients in the same batch.
    """
    return tf.where(tf.abs(noisy) <= MAX_MAGNITUDE, noisy, tf.zeros_like(noisy))


def step_signature(
    model: EnhancementModel, *, streams: int | None = None, frames: int = 1, guarded: bool = False
) -> Signature:
    """Returns the function from a block and states to a block and next states.

    It uses the operations of device runtimes (see `lowering`), which are also faster in a
    TensorFlow graph than a loop over few bins.

    Args:
        model: a model that can stream.
        streams: number of parallel streams; None for any number.
        frames: frames per block.
        guarded: replaces invalid samples by silence; not needed for a host that checks its
            samples, or that reads integers from a microphone.

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
            noisy = _valid(noisy) if guarded else noisy
            enhanced, following = streaming.stream_step(model, noisy, state)
        return {ENHANCED: enhanced, **{signature_name(name): following[name] for name in names}}

    block = tf.TensorSpec((streams, frames * model.hop_length), tf.float32, name=NOISY)
    states = [
        tf.TensorSpec((streams, *zero.shape[1:]), zero.dtype, name=signature_name(name))
        for name, zero in zeros.items()
    ]
    return Signature(step, (block, *states))


def initial_state_signature(model: EnhancementModel) -> Signature:
    """Returns the function to the initial states of one stream."""
    zeros = streaming.initial_state(model, 1)

    def initial_state() -> Outputs:
        return {
            signature_name(name): tf.zeros(zero.shape, zero.dtype) for name, zero in zeros.items()
        }

    return Signature(initial_state, ())
