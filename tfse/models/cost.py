"""Multiply-accumulates of a model per hop, counted from its layers."""

from __future__ import annotations

import functools
import math
from collections.abc import Iterator
from fractions import Fraction

import keras

from tfse.layers import (
    RESAMPLING_DELAY,
    BandMerging,
    BandSplitting,
    CausalConv1D,
    CausalConv1DTranspose,
    CausalConv2D,
    CausalConv2DTranspose,
    ConvolutionalFeedForward,
    DownsampleByTwo,
    DualPathBlock,
    FrequencyAttention,
    FrequencyBLSTM,
    FrequencyGRU,
    FrequencyMap,
    GroupedDense,
    SeparableConv2D,
    SeparableConv2DTranspose,
    TemporalRecurrentAttention,
    TimeAttention,
    TimeGRU,
    TimeLSTM,
    UpsampleByTwo,
)
from tfse.layers.graph import input_shapes
from tfse.models.frame_rates import with_frames_per_hop
from tfse.types import Shape


def multiply_accumulates(model: keras.Model) -> int:
    """Returns the multiply-accumulates per hop.

    Products and convolutions count, by their definition rather than a runtime's
    implementation; transforms, activations and element-wise operations do not.

    Args:
        model: a functional tfse model.
    """
    return int(sum(rate * _of(layer, shape) for layer, shape, rate in _layers(model)))


def _layers(model: keras.Model) -> Iterator[tuple[keras.Operation, Shape, Fraction]]:
    """Yields every operation with the shape of its first input and its frames per hop."""
    for operation, rate in with_frames_per_hop(model):
        if shapes := input_shapes(operation):
            yield operation, shapes[0], rate


@functools.singledispatch
def _of(layer: keras.Operation, shape: Shape) -> int | Fraction:
    """Returns the cost of a layer per frame of its input; 0 for types without a rule."""
    return 0


@_of.register
def _(layer: keras.layers.Dense, shape: Shape) -> int:
    return _rows(shape) * shape[-1] * int(layer.units)


@_of.register
def _(layer: CausalConv2D, shape: Shape) -> int:
    out_bins = layer.compute_output_shape(shape)[2]
    return int(out_bins * math.prod(layer.kernel.shape))


@_of.register
def _(layer: CausalConv2DTranspose, shape: Shape) -> int:
    return int(shape[2] * math.prod(layer.kernel.shape))


@_of.register
def _(layer: SeparableConv2D, shape: Shape) -> int:
    out_bins = layer.compute_output_shape(shape)[2]
    group = shape[-1] // math.gcd(shape[-1], layer.filters)
    return int(out_bins * layer.filters * (math.prod(layer.kernel_size) * group + layer.filters))


@_of.register
def _(layer: SeparableConv2DTranspose, shape: Shape) -> int:
    out_bins = layer.compute_output_shape(shape)[2]
    depthwise = shape[2] * math.prod(layer.kernel_size) * shape[-1]
    return int(depthwise + out_bins * shape[-1] * layer.filters)


@_of.register
def _(layer: GroupedDense, shape: Shape) -> int:
    return int(shape[-1] * layer.units // layer.groups)


@_of.register
def _(layer: CausalConv1D, shape: Shape) -> Fraction:
    return Fraction(layer.kernel_size * shape[-1] * layer.filters, layer.stride)


@_of.register
def _(layer: CausalConv1DTranspose, shape: Shape) -> int:
    return int(layer.kernel_size * shape[-1] * layer.filters)


@_of.register
def _(layer: UpsampleByTwo, shape: Shape) -> int:
    return 2 * RESAMPLING_DELAY


@_of.register
def _(layer: DownsampleByTwo, shape: Shape) -> int:
    return RESAMPLING_DELAY


@_of.register
def _(layer: TimeLSTM, shape: Shape) -> int:
    return _rows(shape) * _lstm_cell(shape[-1], layer.units)


@_of.register
def _(layer: TimeGRU, shape: Shape) -> int:
    return _rows(shape) * 3 * layer.units * (shape[-1] + layer.units) // layer.groups


@_of.register
def _(layer: FrequencyGRU, shape: Shape) -> int:
    return 2 * _rows(shape) * 3 * layer.units * (shape[-1] + layer.units) // layer.groups


@_of.register
def _(layer: TemporalRecurrentAttention, shape: Shape) -> int:
    batch, frames, _, channels = shape
    return layer.units * channels + _of(layer.time, (batch, frames, channels))


@_of.register
def _(layer: BandMerging, shape: Shape) -> int:
    return int(shape[-1] * math.prod(layer.kernel.shape))


@_of.register
def _(layer: BandSplitting, shape: Shape) -> int:
    return int(shape[-1] * math.prod(layer.kernel.shape))


@_of.register
def _(layer: FrequencyMap, shape: Shape) -> int:
    return math.prod(shape[2:]) * layer.bands


@_of.register
def _(layer: FrequencyAttention, shape: Shape) -> int:
    bands, channels = shape[2:]
    # Queries, keys and values; then scores, and the weighted values.
    return int(bands * channels * 3 * channels + 2 * bands * bands * channels)


@_of.register
def _(layer: TimeAttention, shape: Shape) -> int:
    # Queries, keys and values; then scores, and the weighted values.
    return int(shape[-1] * 3 * shape[-1] + 2 * layer.window * shape[-1])


@_of.register
def _(layer: ConvolutionalFeedForward, shape: Shape) -> int:
    return int(2 * layer.kernel_size * shape[-1] * layer.units)


@_of.register
def _(layer: FrequencyBLSTM, shape: Shape) -> int:
    return 2 * _rows(shape) * _lstm_cell(shape[-1], layer.units)


@_of.register
def _(layer: DualPathBlock, shape: Shape) -> int:
    dense = _rows(shape) * shape[-1] * (2 * layer.frequency_units + layer.time_units)
    return dense + _of(layer.frequency, shape) + _of(layer.time, shape)


def _lstm_cell(channels: int, units: int) -> int:
    return 4 * units * (channels + units)


def _rows(shape: Shape) -> int:
    """Returns the number of vectors per frame: one, or one per bin."""
    return math.prod(shape[2:-1])
