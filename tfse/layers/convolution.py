"""Convolutions over time and frequency that look back in time only."""

from __future__ import annotations

from typing import Any

import keras
from keras import ops

from tfse.errors import ConfigError
from tfse.layers.streaming import State, StreamingLayer
from tfse.types import Shape, Tensor


class _CausalConvolution(StreamingLayer):
    """What both convolutions share: settings, bias, and the past frames."""

    def __init__(
        self,
        filters: int,
        kernel_size: tuple[int, int],
        stride: int = 1,
        dilation: tuple[int, int] = (1, 1),
        use_bias: bool = True,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        if min(filters, stride, *kernel_size, *dilation) < 1:
            raise ConfigError(
                "`filters`, `kernel_size`, `stride` and `dilation` must be 1 or more; received "
                f"filters={filters}, kernel_size={kernel_size}, stride={stride}, "
                f"dilation={dilation}."
            )
        if stride > 1 and max(dilation) > 1:
            raise ConfigError(
                "a convolution may be strided or dilated, not both; received "
                f"stride={stride}, dilation={dilation}."
            )
        self.filters = filters
        self.kernel_size = tuple(kernel_size)
        self.stride = stride
        self.dilation = tuple(dilation)
        self.use_bias = use_bias

    @property
    def past_frames(self) -> int:
        """Frames before the newest that an output frame sees."""
        return self.dilation[0] * (self.kernel_size[0] - 1)

    def _build_bias(self) -> None:
        self.bias = (
            self.add_weight(name="bias", shape=(self.filters,), initializer="zeros")
            if self.use_bias
            else None
        )

    def _keep_input_shape(self, input_shape: Shape) -> None:
        self._bins, self._channels = input_shape[2:]
        if self._bins is None or self._channels is None:
            raise ConfigError(f"bins and channels must be known; received the shape {input_shape}.")

    def initial_state(self, batch_size: int | Tensor) -> State:
        """Returns frames of silence; nothing if the kernel sees one frame."""
        if not self.past_frames:
            return {}
        shape = (batch_size, self.past_frames, self._bins, self._channels)
        return {"past": ops.zeros(shape, self.compute_dtype)}

    def _with_past(self, x: Tensor, state: State) -> tuple[Tensor, State]:
        if not self.past_frames:
            return x, {}
        frames = ops.concatenate([state["past"], x], axis=1)
        return frames, {"past": frames[:, ops.shape(x)[1] :]}

    def _with_bias(self, y: Tensor) -> Tensor:
        return y if self.bias is None else y + self.bias

    def get_config(self) -> dict[str, Any]:
        return {
            **super().get_config(),
            "filters": self.filters,
            "kernel_size": self.kernel_size,
            "stride": self.stride,
            "dilation": self.dilation,
            "use_bias": self.use_bias,
        }


@keras.saving.register_keras_serializable(package="tfse")
class CausalConv2D(_CausalConvolution):
    """Convolution whose output frame t sees input frames t, t - 1, ... only.

    Args:
        filters: output channels.
        kernel_size: (frames, bins).
        stride: over frequency; over time it is 1.
        dilation: (frames, bins).
        padding: zeros (below, above) the bins.
        use_bias: adds one number a channel.

    Shapes:
        `[batch, frames, bins, channels]` -> `[batch, frames, out_bins, filters]` with
        `out_bins = (bins + sum(padding) - dilation * (kernel - 1) - 1) // stride + 1`.
        Kernel `[frames, bins, channels, filters]`, oldest frame first.
        State `past`: `[batch, dilation * (kernel - 1), bins, channels]`.

    Raises:
        ConfigError: sizes below 1, or a kernel wider than the padded bins.
    """

    def __init__(
        self,
        filters: int,
        kernel_size: tuple[int, int],
        stride: int = 1,
        dilation: tuple[int, int] = (1, 1),
        padding: tuple[int, int] = (0, 0),
        use_bias: bool = True,
        **kwargs: Any,
    ) -> None:
        super().__init__(filters, kernel_size, stride, dilation, use_bias, **kwargs)
        self.padding = tuple(padding)

    def build(self, input_shape: Shape) -> None:
        self._keep_input_shape(input_shape)
        if self.compute_output_shape(input_shape)[2] < 1:
            raise ConfigError(
                "the kernel must fit into the padded bins; received "
                f"kernel_size={self.kernel_size}, bins={self._bins}, padding={self.padding}."
            )
        shape = (*self.kernel_size, self._channels, self.filters)
        self.kernel = self.add_weight(name="kernel", shape=shape, initializer="glorot_uniform")
        self._build_bias()

    def advance(self, x: Tensor, state: State) -> tuple[Tensor, State]:
        """Convolves the frames of `x` with those before them."""
        frames, next_state = self._with_past(x, state)
        frames = ops.pad(frames, [[0, 0], [0, 0], list(self.padding), [0, 0]])
        y = ops.conv(
            frames,
            self.kernel,
            strides=(1, self.stride),
            padding="valid",
            dilation_rate=self.dilation,
            data_format="channels_last",
        )
        return self._with_bias(y), next_state

    def compute_output_shape(self, input_shape: Shape) -> Shape:
        batch, frames, bins, _ = input_shape
        reach = self.dilation[1] * (self.kernel_size[1] - 1)
        out_bins = (bins + sum(self.padding) - reach - 1) // self.stride + 1
        return (batch, frames, out_bins, self.filters)

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "padding": self.padding}


