"""Causal self-attention over a limited past, and its convolutional feed-forward."""

from __future__ import annotations

import math
from typing import Any

import keras
from keras import ops

from tfse.errors import ConfigError
from tfse.layers.streaming import State, StreamingLayer
from tfse.types import Shape, Tensor

# Score of frames outside the window: below all others, and finite in half precision.
_OUTSIDE = -1e4
# Largest value that counts as finite, in any precision.
_LARGEST = 3e4


@keras.saving.register_keras_serializable(package="tfse")
class TimeAttention(StreamingLayer):
    """Multi-head self-attention of every frame to itself and the frames before it.

        score[t, s] = q[t] . k[s] / sqrt(size) + bias[t - s],   t - window < s <= t
        y[t] = sum over s of softmax(score[t])[s] v[s]

    Keys and values before the first frame are zeros, as in the state of a stream; they take
    part in the softmax. Queries, keys and values are one product without bias; there is no
    output projection.

    Args:
        heads: number of heads; divides the channels.
        window: frames to which a frame attends, itself among them.

    Shapes:
        `[batch, frames, channels]` -> the same. `kernel` `[channels, 3 * channels]`: queries,
        keys and values, each with the channels of the first head first; `position_bias`
        `[heads, window]`, oldest frame first. State `keys` and `values`:
        `[batch, window - 1, channels]`.

    Raises:
        ConfigError: `heads` does not divide the channels, or `window` is below 1.

    Source:
        Vaswani et al., "Attention is all you need", NeurIPS 2017, section 3.2; a bias per
        distance as in Raffel et al., "Exploring the limits of transfer learning with a unified
        text-to-text transformer", JMLR 21, 2020, section 2.1, without buckets.
    """

    def __init__(self, heads: int, window: int, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        if window < 1:
            raise ConfigError(f"`window` must be 1 or more frames; received {window}.")
        self.heads = heads
        self.window = window

    def build(self, input_shape: Shape) -> None:
        channels = self._channels = input_shape[-1]
        if self.heads < 1 or channels % self.heads:
            raise ConfigError(
                f"`heads` must divide the channels; received heads={self.heads}, "
                f"channels={channels}."
            )
        self.kernel = self.add_weight(
            name="kernel", shape=(channels, 3 * channels), initializer="glorot_uniform"
        )
        self.position_bias = self.add_weight(
            name="position_bias", shape=(self.heads, self.window), initializer="zeros"
        )

    def initial_state(self, batch_size: int | Tensor) -> State:
        zeros = ops.zeros((batch_size, self.window - 1, self._channels), self.compute_dtype)
        return {"keys": zeros, "values": zeros}

    def advance(self, x: Tensor, state: State) -> tuple[Tensor, State]:
        query, key, value = ops.split(ops.matmul(x, self.kernel), 3, axis=-1)
        keys = ops.concatenate([state["keys"], key], axis=1)
        values = ops.concatenate([state["values"], value], axis=1)
        frames = ops.shape(x)[1]
        # `[batch, heads, size, frames]`: every head is one product.
        query = self._by_head(query / math.sqrt(self._channels // self.heads))
        scores = ops.matmul(ops.transpose(query, (0, 1, 3, 2)), self._by_head(keys))
        weights = ops.softmax(self._with_positions(scores, frames), axis=-1)
        attended = values if _is_one(frames) else _finite(values)
        y = ops.matmul(self._by_head(attended), ops.transpose(weights, (0, 1, 3, 2)))
        y = ops.reshape(ops.transpose(y, (0, 3, 1, 2)), (-1, frames, self._channels))
        return y, {"keys": keys[:, frames:], "values": values[:, frames:]}

    def _by_head(self, x: Tensor) -> Tensor:
        """Returns `[batch, heads, size, frames]`."""
        shape = (-1, ops.shape(x)[1], self.heads, self._channels // self.heads)
        return ops.transpose(ops.reshape(x, shape), (0, 2, 3, 1))

    def _with_positions(self, scores: Tensor, frames: int | Tensor) -> Tensor:
        """Adds the bias of every distance, and excludes frames outside the window."""
        bias = ops.cast(self.position_bias, scores.dtype)
        if _is_one(frames):
            return scores + bias[:, None]
        # Column j is frame j - (window - 1): row t attends to columns t to t + window - 1.
        columns = ops.arange(frames + self.window - 1)[None] - ops.arange(frames)[:, None]
        inside = ops.logical_and(columns >= 0, columns < self.window)
        by_column = ops.take(bias, ops.clip(columns, 0, self.window - 1), axis=1)
        return ops.where(inside, scores + by_column, ops.cast(_OUTSIDE, scores.dtype))

    def compute_output_shape(self, input_shape: Shape) -> Shape:
        return input_shape

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "heads": self.heads, "window": self.window}


def _is_one(frames: int | Tensor) -> bool:
    """Returns whether the number of frames is known to be 1, as in a step: no future to hide."""
    return isinstance(frames, int) and frames == 1


def _finite(values: Tensor) -> Tensor:
    """Replaces non-finite values by zeros: the weight 0 of a later frame times NaN were NaN.

    The frame itself and those after it receive NaN from its score.
    """
    return ops.where(ops.abs(values) < _LARGEST, values, ops.zeros_like(values))


@keras.saving.register_keras_serializable(package="tfse")
class ConvolutionalFeedForward(StreamingLayer):
    """Two causal convolutions over time with a ReLU between them.

    Args:
        units: channels between the convolutions.
        kernel_size: frames per convolution.

    Shapes:
        `[batch, frames, channels]` -> the same. Kernels `[frames, inputs, outputs]`, oldest
        frame first. State `inputs` and `hidden`: the `kernel_size - 1` frames before.

    Raises:
        ConfigError: a size is below 1.

    Source:
        Ren et al., "FastSpeech: Fast, robust and controllable text to speech", NeurIPS 2019,
        section 3.1; there the convolutions are centred.
    """

    def __init__(self, units: int, kernel_size: int = 3, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        if min(units, kernel_size) < 1:
            raise ConfigError(
                "`units` and `kernel_size` must be 1 or more; received "
                f"units={units}, kernel_size={kernel_size}."
            )
        self.units = units
        self.kernel_size = kernel_size

    def build(self, input_shape: Shape) -> None:
        self._channels = input_shape[-1]
        sizes = (self._channels, self.units, self._channels)
        for number in (0, 1):
            shape = (self.kernel_size, *sizes[number : number + 2])
            kernel = self.add_weight(
                name=f"kernel_{number}", shape=shape, initializer="glorot_uniform"
            )
            bias = self.add_weight(name=f"bias_{number}", shape=shape[-1:], initializer="zeros")
            setattr(self, f"kernel_{number}", kernel)
            setattr(self, f"bias_{number}", bias)

    def initial_state(self, batch_size: int | Tensor) -> State:
        past = self.kernel_size - 1
        if not past:
            return {}
        return {
            "inputs": ops.zeros((batch_size, past, self._channels), self.compute_dtype),
            "hidden": ops.zeros((batch_size, past, self.units), self.compute_dtype),
        }

    def advance(self, x: Tensor, state: State) -> tuple[Tensor, State]:
        hidden, inputs = self._convolved(x, state.get("inputs"), self.kernel_0, self.bias_0)
        y, before = self._convolved(
            ops.relu(hidden), state.get("hidden"), self.kernel_1, self.bias_1
        )
        return y, {"inputs": inputs, "hidden": before} if state else {}

    def _convolved(
        self, x: Tensor, past: Tensor | None, kernel: Tensor, bias: Tensor
    ) -> tuple[Tensor, Tensor]:
        """Returns the output of a convolution, and the past for the next block."""
        frames = x if past is None else ops.concatenate([past, x], axis=1)
        y = ops.conv(frames, kernel, padding="valid", data_format="channels_last")
        return y + bias, frames[:, ops.shape(x)[1] :]

    def compute_output_shape(self, input_shape: Shape) -> Shape:
        return input_shape

    def get_config(self) -> dict[str, Any]:
        return {
            **super().get_config(),
            "units": self.units,
            "kernel_size": self.kernel_size,
        }
