"""Losses: one value per example, independent of padding."""

from tfse.losses.base import EnhancementLoss
from tfse.losses.config import LossConfig
from tfse.losses.distillation import Distillation
from tfse.losses.intelligibility import NegativeESTOI, NegativeSTOI
from tfse.losses.loudness_disturbance import LoudnessDisturbance
from tfse.losses.mask import CleanLogPowerMSE, ComplexMaskMSE, MaskMSE
from tfse.losses.multi_resolution import MultiResolutionSTFT
from tfse.losses.spectral import CompressedSpectrumMSE, LogSpectralMSE
from tfse.losses.suppression import OverSuppression, ResidualLevel
from tfse.losses.waveform import NegativeSISDR, NegativeSNR
from tfse.losses.weighted import WeightedSum, build_loss

__all__ = [
    "CleanLogPowerMSE",
    "ComplexMaskMSE",
    "CompressedSpectrumMSE",
    "Distillation",
    "EnhancementLoss",
    "LogSpectralMSE",
    "LossConfig",
    "LoudnessDisturbance",
    "MaskMSE",
    "MultiResolutionSTFT",
    "NegativeESTOI",
    "NegativeSISDR",
    "NegativeSNR",
    "NegativeSTOI",
    "OverSuppression",
    "ResidualLevel",
    "WeightedSum",
    "build_loss",
]
