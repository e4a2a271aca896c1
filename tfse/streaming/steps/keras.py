"""Step of a Keras model."""

from __future__ import annotations

from typing import Any

import tensorflow as tf

from tfse.errors import ModelError
from tfse.layers import streaming
from tfse.models import EnhancementModel
from tfse.types import Samples


class KerasStep:
    """Step of a Keras model, with the same layers as offline.

    There are two ways to compile it. The default traces one graph for any number of
    frames and streams, which is fastest for long blocks; it also runs models that are for
    recordings only, which `StreamingEnhancer` refuses. With `one_hop`, for live
    streams, XLA compiles the step for exactly one hop, which takes some seconds at
    the first call and then, for DPCRN, a sixth of the time per hop.

    Args:
        model: a model of `tfse.models` whose layers can stream.
        one_hop: compiles for one hop at a time instead of for long blocks.

    Raises:
        ModelError: a layer uses future frames, the model is for recordings only and
            `one_hop` is set, or it is not a tfse model.
    """

    def __init__(self, model: EnhancementModel, one_hop: bool = False) -> None:
        if not isinstance(model, EnhancementModel):
            raise ModelError(
                f"`model` must be an EnhancementModel; received {type(model).__name__}."
            )
        streaming.require_streamable(model, offline=not one_hop)
        self._model = model
        self._one_hop = one_hop
        self.offline_reason = streaming.offline_reason(model)
        self.sample_rate = model.sample_rate
        self.hop_length = model.hop_length
        self.latency_samples = model.latency_samples
        self._advance = self._compiled()

    def initial_state(self, num_streams: int) -> dict[str, Any]:
        """Returns zeros by name, each `[num_streams, ...]`."""
        return streaming.initial_state(self._model, num_streams, offline=True)

    def __call__(self, noisy: Samples, state: dict[str, Any]) -> tuple[Samples, dict[str, Any]]:
        """Runs the next block; see `Step`."""
        if not self._one_hop:
            enhanced, state = self._advance(noisy, state)
            return enhanced.numpy(), state
        blocks = []
        for start in range(0, noisy.shape[1], self.hop_length):
            block, state = self._advance(noisy[:, start : start + self.hop_length], state)
            blocks.append(block)
        return tf.concat(blocks, axis=1).numpy(), state

    def _compiled(self) -> Any:
        def advance(noisy: Any, state: dict[str, Any]) -> Any:
            return streaming.stream_step(self._model, noisy, state, offline=True)

        if self._one_hop:
            return tf.function(advance, jit_compile=True)
        # Open shapes need one trace for all block lengths and stream counts.
        state = {
            name: tf.TensorSpec([None, *zeros.shape[1:]], zeros.dtype)
            for name, zeros in self.initial_state(1).items()
        }
        noisy = tf.TensorSpec([None, None], tf.float32)
        return tf.function(advance, input_signature=[noisy, state]).get_concrete_function()
