"""Losses on spectra of the enhanced waveform."""

from __future__ import annotations

from keras import ops

from tfse.dsp import masks
from tfse.layers import STFT
from tfse.layers.padding import mean_over_frames, spectrum, without_padding
from tfse.losses.base import EnhancementLoss, Tensors
from tfse.types import Tensor

# Added under square roots and powers, whose slope at zero is infinite: a bin at -140 dBFS.
_SMALLEST_POWER = 1e-12


class LogSpectralMSE(EnhancementLoss):
    """Logarithm of the summed squared errors of real part, imaginary part and magnitude.

        ln(mse(Sr, Er) + mse(Si, Ei) + mse(|S|, |E|) + 1e-8)

    Where the clean speech is silent, it is the logarithm of the residual noise power: it
    falls by 2.3 per 10 dB, to -18.4.

    Args:
        stft: transform of the model.

    Source:
        Le et al., "DPCRN", Interspeech 2021, equation 6.
    """

    def __init__(self, stft: STFT, name: str = "log_spectral_mse") -> None:
        super().__init__(name=name)
        self._stft = stft

    def call(self, targets: Tensors, outputs: Tensors) -> Tensor:
        """Compares `outputs["enhanced"]` with `targets["clean"]`."""
        clean, enhanced = (spectrum(x, self._stft) for x in without_padding(targets, outputs))
        errors = masks.power(clean - enhanced) + ops.square(
            _magnitude(clean) - _magnitude(enhanced)
        )
        return ops.log(mean_over_frames(errors, targets["length"], self._stft) + 1e-8)


class CompressedSpectrumMSE(EnhancementLoss):
    """Squared error of power-compressed spectra, magnitude and complex part.

        (1 - w) mean (|S|^c - |E|^c)^2 + w mean | |S|^c e^(i arg S) - |E|^c e^(i arg E) |^2

    Args:
        stft: transform of the model.
        power: c, the exponent of the magnitude.
        complex_weight: w, the share of the complex part.

    Source:
        Ephrat et al., "Looking to listen at the cocktail party", SIGGRAPH 2018, for
        c = 0.3; Braun and Tashev, "A consolidated view of loss functions for
        supervised deep learning-based speech enhancement", 2020, equation 5.
    """

    def __init__(
        self,
        stft: STFT,
        power: float = 0.3,
        complex_weight: float = 0.3,
        name: str = "compressed_spectrum_mse",
    ) -> None:
        super().__init__(name=name)
        self._stft = stft
        self._power = power
        self._complex_weight = complex_weight

    def call(self, targets: Tensors, outputs: Tensors) -> Tensor:
        """Compares `outputs["enhanced"]` with `targets["clean"]`."""
        clean, enhanced = (spectrum(x, self._stft) for x in without_padding(targets, outputs))
        clean_magnitude, enhanced_magnitude = _magnitude(clean), _magnitude(enhanced)
        # One power per spectrum, since it is the slowest operation.
        clean_gain, enhanced_gain = (
            ops.power(x, self._power - 1.0) for x in (clean_magnitude, enhanced_magnitude)
        )
        magnitude_error = ops.square(
            clean_magnitude * clean_gain - enhanced_magnitude * enhanced_gain
        )
        complex_error = masks.power(
            clean * clean_gain[..., None] - enhanced * enhanced_gain[..., None]
        )
        errors = magnitude_error + self._complex_weight * (complex_error - magnitude_error)
        return mean_over_frames(errors, targets["length"], self._stft)


def _magnitude(x: Tensor) -> Tensor:
    return ops.sqrt(masks.power(x) + _SMALLEST_POWER)