@keras.saving.register_keras_serializable(package="tfse")
class CausalConv2DTranspose(_CausalConvolution):
    """Transposed convolution over frequency; in time, y[t] = w[-1] x[t] + w[-2] x[t - 1] + ...

    With a time stride of 1 an output frame is a sum over the newest input
    frames, so one step computes one frame and nothing to be thrown away. Over
    frequency, output bin `stride * q + r` meets only the kernel's taps
    `r, r + stride, ...`: each remainder r is an ordinary convolution of its
    own, and all of them together one convolution with `stride * filters`
    outputs, whose memory already lies in the order of the output's bins. Every
    runtime has that one fast, which is not so of transposed convolutions.

    Args:
        filters: output channels.
        kernel_size: (frames, bins).
        stride: over frequency; over time it is 1.
        dilation: (frames, bins).
        cropping: bins dropped (below, above).
        use_bias: adds one number a channel.

    Shapes:
        `[batch, frames, bins, channels]` -> `[batch, frames, out_bins, filters]` with
        `out_bins = (bins - 1) * stride + dilation * (kernel - 1) + 1 - sum(cropping)`.
        Kernel `[frames, bins, channels, filters]`, oldest frame first.
        State `past`: `[batch, dilation * (kernel - 1), bins, channels]`.

    Raises:
        ConfigError: sizes below 1, or nothing left after cropping.

    Source:
        Shi et al., "Real-time single image and video super-resolution using an
        efficient sub-pixel convolutional neural network", CVPR 2016, for the
        form of the transposed convolution.
    """

    def __init__(
        self,
        filters: int,
        kernel_size: tuple[int, int],
        stride: int = 1,
        dilation: tuple[int, int] = (1, 1),
        cropping: tuple[int, int] = (0, 0),
        use_bias: bool = True,
        **kwargs: Any,
    ) -> None:
        super().__init__(filters, kernel_size, stride, dilation, use_bias, **kwargs)
        self.cropping = tuple(cropping)

    def build(self, input_shape: Shape) -> None:
        self._keep_input_shape(input_shape)
        if self.compute_output_shape(input_shape)[2] < 1:
            raise ConfigError(
                "cropping must leave a bin; received "
                f"cropping={self.cropping}, bins={self._bins}, kernel_size={self.kernel_size}."
            )
        shape = (*self.kernel_size, self._channels, self.filters)
        self.kernel = self.add_weight(name="kernel", shape=shape, initializer="glorot_uniform")
        self._build_bias()

    def advance(self, x: Tensor, state: State) -> tuple[Tensor, State]:
        """Convolves the frames of `x` with those before them."""
        frames, next_state = self._with_past(x, state)
        padding, positions, below = self._positions()
        y = ops.conv(
            ops.pad(frames, [[0, 0], [0, 0], padding, [0, 0]]),
            self._kernel_by_remainder(),
            padding="valid",
            dilation_rate=self.dilation,
            data_format="channels_last",
        )
        out_bins = positions * self.stride
        y = ops.reshape(y, (-1, ops.shape(x)[1], out_bins, self.filters))
        wanted = self.compute_output_shape(x.shape)[2]
        # Where there is nothing to crop the graph has no slice, whose gradient is slow.
        if out_bins > wanted:
            y = y[:, :, below : below + wanted]
        return self._with_bias(y), next_state

    def _positions(self) -> tuple[list[int], int, int]:
        """Returns zeros around the bins, positions that are computed, and bins to crop below.

        A position is `stride` output bins; those that would be cropped whole are left out.
        """
        reach = self.dilation[1] * (self._taps - 1)
        skipped = min(self.cropping[0] // self.stride, reach)
        below = self.cropping[0] - skipped * self.stride
        wanted = self.compute_output_shape((None, None, self._bins, None))[2]
        positions = max(-(-(below + wanted) // self.stride), self._bins - skipped)
        return [reach - skipped, positions - self._bins + skipped], positions, below

    @property
    def _taps(self) -> int:
        """Input bins that an output bin meets."""
        return -(-self.kernel_size[1] // self.stride)

    def _kernel_by_remainder(self) -> Tensor:
        """Returns `[frames, taps, channels, stride * filters]`, taps in reverse."""
        frames, bins = self.kernel_size
        surplus = self._taps * self.stride - bins
        kernel = ops.pad(self.kernel, [[0, 0], [0, surplus], [0, 0], [0, 0]])
        shape = (frames, self._taps, self.stride, self._channels, self.filters)
        kernel = ops.transpose(ops.reshape(kernel, shape)[:, ::-1], (0, 1, 3, 2, 4))
        return ops.reshape(kernel, (frames, self._taps, self._channels, -1))

    def compute_output_shape(self, input_shape: Shape) -> Shape:
        batch, frames, bins, _ = input_shape
        reach = self.dilation[1] * (self.kernel_size[1] - 1)
        out_bins = (bins - 1) * self.stride + reach + 1 - sum(self.cropping)
        return (batch, frames, out_bins, self.filters)

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "cropping": self.cropping}
