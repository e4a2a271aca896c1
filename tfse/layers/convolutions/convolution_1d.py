"""Strided convolutions over time: they lower and raise the frame rate."""

from __future__ import annotations

from typing import Any

import keras
from keras import ops

from tfse.errors import ConfigError
from tfse.layers.streaming import State, StreamingLayer
from tfse.types import Shape, Tensor


class _StridedConvolution(StreamingLayer):
    """Base class of both convolutions: sizes, kernel and bias."""

    def __init__(self, filters: int, kernel_size: int, stride: int, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        if not min(filters, stride) >= 1 or kernel_size < stride:
            raise ConfigError(
                "`filters` and `stride` must be 1 or more, and `kernel_size` at least `stride`; "
                f"received filters={filters}, kernel_size={kernel_size}, stride={stride}."
            )
        self.filters = filters
        self.kernel_size = kernel_size
        self.stride = stride

    def build(self, input_shape: Shape) -> None:
        self._channels = input_shape[-1]
        shape = (self.kernel_size, self._channels, self.filters)
        self.kernel = self.add_weight(name="kernel", shape=shape, initializer="he_normal")
        self.bias = self.add_weight(name="bias", shape=(self.filters,), initializer="zeros")

    def _zeros(self, batch_size: int | Tensor, frames: int) -> State:
        if not frames:
            return {}
        return {"past": ops.zeros((batch_size, frames, self._channels), self.compute_dtype)}

    def get_config(self) -> dict[str, Any]:
        return {
            **super().get_config(),
            "filters": self.filters,
            "kernel_size": self.kernel_size,
            "stride": self.stride,
        }


@keras.saving.register_keras_serializable(package="tfse")
class CausalConv1D(_StridedConvolution):
    """Convolution that returns one frame for `stride` frames of its input.

    Output frame t depends on the `kernel_size` frames up to `stride * (t + 1) - held_back - 1`.
    The newest frames may be held back, so that the kernel stays in phase with a signal that
    is late by a number of frames which the stride does not divide.

    Args:
        filters: output channels.
        kernel_size: frames, at least `stride`.
        stride: input frames per output frame.
        held_back: newest input frames that an output frame does not use.

    Shapes:
        `[batch, frames * stride, channels]` -> `[batch, frames, filters]`.
        Kernel `[kernel_size, channels, filters]`, oldest frame first.
        State `past`: `[batch, kernel_size - stride + held_back, channels]`.

    Raises:
        ConfigError: a size is out of range.
    """

    def __init__(
        self, filters: int, kernel_size: int, stride: int, held_back: int = 0, **kwargs: Any
    ) -> None:
        super().__init__(filters, kernel_size, stride, **kwargs)
        if held_back < 0:
            raise ConfigError(f"`held_back` must not be negative; received {held_back}.")
        self.held_back = held_back

    def initial_state(self, batch_size: int | Tensor) -> State:
        return self._zeros(batch_size, self._past_frames)

    @property
    def _past_frames(self) -> int:
        return self.kernel_size - self.stride + self.held_back

    def advance(self, x: Tensor, state: State) -> tuple[Tensor, State]:
        frames = ops.concatenate([state["past"], x], axis=1) if self._past_frames else x
        used = frames[:, : -self.held_back] if self.held_back else frames
        y = ops.conv(
            used, self.kernel, strides=self.stride, padding="valid", data_format="channels_last"
        )
        next_state = {"past": frames[:, ops.shape(x)[1] :]} if self._past_frames else {}
        return y + self.bias, next_state

    def compute_output_shape(self, input_shape: Shape) -> Shape:
        batch, frames, _ = input_shape
        return (batch, None if frames is None else frames // self.stride, self.filters)

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "held_back": self.held_back}


@keras.saving.register_keras_serializable(package="tfse")
class CausalConv1DTranspose(_StridedConvolution):
    """Transposed convolution that returns `stride` frames for each frame of its input.

        y[stride * t + r] = w[r] x[t] + w[r + stride] x[t - 1] + ...

    All `stride` remainders r are one convolution with `stride * filters` outputs, so that no
    output waits for the overlap of the next frame.

    Args:
        filters: output channels.
        kernel_size: frames, at least `stride`.
        stride: output frames per input frame.

    Shapes:
        `[batch, frames, channels]` -> `[batch, frames * stride, filters]`.
        Kernel `[kernel_size, channels, filters]`, in the order of the output frames.
        State `past`: `[batch, ceil(kernel_size / stride) - 1, channels]`.

    Raises:
        ConfigError: a size is out of range.

    Source:
        Shi et al., "Real-time single image and video super-resolution using an efficient
        sub-pixel convolutional neural network", CVPR 2016, for the implementation.
    """

    @property
    def _taps(self) -> int:
        """Input frames on which an output frame depends."""
        return -(-self.kernel_size // self.stride)

    def initial_state(self, batch_size: int | Tensor) -> State:
        return self._zeros(batch_size, self._taps - 1)

    def advance(self, x: Tensor, state: State) -> tuple[Tensor, State]:
        frames = ops.concatenate([state["past"], x], axis=1) if self._taps > 1 else x
        y = ops.conv(
            frames, self._kernel_by_remainder(), padding="valid", data_format="channels_last"
        )
        count = ops.shape(x)[1]
        y = ops.reshape(y, (-1, count * self.stride, self.filters))
        next_state = {"past": frames[:, count:]} if self._taps > 1 else {}
        return y + self.bias, next_state

    def _kernel_by_remainder(self) -> Tensor:
        """Returns `[taps, channels, stride * filters]`, oldest frame first."""
        surplus = self._taps * self.stride - self.kernel_size
        kernel = ops.pad(self.kernel, [[0, surplus], [0, 0], [0, 0]])
        shape = (self._taps, self.stride, self._channels, self.filters)
        kernel = ops.transpose(ops.reshape(kernel, shape)[::-1], (0, 2, 1, 3))
        return ops.reshape(kernel, (self._taps, self._channels, -1))

    def compute_output_shape(self, input_shape: Shape) -> Shape:
        batch, frames, _ = input_shape
        return (batch, None if frames is None else frames * self.stride, self.filters)
