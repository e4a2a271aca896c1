"""Losses: one number an example, and nothing from padding."""

from tfse.losses.base import EnhancementLoss
from tfse.losses.mask import CleanLogPowerMSE, MaskMSE
from tfse.losses.spectral import CompressedSpectrumMSE, LogSpectralMSE
from tfse.losses.waveform import NegativeSISDR, NegativeSNR
from tfse.losses.weighted import LossConfig, WeightedSum, build_loss

__all__ = [
    "CleanLogPowerMSE",
    "CompressedSpectrumMSE",
    "EnhancementLoss",
    "LogSpectralMSE",
    "LossConfig",
    "MaskMSE",
    "NegativeSISDR",
    "NegativeSNR",
    "WeightedSum",
    "build_loss",
]
