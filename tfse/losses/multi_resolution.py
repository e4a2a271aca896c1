"""Multi-resolution STFT loss, on magnitudes."""

from __future__ import annotations

from collections.abc import Sequence

from keras import ops

from tfse.dsp import masks
from tfse.layers import STFT
from tfse.layers.padding import mean_over_frames, spectrum, without_padding
from tfse.losses.base import EnhancementLoss, Tensors
from tfse.types import Tensor

#: (frame, hop, FFT) in samples, as in Parallel WaveGAN.
RESOLUTIONS = ((600, 120, 1024), (1200, 240, 2048), (240, 50, 512))

# Lower bound of a bin's power before root and logarithm, -70 dB as in Parallel WaveGAN.
_SMALLEST_POWER = 1e-7


class MultiResolutionSTFT(EnhancementLoss):
    """Spectral convergence + log magnitude error, averaged over resolutions.

        |||S| - |E|||_F / |||S|||_F + mean |ln |S| - ln |E||

    Where the clean speech is silent, the first term is undefined and left out.

    Args:
        resolutions: (frame, hop, FFT) in samples, per transform.

    Raises:
        ConfigError: lengths of a transform out of order.

    Source:
        Yamamoto, Song and Kim, "Parallel WaveGAN", ICASSP 2020, equations 4 to 7; in
        speech enhancement Defossez, Synnaeve and Adi, Interspeech 2020.
    """

    def __init__(
        self,
        resolutions: Sequence[tuple[int, int, int]] = RESOLUTIONS,
        name: str = "multi_resolution_stft",
    ) -> None:
        super().__init__(name=name)
        self._transforms = [STFT(*lengths, window="hann") for lengths in resolutions]

    def call(self, targets: Tensors, outputs: Tensors) -> Tensor:
        """Compares `outputs["enhanced"]` with `targets["clean"]`."""
        clean, enhanced = without_padding(targets, outputs)
        errors = [_error(clean, enhanced, targets["length"], stft) for stft in self._transforms]
        return sum(errors) / len(errors)


def _error(clean: Tensor, enhanced: Tensor, length: Tensor, stft: STFT) -> Tensor:
    """Returns the sum of both errors at one resolution, `[batch]`."""
    powers = [masks.power(spectrum(x, stft)) for x in (clean, enhanced)]
    reference, estimate = (ops.sqrt(power + _SMALLEST_POWER) for power in powers)
    # Frames of padding are zero in both, so they do not change the sum.
    difference = ops.sum(ops.square(reference - estimate), axis=(1, 2))
    energy = ops.sum(powers[0], axis=(1, 2))
    is_sound = energy > _SMALLEST_POWER
    convergence = ops.sqrt((difference + _SMALLEST_POWER) / ops.where(is_sound, energy, 1.0))
    logarithmic = ops.abs(ops.log(reference) - ops.log(estimate))
    return ops.where(is_sound, convergence, 0.0) + mean_over_frames(logarithmic, length, stft)
