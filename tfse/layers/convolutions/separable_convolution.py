"""Separable causal convolutions, each computed as one convolution."""

from __future__ import annotations

import math

import keras
from keras import ops

from tfse.errors import ConfigError
from tfse.layers.convolutions.convolution_2d import CausalConv2D, CausalConv2DTranspose
from tfse.types import Tensor


@keras.saving.register_keras_serializable(package="tfse")
class SeparableConv2D(CausalConv2D):
    """Causal convolution in groups of channels, followed by one over channels alone.

    There is no activation between the two, so their composition is one convolution: the layer
    has the weights of the two, and computes the one. Both have the greatest common divisor of
    channels and filters as number of groups, as in the original; with equal numbers the first
    is a depthwise convolution.

    Args:
        filters: output channels; with the input channels, they have a divisor above 1.
        kernel_size: (frames, bins) of the first convolution.
        stride: over frequency; over time it is 1.
        dilation: (frames, bins).
        padding: zeros (below, above) the bins.
        use_bias: adds one value per output channel.

    Shapes:
        As of `CausalConv2D`. `grouped_kernel` `[frames, bins, channels / groups, filters]`,
        the filters of a group adjacent; `pointwise_kernel` `[filters, filters]`.

    Raises:
        ConfigError: see `CausalConv2D`; or no number of groups above 1.

    Source:
        Schroeter et al., "DeepFilterNet2", IWAENC 2022, section 2.3.
    """

    def _build_kernel(self) -> None:
        self._groups = math.gcd(self._channels, self.filters)
        if self._groups == 1:
            raise ConfigError(
                "channels and `filters` must have a common divisor above 1; received "
                f"{self._channels} channels, filters={self.filters}."
            )
        shape = (*self.kernel_size, self._channels // self._groups, self.filters)
        self.grouped_kernel = self.add_weight(
            name="grouped_kernel", shape=shape, initializer="he_uniform"
        )
        self.pointwise_kernel = self.add_weight(
            name="pointwise_kernel",
            shape=(self.filters, self.filters),
            initializer="glorot_uniform",
        )

    def _composed_kernel(self) -> Tensor:
        groups = self._groups
        grouped = ops.reshape(self.grouped_kernel, (*self.grouped_kernel.shape[:3], groups, -1))
        pointwise = ops.reshape(self.pointwise_kernel, (groups, -1, self.filters))
        kernel = ops.einsum("tfigm,gmo->tfgio", grouped, pointwise)
        return ops.reshape(kernel, (*self.kernel_size, self._channels, self.filters))


@keras.saving.register_keras_serializable(package="tfse")
class SeparableConv2DTranspose(CausalConv2DTranspose):
    """Depthwise transposed convolution, followed by a convolution over channels alone.

    As in `SeparableConv2D`, the composition of the two is computed as one.

    Args:
        filters: output channels.
        kernel_size: (frames, bins) of the first convolution.
        stride: over frequency; over time it is 1.
        dilation: (frames, bins).
        cropping: bins dropped (below, above).
        use_bias: adds one value per output channel.

    Shapes:
        As of `CausalConv2DTranspose`. `depthwise_kernel` `[frames, bins, channels]`;
        `pointwise_kernel` `[channels, filters]`.

    Raises:
        ConfigError: see `CausalConv2DTranspose`.
    """

    def _build_kernel(self) -> None:
        self.depthwise_kernel = self.add_weight(
            name="depthwise_kernel",
            shape=(*self.kernel_size, self._channels),
            initializer="he_uniform",
        )
        self.pointwise_kernel = self.add_weight(
            name="pointwise_kernel",
            shape=(self._channels, self.filters),
            initializer="glorot_uniform",
        )

    def _composed_kernel(self) -> Tensor:
        return self.depthwise_kernel[..., None] * self.pointwise_kernel
