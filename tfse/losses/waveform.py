"""Losses on waveforms: how much of the output is not the clean speech, in dB."""

from __future__ import annotations

from tfse.dsp import levels
from tfse.losses.base import EnhancementLoss, Tensor, Tensors, without_padding


class NegativeSNR(EnhancementLoss):
    """-10 log10(|s|^2 / |s - e|^2), in dB, of clean s and enhanced e.

    Both powers are means over the valid samples with -100 dBFS added, so that
    silence gives a finite loss and the length of an example does not matter. Where
    s is silent the loss is the level of e over -100 dBFS: it goes down with what is
    left of the noise, by as many dB.

    Source:
        Le et al., "DPCRN", Interspeech 2021, equation 5.
    """

    def __init__(self, name: str = "negative_snr") -> None:
        """Takes no settings."""
        super().__init__(name=name)

    def call(self, targets: Tensors, outputs: Tensors) -> Tensor:
        """Compares `outputs["enhanced"]` with `targets["clean"]`."""
        clean, enhanced = without_padding(targets, outputs)
        return -levels.power_ratio_db(clean, clean - enhanced, targets["length"])


class NegativeSISDR(EnhancementLoss):
    """Negative scale-invariant signal-to-distortion ratio, in dB.

        -10 log10(|a s|^2 / |a s - e|^2),  a = <e, s> / |s|^2

    As in `NegativeSNR`, -100 dBFS is added to each power: where s is silent the loss is
    the level of e over that; where e is silent it is 0, and so is its slope.

    Source:
        Le Roux, Wisdom, Erdogan and Hershey, "SDR - half-baked or well done?",
        ICASSP 2019, equation 2. As there, no mean is taken away.
    """

    def __init__(self, name: str = "negative_si_sdr") -> None:
        """Takes no settings."""
        super().__init__(name=name)

    def call(self, targets: Tensors, outputs: Tensors) -> Tensor:
        """Compares `outputs["enhanced"]` with `targets["clean"]`."""
        clean, enhanced = without_padding(targets, outputs)
        return -levels.si_sdr_db(clean, enhanced, targets["length"])
