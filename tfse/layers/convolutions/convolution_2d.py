"""Causal convolutions over time and frequency."""

from __future__ import annotations

from typing import Any

import keras
from keras import ops

from tfse.errors import ConfigError
from tfse.layers.channels.grouped_kernel import check_groups, dense_kernel
from tfse.layers.streaming import State, StreamingLayer
from tfse.types import Shape, Tensor


class _CausalConvolution(StreamingLayer):
    """Base class of both convolutions: settings, bias and past frames."""

    def __init__(
        self,
        filters: int,
        kernel_size: tuple[int, int],
        stride: int = 1,
        dilation: tuple[int, int] = (1, 1),
        use_bias: bool = True,
        groups: int = 1,
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
                "`stride` and `dilation` must not both be above 1; received "
                f"stride={stride}, dilation={dilation}."
            )
        self.filters = filters
        self.kernel_size = tuple(kernel_size)
        self.stride = stride
        self.dilation: tuple[int, ...] = tuple(dilation)
        self.use_bias = use_bias
        self.groups = groups

    @property
    def past_frames(self) -> int:
        """Frames before the newest on which an output frame depends."""
        return self.dilation[0] * (self.kernel_size[0] - 1)

    def build(self, input_shape: Shape) -> None:
        self._keep_input_shape(input_shape)
        self._check_fit(input_shape)
        self._build_kernel()
        self._build_bias()

    def _check_fit(self, input_shape: Shape) -> None:
        """Raises `ConfigError` if no bin is left."""
        raise NotImplementedError

    def _build_kernel(self) -> None:
        check_groups(self.groups, self._channels, self.filters)
        shape = (*self.kernel_size, self._channels // self.groups, self.filters)
        self.kernel = self.add_weight(name="kernel", shape=shape, initializer="glorot_uniform")

    def _composed_kernel(self) -> Tensor:
        """Returns `[frames, bins, channels, filters]`; subclasses compose it from weights."""
        return dense_kernel(self.kernel, self.groups)

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
        """Returns past frames of zeros; empty if the kernel spans one frame."""
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
            "groups": self.groups,
        }


