"""Layers; those with a state over time keep the contract of `StreamingLayer`."""

from tfse.layers.attention import BandEmbedding, FrequencyAttention
from tfse.layers.bands import BandGains, BandLevels
from tfse.layers.channel_shuffle import ChannelShuffle, ChannelSplit
from tfse.layers.compression import PowerLawCompression, PowerLawExpansion
from tfse.layers.convolution import CausalConv2D, CausalConv2DTranspose
from tfse.layers.convolution_1d import CausalConv1D, CausalConv1DTranspose
from tfse.layers.dc_removal import DCRemoval
from tfse.layers.deep_filtering import DeepFiltering, FrameStack
from tfse.layers.delay import Delay
from tfse.layers.dual_path import DualPathBlock
from tfse.layers.emphasis import DeEmphasis, PreEmphasis
from tfse.layers.erb_bands import BandMerging, BandSplitting
from tfse.layers.exponential_normalization import (
    ExponentialMeanNormalization,
    ExponentialUnitNormalization,
)
from tfse.layers.frame_reshape import BinRange, FrameReshape
from tfse.layers.frame_synthesis import InverseFFT, OverlapAdd
from tfse.layers.frequency_gru import FrequencyGRU
from tfse.layers.frequency_map import FrequencyMap
from tfse.layers.full_frame import FrameCounter, FullFrameModel
from tfse.layers.gated_linear_unit import GatedLinearUnit
from tfse.layers.grouped_dense import GroupedDense
from tfse.layers.gru import TimeGRU
from tfse.layers.latent_code import LatentCode
from tfse.layers.level_normalization import LevelNormalization
from tfse.layers.lstm import FrequencyBLSTM, TimeLSTM, keras2_hard_sigmoid
from tfse.layers.magnitude import LogMagnitude, Magnitude
from tfse.layers.masking import ComplexMasking, MagnitudeMasking, PolarMask
from tfse.layers.neighbouring_bins import NeighbouringBins
from tfse.layers.normalization import (
    AppendChannel,
    BatchNormalization,
    FeatureNormalization,
    FrameNormalization,
    LogPower,
    Standardization,
    frames_without_padding,
)
from tfse.layers.overlapped_windows import CrossFade, OverlappedWindows
from tfse.layers.running_level import DivideByLevel, RunningLevel
from tfse.layers.separable_convolution import SeparableConv2D, SeparableConv2DTranspose
from tfse.layers.sinc_resampling import RESAMPLING_DELAY, DownsampleByTwo, UpsampleByTwo
from tfse.layers.skip_sum import SkipSum
from tfse.layers.stft import STFT, InverseSTFT
from tfse.layers.stream_start import GateFrames, StartGate
from tfse.layers.streaming import (
    StateScope,
    StreamingLayer,
    active_scope,
    initial_state,
    latency_samples,
    offline_reason,
    require_streamable,
    stream_step,
    streaming_layers,
)
from tfse.layers.temporal_attention import TemporalRecurrentAttention
from tfse.layers.time_attention import ConvolutionalFeedForward, TimeAttention
from tfse.layers.waveform_input import WaveformInput
from tfse.layers.waveform_output import WaveformOutput, WaveformToFrames
from tfse.layers.window_layers import ChannelScale, ReflectPadding

__all__ = [
    "RESAMPLING_DELAY",
    "STFT",
    "AppendChannel",
    "BandEmbedding",
    "BandGains",
    "BandLevels",
    "BandMerging",
    "BandSplitting",
    "BatchNormalization",
    "BinRange",
    "CausalConv1D",
    "CausalConv1DTranspose",
    "CausalConv2D",
    "CausalConv2DTranspose",
    "ChannelScale",
    "ChannelShuffle",
    "ChannelSplit",
    "ComplexMasking",
    "ConvolutionalFeedForward",
    "CrossFade",
    "DCRemoval",
    "DeEmphasis",
    "DeepFiltering",
    "Delay",
    "DivideByLevel",
    "DownsampleByTwo",
    "DualPathBlock",
    "ExponentialMeanNormalization",
    "ExponentialUnitNormalization",
    "FeatureNormalization",
    "FrameCounter",
    "FrameNormalization",
    "FrameReshape",
    "FrameStack",
    "FrequencyAttention",
    "FrequencyBLSTM",
    "FrequencyGRU",
    "FrequencyMap",
    "FullFrameModel",
    "GateFrames",
    "GatedLinearUnit",
    "GroupedDense",
    "InverseFFT",
    "InverseSTFT",
    "LatentCode",
    "LevelNormalization",
    "LogMagnitude",
    "LogPower",
    "Magnitude",
    "MagnitudeMasking",
    "NeighbouringBins",
    "OverlapAdd",
    "OverlappedWindows",
    "PolarMask",
    "PowerLawCompression",
    "PowerLawExpansion",
    "PreEmphasis",
    "ReflectPadding",
    "RunningLevel",
    "SeparableConv2D",
    "SeparableConv2DTranspose",
    "SkipSum",
    "Standardization",
    "StartGate",
    "StateScope",
    "StreamingLayer",
    "TemporalRecurrentAttention",
    "TimeAttention",
    "TimeGRU",
    "TimeLSTM",
    "UpsampleByTwo",
    "WaveformInput",
    "WaveformOutput",
    "WaveformToFrames",
    "active_scope",
    "frames_without_padding",
    "initial_state",
    "keras2_hard_sigmoid",
    "latency_samples",
    "offline_reason",
    "require_streamable",
    "stream_step",
    "streaming_layers",
]
