"""Frame rates inside a model, relative to its hops."""

from __future__ import annotations

import functools
from collections.abc import Iterator
from fractions import Fraction

import keras

from tfse.layers import (
    STFT,
    CausalConv1D,
    CausalConv1DTranspose,
    CrossFade,
    DownsampleByTwo,
    InverseSTFT,
    OverlappedWindows,
    UpsampleByTwo,
)
from tfse.layers.graph import input_tensors, operations, outputs_of_first_call


def with_frames_per_hop(model: keras.Model) -> Iterator[tuple[keras.Operation, Fraction]]:
    """Yields every operation with the frames of its first input per hop of the model.

    The samples of a waveform are frames too. What comes from a nested model, or goes into it,
    has one frame per hop.

    Args:
        model: a functional model.
    """
    rates: dict[int, Fraction] = {}
    waveform = Fraction(getattr(model, "hop_length", 1))
    for operation in operations(model):
        inputs = input_tensors(operation)
        default = waveform if operation in model.operations and not inputs else Fraction(1)
        rate = rates.get(id(inputs[0]), Fraction(1)) if inputs else default
        yield operation, rate
        for tensor in outputs_of_first_call(operation):
            rates[id(tensor)] = rate * _factor(operation)


@functools.singledispatch
def _factor(layer: keras.Operation) -> Fraction:
    """Returns the output frames of a layer per input frame."""
    return Fraction(1)


@_factor.register
def _(layer: UpsampleByTwo) -> Fraction:
    return Fraction(2)


@_factor.register
def _(layer: DownsampleByTwo) -> Fraction:
    return Fraction(1, 2)


@_factor.register
def _(layer: CausalConv1D) -> Fraction:
    return Fraction(1, layer.stride)


@_factor.register
def _(layer: CausalConv1DTranspose) -> Fraction:
    return Fraction(layer.stride)


@_factor.register(STFT)
@_factor.register(OverlappedWindows)
def _(layer: STFT | OverlappedWindows) -> Fraction:
    return Fraction(1, layer.hop_length)


@_factor.register(InverseSTFT)
@_factor.register(CrossFade)
def _(layer: InverseSTFT | CrossFade) -> Fraction:
    return Fraction(layer.hop_length)
