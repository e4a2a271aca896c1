"""Models: one paper per file, each a functional, serializable Keras model."""

from tfse.models.config import ModelConfig, SpectralModelConfig
from tfse.models.deepfilternet3 import DeepFilterNet3Config
from tfse.models.demucs import DemucsConfig
from tfse.models.dpcrn import DPCRNConfig, dpcrn_on_32_bins
from tfse.models.dtln import DTLNConfig
from tfse.models.enhancement_model import EnhancementModel, enhance_aligned, with_core_outputs
from tfse.models.fastenhancer import FastEnhancerConfig
from tfse.models.gtcrn import GTCRNConfig
from tfse.models.loading import load, pretrained_names
from tfse.models.lstm_irm import LSTMIRMConfig
from tfse.models.registry import build
from tfse.models.segan_plus import SEGANPlusConfig
from tfse.models.transformer_irm import TransformerIRMConfig

__all__ = [
    "DPCRNConfig",
    "DTLNConfig",
    "DeepFilterNet3Config",
    "DemucsConfig",
    "EnhancementModel",
    "FastEnhancerConfig",
    "GTCRNConfig",
    "LSTMIRMConfig",
    "ModelConfig",
    "SEGANPlusConfig",
    "SpectralModelConfig",
    "TransformerIRMConfig",
    "build",
    "dpcrn_on_32_bins",
    "enhance_aligned",
    "load",
    "pretrained_names",
    "with_core_outputs",
]
