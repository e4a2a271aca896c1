"""Layers; those with a state over time keep the contract of `StreamingLayer`."""

from tfse.layers.attention import BandEmbedding, FrequencyAttention
from tfse.layers.compression import PowerLawCompression, PowerLawExpansion
from tfse.layers.convolution import CausalConv2D, CausalConv2DTranspose
from tfse.layers.convolution_1d import CausalConv1D, CausalConv1DTranspose
from tfse.layers.dc_removal import DCRemoval
from tfse.layers.delay import Delay
from tfse.layers.dual_path import DualPathBlock
from tfse.layers.emphasis import DeEmphasis, PreEmphasis
from tfse.layers.frequency_map import FrequencyMap
from tfse.layers.full_frame import FrameCounter, FullFrameModel
from tfse.layers.gated_linear_unit import GatedLinearUnit
from tfse.layers.gru import TimeGRU
from tfse.layers.latent_code import LatentCode
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
from tfse.layers.overlapped_windows import CrossFade, OverlappedWindows
from tfse.layers.running_level import DivideByLevel, RunningLevel
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
from tfse.layers.waveform_input import WaveformInput
from tfse.layers.waveform_output import WaveformOutput, WaveformToFrames
from tfse.layers.window_layers import ChannelScale, ReflectPadding

__all__ = [
    "RESAMPLING_DELAY",
    "STFT",
    "AppendChannel",
    "BandEmbedding",
    "BatchNormalization",
    "CausalConv1D",
    "CausalConv1DTranspose",
    "CausalConv2D",
    "CausalConv2DTranspose",
    "ChannelScale",
    "ComplexMasking",
    "CrossFade",
    "DCRemoval",
    "DeEmphasis",
    "Delay",
    "DivideByLevel",
    "DownsampleByTwo",
    "DualPathBlock",
    "FrameCounter",
    "FrameNormalization",
    "FrequencyAttention",
    "FrequencyBLSTM",
    "FrequencyMap",
    "FullFrameModel",
    "GateFrames",
    "GatedLinearUnit",
    "InverseSTFT",
    "LatentCode",
    "LevelNormalization",
    "LogPower",
    "MagnitudeMasking",
    "OverlappedWindows",
    "PolarMask",
    "PowerLawCompression",
    "PowerLawExpansion",
    "PreEmphasis",
    "ReflectPadding",
    "RunningLevel",
    "SkipSum",
    "Standardization",
    "StartGate",
    "StateScope",
    "StreamingLayer",
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
