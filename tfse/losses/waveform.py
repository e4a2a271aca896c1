"""Losses on waveforms: how much of the output is not the clean speech, in dB."""

from __future__ import annotations

from tfse.dsp import levels
from tfse.errors import ConfigError
from tfse.layers.padding import without_padding
from tfse.losses.base import EnhancementLoss, Tensors
from tfse.types import Tensor

# Above this SNR a smaller error is worth less and less, in dB.
SNR_LIMIT_DB = 30.0


class NegativeSNR(EnhancementLoss):
    """-10 log10(|s|^2 / (|s - e|^2 + 10^(-limit / 10) |s|^2)), in dB, of clean s and enhanced e.

    Without the limit the slope with respect to e is 1 / |s - e|: it has no bound where the
    estimate is nearly right, so that the few examples with little noise have most of the
    gradient. An example whose clean speech is silent has no SNR: its loss and its
    gradient are 0, and other losses have to remove its noise.

    Powers are means over the valid samples with -100 dBFS added, so that the length of an
    example does not matter.

    Args:
        limit_db: SNR that the negative loss approaches, in dB; infinity for the paper's.

    Source:
        Le et al., "DPCRN", Interspeech 2021, equation 5; the limit from Wisdom et al.,
        "Unsupervised sound separation using mixture invariant training", NeurIPS 2020,
        equation 2.
    """

    def __init__(self, limit_db: float = SNR_LIMIT_DB, name: str = "negative_snr") -> None:
        super().__init__(name=name)
        _check(limit_db)
        self._limit_db = limit_db

    def call(self, targets: Tensors, outputs: Tensors) -> Tensor:
        """Compares `outputs["enhanced"]` with `targets["clean"]`."""
        clean, enhanced = without_padding(targets, outputs)
        ratio = levels.limited_ratio_db(clean, clean - enhanced, targets["length"], self._limit_db)
        return -ratio


class NegativeSISDR(EnhancementLoss):
    """Negative scale-invariant signal-to-distortion ratio, in dB.

        -10 log10(|a s|^2 / (|a s - e|^2 + 10^(-limit / 10) |a s|^2)),  a = <e, s> / |s|^2

    As in `NegativeSNR`, an example whose clean speech is silent has a loss and a gradient
    of 0, and so has one whose estimate is silent.

    Args:
        limit_db: ratio that the negative loss approaches, in dB; infinity for none.

    Source:
        Le Roux, Wisdom, Erdogan and Hershey, "SDR - half-baked or well done?",
        ICASSP 2019, equation 2. As there, no mean is removed. The limit is that of
        `NegativeSNR`.
    """

    def __init__(self, limit_db: float = SNR_LIMIT_DB, name: str = "negative_si_sdr") -> None:
        super().__init__(name=name)
        _check(limit_db)
        self._limit_db = limit_db

    def call(self, targets: Tensors, outputs: Tensors) -> Tensor:
        """Compares `outputs["enhanced"]` with `targets["clean"]`."""
        clean, enhanced = without_padding(targets, outputs)
        target = levels.projected(clean, enhanced, targets["length"])
        ratio = levels.limited_ratio_db(
            target, target - enhanced, targets["length"], self._limit_db
        )
        return -ratio


def _check(limit_db: float) -> None:
    if not limit_db > 0:
        raise ConfigError(f"`snr_limit_db` must be above 0 dB; received {limit_db}.")
