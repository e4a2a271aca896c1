"""Weighted sums of losses, by config."""

# No `from __future__ import annotations` here: config flags read the types of
# the dataclass fields, and would find strings.
import dataclasses
from collections.abc import Callable, Mapping

from tfse.errors import ConfigError
from tfse.losses.base import EnhancementLoss, Tensor, Tensors
from tfse.losses.mask import CleanLogPowerMSE, MaskMSE
from tfse.losses.spectral import CompressedSpectrumMSE, LogSpectralMSE
from tfse.losses.waveform import NegativeSISDR, NegativeSNR
from tfse.models import EnhancementModel


@dataclasses.dataclass
class LossConfig:
    """The weight of every loss in the sum; a loss of weight 0 is not computed.

    Attributes:
        mask_mse: see `MaskMSE`; for models with a ratio mask.
        mask_exponent: of the ideal ratio mask in it.
        clean_log_power_mse: see `CleanLogPowerMSE`; for models with that head.
        negative_si_sdr: see `NegativeSISDR`, in dB.
        negative_snr: see `NegativeSNR`, in dB.
        log_spectral_mse: see `LogSpectralMSE`, in nepers.
        compressed_spectrum_mse: see `CompressedSpectrumMSE`.
        compression: exponent of the magnitude in it.
        complex_weight: share of the complex part in it.
    """

    mask_mse: float = 0.0
    mask_exponent: float = 0.5
    clean_log_power_mse: float = 0.0
    negative_si_sdr: float = 0.0
    negative_snr: float = 0.0
    log_spectral_mse: float = 0.0
    compressed_spectrum_mse: float = 0.0
    compression: float = 0.3
    complex_weight: float = 0.3


class WeightedSum(EnhancementLoss):
    """A sum of losses, each times its weight.

    Args:
        terms: the losses and their weights.
    """

    def __init__(self, terms: Mapping[EnhancementLoss, float], name: str = "loss") -> None:
        """Keeps the terms."""
        super().__init__(name=name)
        self._terms = dict(terms)

    def call(self, targets: Tensors, outputs: Tensors) -> Tensor:
        """Returns the sum for every example, `[batch]`."""
        return sum(weight * term(targets, outputs) for term, weight in self._terms.items())


_BUILDERS: dict[str, Callable[[LossConfig, EnhancementModel], EnhancementLoss]] = {
    "mask_mse": lambda config, model: MaskMSE(model.stft, config.mask_exponent),
    "clean_log_power_mse": lambda config, model: CleanLogPowerMSE(
        model.stft,
        model.get_layer("core").get_layer("log_power"),
        model.get_layer("core").get_layer("standardization"),
    ),
    "negative_si_sdr": lambda config, model: NegativeSISDR(),
    "negative_snr": lambda config, model: NegativeSNR(),
    "log_spectral_mse": lambda config, model: LogSpectralMSE(model.stft),
    "compressed_spectrum_mse": lambda config, model: CompressedSpectrumMSE(
        model.stft, config.compression, config.complex_weight
    ),
}

# Losses that look at a head of the core rather than at the waveform.
_HEADS = {"mask_mse": "mask", "clean_log_power_mse": "clean_log_power"}


def build_loss(config: LossConfig, model: EnhancementModel) -> WeightedSum:
    """Builds the weighted sum that a config describes, for one model.

    Args:
        config: weights and settings.
        model: gives the transform, and the heads that exist.

    Returns:
        The loss.

    Raises:
        ConfigError: every weight is 0, or a loss needs a head that the model lacks.
    """
    weights = {name: getattr(config, name) for name in _BUILDERS if getattr(config, name)}
    if not weights:
        raise ConfigError(f"a loss must have a weight; all of {sorted(_BUILDERS)} are 0.")
    for name in weights:
        _check_head(name, model)
    return WeightedSum({_BUILDERS[name](config, model): w for name, w in weights.items()})


def _check_head(loss: str, model: EnhancementModel) -> None:
    shapes = {name: head.shape for name, head in model.get_layer("core").output.items()}
    head = _HEADS.get(loss)
    if head and len(shapes.get(head, ())) != 3:
        raise ConfigError(
            f"the loss `{loss}` needs a head `{head}` of [batch, frames, bins]; "
            f"the model {model.name!r} has {shapes}."
        )
