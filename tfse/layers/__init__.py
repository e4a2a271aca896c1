"""Layers; those with a state over time keep the contract of `StreamingLayer`."""

from tfse.layers.alignment.delay import Delay
from tfse.layers.alignment.full_frame import FrameCounter, FullFrameModel
from tfse.layers.alignment.stream_start import GateFrames, StartGate
from tfse.layers.attention.frequency_attention import BandEmbedding, FrequencyAttention
from tfse.layers.attention.time_attention import ConvolutionalFeedForward, TimeAttention
from tfse.layers.bands.band_levels import BandGains, BandLevels
from tfse.layers.bands.erb_bands import BandMerging, BandSplitting
from tfse.layers.bands.frame_reshape import BinRange, FrameReshape
from tfse.layers.bands.frequency_map import FrequencyMap
from tfse.layers.bands.neighbouring_bins import NeighbouringBins
from tfse.layers.channels.channel_shuffle import ChannelShuffle, ChannelSplit
from tfse.layers.channels.gated_linear_unit import GatedLinearUnit
from tfse.layers.channels.grouped_dense import GroupedDense
from tfse.layers.channels.latent_code import LatentCode
from tfse.layers.channels.skip_sum import SkipSum
from tfse.layers.channels.window_layers import ChannelScale, ReflectPadding
from tfse.layers.convolutions.convolution_1d import CausalConv1D, CausalConv1DTranspose
from tfse.layers.convolutions.convolution_2d import CausalConv2D, CausalConv2DTranspose
from tfse.layers.convolutions.separable_convolution import SeparableConv2D, SeparableConv2DTranspose
from tfse.layers.normalizations.exponential_normalization import (
    ExponentialMeanNormalization,
    ExponentialUnitNormalization,
)
from tfse.layers.normalizations.level_normalization import LevelNormalization
from tfse.layers.normalizations.normalization import (
    AppendChannel,
    BatchNormalization,
    FeatureNormalization,
    FrameNormalization,
    LogPower,
    Standardization,
    frames_without_padding,
)
from tfse.layers.recurrent.dual_path import DualPathBlock
from tfse.layers.recurrent.frequency_gru import FrequencyGRU
from tfse.layers.recurrent.gru import TimeGRU
from tfse.layers.recurrent.lstm import FrequencyBLSTM, TimeLSTM, keras2_hard_sigmoid
from tfse.layers.recurrent.temporal_attention import TemporalRecurrentAttention
from tfse.layers.spectrum.compression import PowerLawCompression, PowerLawExpansion
from tfse.layers.spectrum.deep_filtering import DeepFiltering, FrameStack
from tfse.layers.spectrum.frame_synthesis import InverseFFT, OverlapAdd
from tfse.layers.spectrum.magnitude import LogMagnitude, Magnitude
from tfse.layers.spectrum.masking import ComplexMasking, MagnitudeMasking, PolarMask
from tfse.layers.spectrum.stft import STFT, InverseSTFT
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
from tfse.layers.waveform.dc_removal import DCRemoval
from tfse.layers.waveform.emphasis import DeEmphasis, PreEmphasis
from tfse.layers.waveform.overlapped_windows import CrossFade, OverlappedWindows
from tfse.layers.waveform.running_level import DivideByLevel, RunningLevel
from tfse.layers.waveform.sinc_resampling import RESAMPLING_DELAY, DownsampleByTwo, UpsampleByTwo
from tfse.layers.waveform.waveform_input import WaveformInput
from tfse.layers.waveform.waveform_output import WaveformOutput, WaveformToFrames

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
