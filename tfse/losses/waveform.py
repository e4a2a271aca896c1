"""Waveform losses: negative SNR and SI-SDR, in dB."""

from __future__ import annotations

from tfse.dsp import levels
from tfse.errors import ConfigError
from tfse.layers.padding import without_padding
from tfse.losses.base import EnhancementLoss, Tensors
from tfse.types import Tensor

# SNR above which a smaller error hardly reduces the loss, in dB.
SNR_LIMIT_DB = 30.0


class NegativeSNR(EnhancementLoss):
    """Negative signal-to-noise ratio of clean s and enhanced e, in dB.

        -10 log10(|s|^2 / (|s - e|^2 + 10^(-limit / 10) |s|^2))

    Without the limit, the slope with respect to e is proportional to 1 / |s - e| and thus
    unbounded for accurate estimates, so that the few examples with little noise would
    dominate the gradient. The SNR of an example with silent clean speech is undefined: its
    loss and gradient are 0, and its noise must be removed by other losses.

    Powers are means over the valid samples plus -100 dBFS, independent of the length.

    Args:
        limit_db: upper limit of the SNR, in dB; infinity for none, as in the paper.

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

    Loss and gradient of an example with silent clean speech, as in `NegativeSNR`, or with a
    silent estimate are 0.

    Args:
        limit_db: upper limit of the ratio, in dB; infinity for none.

    Source:
        Le Roux, Wisdom, Erdogan and Hershey, "SDR - half-baked or well done?",
        ICASSP 2019, equation 2. As there, no mean is subtracted. The limit is that of
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