@keras.saving.register_keras_serializable(package="tfse")
class CausalConv2D(_CausalConvolution):
    """Convolution whose output frame t depends on input frames t, t - 1, ... only.

    Args:
        filters: output channels.
        kernel_size: (frames, bins).
        stride: over frequency; over time it is 1.
        dilation: (frames, bins).
        padding: zeros (below, above) the bins.
        use_bias: adds one value per output channel.
        groups: of channels that are convolved apart.

    Shapes:
        `[batch, frames, bins, channels]` -> `[batch, frames, out_bins, filters]` with
        `out_bins = (bins + sum(padding) - dilation * (kernel - 1) - 1) // stride + 1`.
        Kernel `[frames, bins, channels / groups, filters]`, oldest frame first.
        State `past`: `[batch, dilation * (kernel - 1), bins, channels]`.

    Raises:
        ConfigError: sizes below 1, a kernel wider than the padded bins, or `groups` that do
            not divide the channels.
    """

    def __init__(
        self,
        filters: int,
        kernel_size: tuple[int, int],
        stride: int = 1,
        dilation: tuple[int, int] = (1, 1),
        padding: tuple[int, int] = (0, 0),
        use_bias: bool = True,
        groups: int = 1,
        **kwargs: Any,
    ) -> None:
        super().__init__(filters, kernel_size, stride, dilation, use_bias, groups, **kwargs)
        self.padding = tuple(padding)

    def _check_fit(self, input_shape: Shape) -> None:
        if self.compute_output_shape(input_shape)[2] < 1:
            raise ConfigError(
                "the kernel must fit into the padded bins; received "
                f"kernel_size={self.kernel_size}, bins={self._bins}, padding={self.padding}."
            )

    def advance(self, x: Tensor, state: State) -> tuple[Tensor, State]:
        frames, next_state = self._with_past(x, state)
        dilation = self.dilation
        if x.shape[1] == 1 and dilation[0] > 1:
            # One frame needs none between the taps; dilated convolutions are slow on devices.
            frames, dilation = frames[:, :: dilation[0]], (1, dilation[1])
        frames = ops.pad(frames, [[0, 0], [0, 0], list(self.padding), [0, 0]])
        return self._with_bias(self._convolved(frames, dilation)), next_state

    def _convolved(self, frames: Tensor, dilation: tuple[int, ...]) -> Tensor:
        if self._is_depthwise:
            return self._depthwise(frames, dilation[0])
        return ops.conv(
            frames,
            self._composed_kernel(),
            strides=(1, self.stride),
            padding="valid",
            dilation_rate=dilation,
            data_format="channels_last",
        )

    @property
    def _is_depthwise(self) -> bool:
        # TensorFlow has no depthwise convolution whose strides differ.
        is_plain = self.stride == 1 and self.dilation[1] == 1
        return is_plain and 1 < self.groups == self._channels == self.filters

    def _depthwise(self, frames: Tensor, dilation: int) -> Tensor:
        kernel = ops.transpose(self.kernel, (0, 1, 3, 2))
        if dilation == 1:
            return ops.depthwise_conv(frames, kernel, data_format="channels_last")
        # TensorFlow copies the input of a dilated one, and forgets its shape.
        count = ops.shape(frames)[1] - self.past_frames
        taps = [
            ops.depthwise_conv(
                frames[:, tap * dilation : tap * dilation + count],
                kernel[tap : tap + 1],
                data_format="channels_last",
            )
            for tap in range(self.kernel_size[0])
        ]
        return sum(taps[1:], taps[0])

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

    With a time stride of 1, an output frame is a sum over the newest input frames, so a
    step computes exactly one frame. Over frequency, output bin `stride * q + r` depends
    only on the kernel's taps `r, r + stride, ...`: each remainder r is an ordinary
    convolution, and all of them are one convolution with `stride * filters` outputs,
    stored in the order of the output bins. Unlike transposed convolutions, it is fast on
    every runtime.

    Args:
        filters: output channels.
        kernel_size: (frames, bins).
        stride: over frequency; over time it is 1.
        dilation: (frames, bins).
        cropping: bins dropped (below, above).
        use_bias: adds one value per output channel.
        groups: of channels that are convolved apart.

    Shapes:
        `[batch, frames, bins, channels]` -> `[batch, frames, out_bins, filters]` with
        `out_bins = (bins - 1) * stride + dilation * (kernel - 1) + 1 - sum(cropping)`.
        Kernel `[frames, bins, channels / groups, filters]`, oldest frame first.
        State `past`: `[batch, dilation * (kernel - 1), bins, channels]`.

    Raises:
        ConfigError: sizes below 1, no bin left after cropping, or `groups` that do not divide
            the channels.

    Source:
        Shi et al., "Real-time single image and video super-resolution using an
        efficient sub-pixel convolutional neural network", CVPR 2016, for the
        implementation.
    """

    def __init__(
        self,
        filters: int,
        kernel_size: tuple[int, int],
        stride: int = 1,
        dilation: tuple[int, int] = (1, 1),
        cropping: tuple[int, int] = (0, 0),
        use_bias: bool = True,
        groups: int = 1,
        **kwargs: Any,
    ) -> None:
        super().__init__(filters, kernel_size, stride, dilation, use_bias, groups, **kwargs)
        self.cropping = tuple(cropping)

    def _check_fit(self, input_shape: Shape) -> None:
        if self.compute_output_shape(input_shape)[2] < 1:
            raise ConfigError(
                "cropping must leave a bin; received "
                f"cropping={self.cropping}, bins={self._bins}, kernel_size={self.kernel_size}."
            )

    def advance(self, x: Tensor, state: State) -> tuple[Tensor, State]:
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
        kept = self.compute_output_shape(x.shape)[2]
        # No slice where nothing is cropped: its gradient is slow.
        if out_bins > kept:
            y = y[:, :, below : below + kept]
        return self._with_bias(y), next_state

    def _positions(self) -> tuple[list[int], int, int]:
        """Returns zeros around the bins, number of computed positions, and bins to crop below.

        A position is `stride` output bins; fully cropped positions are not computed.
        """
        reach = self.dilation[1] * (self._taps - 1)
        skipped = min(self.cropping[0] // self.stride, reach)
        below = self.cropping[0] - skipped * self.stride
        kept = self.compute_output_shape((None, None, self._bins, None))[2]
        positions = max(-(-(below + kept) // self.stride), self._bins - skipped)
        return [reach - skipped, positions - self._bins + skipped], positions, below

    @property
    def _taps(self) -> int:
        """Input bins on which an output bin depends."""
        return -(-self.kernel_size[1] // self.stride)

    def _kernel_by_remainder(self) -> Tensor:
        """Returns `[frames, taps, channels, stride * filters]`, taps in reverse."""
        frames, bins = self.kernel_size
        surplus = self._taps * self.stride - bins
        kernel = ops.pad(self._composed_kernel(), [[0, 0], [0, surplus], [0, 0], [0, 0]])
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
