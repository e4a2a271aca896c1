"""Self-attention over the bands within each frame, and band embedding."""

from __future__ import annotations

import math
from typing import Any

import keras
from keras import ops

from tfse.errors import ConfigError
from tfse.types import Shape, Tensor


@keras.saving.register_keras_serializable(package="tfse")
class FrequencyAttention(keras.layers.Layer):
    """Multi-head self-attention whose positions are the bands of one frame.

    Frames are independent, so the layer has no state and its model can stream. Queries,
    keys and values are one product without bias; there is no output projection.

    Args:
        heads: number of heads; divides the channels.

    Shapes:
        `[batch, frames, bands, channels]` -> the same. `kernel` `[channels, 3 * channels]`:
        queries, keys and values, each with the channels of the first head first.

    Raises:
        ConfigError: `heads` does not divide the channels.

    Source:
        Vaswani et al., "Attention is all you need", NeurIPS 2017, section 3.2.
    """

    is_framewise = True

    def __init__(self, heads: int, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.heads = heads

    def build(self, input_shape: Shape) -> None:
        channels = input_shape[-1]
        if self.heads < 1 or channels % self.heads:
            raise ConfigError(
                f"`heads` must divide the channels; received heads={self.heads}, "
                f"channels={channels}."
            )
        self.kernel = self.add_weight(
            name="kernel", shape=(channels, 3 * channels), initializer="glorot_uniform"
        )

    def call(self, x: Tensor) -> Tensor:
        bands, channels = x.shape[2:]
        size = channels // self.heads
        frames = ops.shape(x)[1]
        rows = ops.matmul(ops.reshape(x, (-1, channels)), self.kernel)
        rows = ops.reshape(rows, (-1, bands, 3 * self.heads, size))
        # Heads before bands, so that each head is one matrix.
        query, key, value = ops.split(ops.transpose(rows, (0, 2, 1, 3)), 3, axis=1)
        scores = ops.matmul(query / math.sqrt(size), ops.transpose(key, (0, 1, 3, 2)))
        y = ops.matmul(ops.softmax(scores, axis=-1), value)
        y = ops.transpose(y, (0, 2, 1, 3))
        return ops.reshape(y, (-1, frames, bands, channels))

    def compute_output_shape(self, input_shape: Shape) -> Shape:
        return input_shape

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "heads": self.heads}


@keras.saving.register_keras_serializable(package="tfse")
class BandEmbedding(keras.layers.Layer):
    """Learned vector per band, added to the input as its position for attention.

    Shapes:
        `[batch, frames, bands, channels]` -> the same. Weight `embedding`
        `[bands, channels]`: initially sines of log-spaced frequencies in the first half of
        the channels and their cosines in the second; zero in the last of an odd number.

    Source:
        Ahn et al., "FastEnhancer", ICASSP 2026; code: `calculate_positional_embedding`.
    """

    is_framewise = True

    def build(self, input_shape: Shape) -> None:
        bands, channels = input_shape[2:]
        self.embedding = self.add_weight(
            name="embedding",
            shape=(bands, channels),
            initializer=lambda shape, dtype: ops.cast(_sinusoids(*shape), dtype),
        )

    def call(self, x: Tensor) -> Tensor:
        return x + self.embedding

    def compute_output_shape(self, input_shape: Shape) -> Shape:
        return input_shape


def _sinusoids(bands: int, channels: int) -> Tensor:
    """Returns the initial embedding, `[bands, channels]`."""
    positions = ops.arange(1, bands + 1, dtype="float32") * (math.pi / bands)
    frequencies = ops.exp(ops.linspace(0.0, math.log(max(bands - 1, 1)), channels // 2))
    angles = positions[:, None] * frequencies[None]
    waves = ops.concatenate([ops.sin(angles), ops.cos(angles)], axis=1)
    return ops.pad(waves, [[0, 0], [0, channels % 2]])
