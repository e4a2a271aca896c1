"""Losses on the heads of a model's core: masks and log power spectra."""

from __future__ import annotations

import keras
from keras import ops

from tfse.dsp import masks
from tfse.errors import ConfigError
from tfse.layers import STFT
from tfse.layers.padding import (
    head_without_padding,
    mean_over_frames,
    spectrum,
    target_without_padding,
)
from tfse.losses.base import EnhancementLoss, Tensors
from tfse.types import Tensor


class MaskMSE(EnhancementLoss):
    """Mean squared error of the estimated ratio mask.

        mean over frames and bins of (mask - (S^2 / (S^2 + N^2))^exponent)^2

    Args:
        stft: transform of the model, to which the mask applies.
        exponent: of the ideal ratio mask.

    Source:
        Wang, Narayanan and Wang, IEEE/ACM TASLP 22(12), 2014, equation 2.
    """

    def __init__(self, stft: STFT, exponent: float = 0.5, name: str = "mask_mse") -> None:
        super().__init__(name=name)
        self._stft = stft
        self._exponent = exponent

    def call(self, targets: Tensors, outputs: Tensors) -> Tensor:
        """Compares `outputs["mask"]`, `[batch, frames, bins]`, with the ideal mask."""
        length = targets["length"]
        mask = head_without_padding(outputs["mask"], length, self._stft)
        clean, noise = (
            spectrum(target_without_padding(targets, name), self._stft, ops.shape(mask)[1])
            for name in ("clean", "noise")
        )
        ideal = masks.ideal_ratio_mask(clean, noise, exponent=self._exponent)
        return mean_over_frames(ops.square(mask - ideal), length, self._stft)


class ComplexMaskMSE(EnhancementLoss):
    """Mean squared error of the estimated complex ratio mask, both compressed.

        mean over frames, bins and parts of (Q(mask) - Q(S / Y))^2,  Q(x) = K tanh(C x / 2)

    with the spectra S of the clean and Y of the noisy waveform. The ideal mask is unbounded
    where the noisy spectrum is small; compressed, its parts are within -K..K. In digital
    silence it is 0.

    Args:
        stft: transform of the model, to which the mask applies.
        limit: K, the bound of a part; above 0.
        steepness: C; above 0.

    Raises:
        ConfigError: `limit` or `steepness` is not above 0.

    Source:
        Williamson, Wang and Wang, "Complex ratio masking for monaural speech
        separation", IEEE/ACM TASLP 24(3), 2016, equations 9 to 13. There the network
        estimates Q of the mask; here it estimates the mask itself.
    """

    def __init__(
        self,
        stft: STFT,
        limit: float = 10.0,
        steepness: float = 0.1,
        name: str = "complex_mask_mse",
    ) -> None:
        super().__init__(name=name)
        if limit <= 0 or steepness <= 0:
            raise ConfigError(
                "`mask_limit` and `mask_steepness` must be above 0; received "
                f"mask_limit={limit}, mask_steepness={steepness}."
            )
        self._stft = stft
        self._limit = limit
        self._steepness = steepness

    def call(self, targets: Tensors, outputs: Tensors) -> Tensor:
        """Compares `outputs["mask"]`, `[batch, frames, bins, 2]`, with the ideal mask."""
        length = targets["length"]
        mask = head_without_padding(outputs["mask"], length, self._stft)
        clean, noisy = (
            spectrum(target_without_padding(targets, name), self._stft, ops.shape(mask)[1])
            for name in ("clean", "noisy")
        )
        ideal = masks.ideal_complex_mask(clean, noisy)
        errors = ops.square(self._compressed(mask) - self._compressed(ideal))
        return mean_over_frames(ops.mean(errors, axis=3), length, self._stft)

    def _compressed(self, mask: Tensor) -> Tensor:
        return self._limit * ops.tanh(0.5 * self._steepness * mask)


class CleanLogPowerMSE(EnhancementLoss):
    """Mean squared error of the second head, the clean log power spectrum.

        mean over frames and bins of (estimate - standardize(log(|S|^2 + floor)))^2

    Args:
        stft: transform of the model.
        log_power: layer of the model from spectrum to log power.
        standardization: layer of the model with the statistics of the training set.

    Source:
        Sun, Du, Dai and Lee, HSCMA 2017, equation 3.
    """

    def __init__(
        self,
        stft: STFT,
        log_power: keras.layers.Layer,
        standardization: keras.layers.Layer,
        name: str = "clean_log_power_mse",
    ) -> None:
        super().__init__(name=name)
        self._stft = stft
        self._log_power = log_power
        self._standardization = standardization

    def call(self, targets: Tensors, outputs: Tensors) -> Tensor:
        """Compares `outputs["clean_log_power"]`, `[batch, frames, bins]`."""
        length = targets["length"]
        estimate = head_without_padding(outputs["clean_log_power"], length, self._stft)
        clean = target_without_padding(targets, "clean")
        clean = spectrum(clean, self._stft, ops.shape(estimate)[1])
        target = self._standardization(self._log_power(clean))
        return mean_over_frames(ops.square(estimate - target), length, self._stft)
