"""Layers; those with a state over time keep the contract of `StreamingLayer`."""

from tfse.layers.attention import BandEmbedding, FrequencyAttention
from tfse.layers.bands import BandGains, BandLevels
from tfse.layers.compression import PowerLawCompression, PowerLawExpansion
from tfse.layers.convolution import CausalConv2D, CausalConv2DTranspose
from tfse.layers.dc_removal import DCRemoval
from tfse.layers.deep_filtering import DeepFiltering, FrameStack
from tfse.layers.delay import Delay
from tfse.layers.dual_path import DualPathBlock
from tfse.layers.exponential_normalization import (
    ExponentialMeanNormalization,
    ExponentialUnitNormalization,
)
from tfse.layers.frame_reshape import BinRange, FrameReshape
from tfse.layers.frequency_map import FrequencyMap
from tfse.layers.full_frame import FrameCounter, FullFrameModel
from tfse.layers.grouped_dense import GroupedDense
from tfse.layers.gru import TimeGRU
from tfse.layers.level_normalization import LevelNormalization
from tfse.layers.lstm import FrequencyBLSTM, TimeLSTM, keras2_hard_sigmoid
from tfse.layers.masking import ComplexMasking, MagnitudeMasking, PolarMask
from tfse.layers.normalization import (
    AppendChannel,
    BatchNormalization,
    FrameNormalization,
    LogPower,
    Standardization,
    frames_without_padding,
)
from tfse.layers.separable_convolution import SeparableConv2D, SeparableConv2DTranspose
from tfse.layers.stft import STFT, InverseSTFT
from tfse.layers.streaming import (
    StateScope,
    StreamingLayer,
    active_scope,
    initial_state,
    latency_samples,
    require_streamable,
    stream_step,
    streaming_layers,
)
from tfse.layers.waveform_input import WaveformInput

__all__ = [
    "STFT",
    "AppendChannel",
    "BandEmbedding",
    "BandGains",
    "BandLevels",
    "BatchNormalization",
    "BinRange",
    "CausalConv2D",
    "CausalConv2DTranspose",
    "ComplexMasking",
    "DCRemoval",
    "DeepFiltering",
    "Delay",
    "DualPathBlock",
    "ExponentialMeanNormalization",
    "ExponentialUnitNormalization",
    "FrameCounter",
    "FrameNormalization",
    "FrameReshape",
    "FrameStack",
    "FrequencyAttention",
    "FrequencyBLSTM",
    "FrequencyMap",
    "FullFrameModel",
    "GroupedDense",
    "InverseSTFT",
    "LevelNormalization",
    "LogPower",
    "MagnitudeMasking",
    "PolarMask",
    "PowerLawCompression",
    "PowerLawExpansion",
    "SeparableConv2D",
    "SeparableConv2DTranspose",
    "Standardization",
    "StateScope",
    "StreamingLayer",
    "TimeGRU",
    "TimeLSTM",
    "WaveformInput",
    "active_scope",
    "frames_without_padding",
    "initial_state",
    "keras2_hard_sigmoid",
    "latency_samples",
    "require_streamable",
    "stream_step",
    "streaming_layers",
]
