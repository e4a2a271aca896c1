"""Weighted sums of losses, by config."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping

from tfse.errors import ConfigError
from tfse.losses.base import EnhancementLoss, Tensors
from tfse.losses.config import LossConfig
from tfse.losses.intelligibility import NegativeESTOI, NegativeSTOI
from tfse.losses.loudness_disturbance import LoudnessDisturbance
from tfse.losses.mask import CleanLogPowerMSE, ComplexMaskMSE, MaskMSE
from tfse.losses.multi_resolution import MultiResolutionSTFT
from tfse.losses.spectral import CompressedSpectrumMSE, LogSpectralMSE
from tfse.losses.suppression import OverSuppression, ResidualLevel
from tfse.losses.waveform import NegativeSISDR, NegativeSNR
from tfse.models import EnhancementModel
from tfse.models.enhancement_model import core_of
from tfse.types import Tensor


class WeightedSum(EnhancementLoss):
    """Weighted sum of losses.

    Args:
        terms: the losses and their weights.
    """

    def __init__(self, terms: Mapping[EnhancementLoss, float], name: str = "loss") -> None:
        super().__init__(name=name)
        self._terms = dict(terms)

    def call(self, targets: Tensors, outputs: Tensors) -> Tensor:
        return sum(weight * term(targets, outputs) for term, weight in self._terms.items())


_BUILDERS: dict[str, Callable[[LossConfig, EnhancementModel], EnhancementLoss]] = {
    "mask_mse": lambda config, model: MaskMSE(model.stft, config.mask_exponent),
    "complex_mask_mse": lambda config, model: ComplexMaskMSE(
        model.stft, config.mask_limit, config.mask_steepness
    ),
    "clean_log_power_mse": lambda config, model: CleanLogPowerMSE(
        model.stft,
        model.get_layer("core").get_layer("log_power"),
        model.get_layer("core").get_layer("standardization"),
    ),
    "negative_si_sdr": lambda config, model: NegativeSISDR(config.snr_limit_db),
    "negative_snr": lambda config, model: NegativeSNR(config.snr_limit_db),
    "log_spectral_mse": lambda config, model: LogSpectralMSE(model.stft),
    "compressed_spectrum_mse": lambda config, model: CompressedSpectrumMSE(
        model.stft, config.compression, config.complex_weight
    ),
    "multi_resolution_stft": lambda config, model: MultiResolutionSTFT(),
    "negative_stoi": lambda config, model: NegativeSTOI(model.stft.sample_rate),
    "negative_estoi": lambda config, model: NegativeESTOI(model.stft.sample_rate),
    "loudness_disturbance": lambda config, model: LoudnessDisturbance(model.stft.sample_rate),
    "over_suppression": lambda config, model: OverSuppression(model.stft, config.compression),
    "residual_level": lambda config, model: ResidualLevel(
        model.stft.hop_length, config.residual_floor_db
    ),
}

# Losses on a head of the core rather than on the waveform, and the axes of the head.
_FRAMES_AND_BINS = ("batch", "frames", "bins")
_HEADS = {
    "mask_mse": ("mask", _FRAMES_AND_BINS),
    "complex_mask_mse": ("mask", (*_FRAMES_AND_BINS, "2")),
    "clean_log_power_mse": ("clean_log_power", _FRAMES_AND_BINS),
}


def build_loss(config: LossConfig, model: EnhancementModel) -> WeightedSum:
    """Builds the weighted sum of a config for a model.

    Args:
        config: weights and settings.
        model: provides the transform and the heads.

    Returns:
        The loss.

    Raises:
        ConfigError: all weights are 0, a weight is negative or not finite, the model lacks a
            head that a loss needs, or a setting of a loss is invalid.
    """
    weights = {name: getattr(config, name) for name in _BUILDERS if getattr(config, name)}
    if not weights:
        raise ConfigError(f"one loss must have a weight above 0; all of {sorted(_BUILDERS)} are 0.")
    for name, weight in weights.items():
        if not 0 < weight < math.inf:
            raise ConfigError(
                f"`loss.{name}` must not be negative, which would maximize this loss, and must "
                f"be finite; received {weight}."
            )
        _check_head(name, model)
    return WeightedSum({_BUILDERS[name](config, model): w for name, w in weights.items()})


def _check_head(loss: str, model: EnhancementModel) -> None:
    if loss not in _HEADS:
        return
    core = core_of(model)
    shapes = {name: head.shape for name, head in core.output.items()} if core else {}
    head, axes = _HEADS[loss]
    if len(shapes.get(head, ())) != len(axes):
        raise ConfigError(
            f"the loss `{loss}` needs a head `{head}` of [{', '.join(axes)}]; "
            f"the model {model.name!r} has {shapes}."
        )
