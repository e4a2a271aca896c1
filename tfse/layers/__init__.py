"""Layers; those that look back in time keep the contract of `StreamingLayer`."""

from tfse.layers.convolution import CausalConv2D, CausalConv2DTranspose
from tfse.layers.dual_path import DualPathBlock
from tfse.layers.masking import ComplexMasking, MagnitudeMasking, PolarMask
from tfse.layers.normalization import (
    AppendChannel,
    FrameNormalization,
    LogPower,
    Standardization,
)
from tfse.layers.recurrent import FrequencyBLSTM, TimeLSTM, keras2_hard_sigmoid
from tfse.layers.stft import STFT, InverseSTFT
from tfse.layers.streaming import (
    StateScope,
    StreamingLayer,
    initial_state,
    latency_samples,
    require_streamable,
    stream_step,
    streaming_layers,
)

__all__ = [
    "STFT",
    "AppendChannel",
    "CausalConv2D",
    "CausalConv2DTranspose",
    "ComplexMasking",
    "DualPathBlock",
    "FrameNormalization",
    "FrequencyBLSTM",
    "InverseSTFT",
    "LogPower",
    "MagnitudeMasking",
    "PolarMask",
    "Standardization",
    "StateScope",
    "StreamingLayer",
    "TimeLSTM",
    "initial_state",
    "keras2_hard_sigmoid",
    "latency_samples",
    "require_streamable",
    "stream_step",
    "streaming_layers",
]
