"""Axes of units of a FastEnhancer's weights."""

from __future__ import annotations

import math
import re

import keras

from tfse.errors import ModelError
from tfse.layers import FrequencyAttention
from tfse.layers.graph import all_layers
from tfse.models.widening.copies import Axes, Axis, Piece, inputs, outputs

_GATES = 3


class FastEnhancerAxes:
    """Axes of units of the weights of a narrow and a wide FastEnhancer.

    Units are repeated within each head of the attention. Each query weight is divided among
    the copies, keys and values are repeated: the products of queries and keys remain.

    Args:
        wide: the wide model.
        narrow: the narrow one.

    Raises:
        ModelError: the models have other numbers of heads.
    """

    def __init__(self, wide: keras.Model, narrow: keras.Model) -> None:
        heads = [_heads(model) for model in (narrow, wide)]
        if heads[0] != heads[1]:
            raise ModelError(
                f"the models must have the same heads; received {heads[0]} and {heads[1]}."
            )
        self._heads = heads[0]
        self._channels = _units(narrow, wide, "encoder_0/kernel")
        self._blocks = _units(narrow, wide, "to_blocks/kernel")
        self._head = (self._blocks[0] // self._heads, self._blocks[1] // self._heads)

    def axes(self, path: str) -> Axes:
        """Returns the axes of a weight."""
        if re.match(r"(encoder|merge|decoder|from_blocks)_?\d*(_norm)?/", path):
            return self._around_blocks(path)
        written = _written(self._blocks)
        if m := re.match(r"block_\d+_(gru|attention)/(\w+)$", path):
            return self._gru(m[2]) if m[1] == "gru" else self._attention()
        if path == "to_blocks/kernel":
            return {0: _read(self._channels), 1: written}
        if re.match(r"block_\d+_gru_dense/kernel$", path):
            return {0: _read(self._blocks), 1: written}
        if re.match(r"block_\d+_attention_dense/kernel$", path):
            return {0: _read(*self._heads * [self._head]), 1: written}
        if re.match(r"(to_blocks_norm|block_\d+_\w+_norm|band_embedding)/", path):
            return {-1: written}
        return {}

    def _around_blocks(self, path: str) -> Axes:
        written = _written(self._channels)
        if path == "encoder_0/kernel":
            return {-1: written}
        if path == "decoder_0/kernel":
            return {2: _read(self._channels)}
        if path == "decoder_0/bias":
            return {}
        if path == "from_blocks/kernel":
            return {0: _read(self._blocks), 1: written}
        if re.match(r"merge_\d+/kernel$", path):
            return {0: _read(self._channels, self._channels), 1: written}
        if path.endswith("/kernel"):
            return {2: _read(self._channels), 3: written}
        return {-1: written}

    def _gru(self, name: str) -> Axes:
        gates = _written(*_GATES * [self._blocks])
        if name.endswith("kernel"):
            return {0: _read(self._blocks), 1: gates}
        return {0: gates if name == "bias" else _written(self._blocks)}

    def _attention(self) -> Axes:
        before, after = self._head
        # The layer divides the products of queries and keys by the root of the head's size.
        query = Piece(before, after, divided=True, scale=math.sqrt(after / before))
        key_or_value = Piece(before, after)
        pieces = self._heads * [query] + 2 * self._heads * [key_or_value]
        return {0: _read(self._blocks), 1: pieces}


def _read(*units: tuple[int, int]) -> Axis:
    return inputs(*zip(*units, strict=True))


def _written(*units: tuple[int, int]) -> Axis:
    return outputs(*zip(*units, strict=True))


def _heads(model: keras.Model) -> int:
    return next(x.heads for x in all_layers(model) if isinstance(x, FrequencyAttention))


def _units(narrow: keras.Model, wide: keras.Model, path: str) -> tuple[int, int]:
    """Returns the outputs of a layer in both models."""
    narrow_shape, wide_shape = (
        next(tuple(w.shape) for w in model.weights if w.path == path) for model in (narrow, wide)
    )
    return narrow_shape[-1], wide_shape[-1]
