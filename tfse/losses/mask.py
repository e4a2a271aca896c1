"""Losses on what the core of a model estimates: masks and log power spectra."""

from __future__ import annotations

import keras
from keras import ops

from tfse.dsp import masks
from tfse.layers import STFT
from tfse.losses.base import EnhancementLoss, Tensor, Tensors, mean_over_frames, spectrum


class MaskMSE(EnhancementLoss):
    """Mean squared error of the estimated ratio mask.

        mean over frames and bins of (mask - (S^2 / (S^2 + N^2))^exponent)^2

    Args:
        stft: transform of the model, which the mask is made for.
        exponent: of the ideal ratio mask.

    Source:
        Wang, Narayanan and Wang, IEEE/ACM TASLP 22(12), 2014, equation 2.
    """

    def __init__(self, stft: STFT, exponent: float = 0.5, name: str = "mask_mse") -> None:
        """Keeps the transform and the exponent."""
        super().__init__(name=name)
        self._stft = stft
        self._exponent = exponent

    def call(self, targets: Tensors, outputs: Tensors) -> Tensor:
        """Compares `outputs["mask"]`, `[batch, frames, bins]`, with the ideal mask."""
        mask = outputs["mask"]
        clean, noise = (
            spectrum(targets[name], self._stft, ops.shape(mask)[1]) for name in ("clean", "noise")
        )
        ideal = masks.ideal_ratio_mask(clean, noise, exponent=self._exponent)
        return mean_over_frames(ops.square(mask - ideal), targets["length"], self._stft)


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
        """Keeps the layers that make the target as the model makes its input."""
        super().__init__(name=name)
        self._stft = stft
        self._log_power = log_power
        self._standardization = standardization

    def call(self, targets: Tensors, outputs: Tensors) -> Tensor:
        """Compares `outputs["clean_log_power"]`, `[batch, frames, bins]`."""
        estimate = outputs["clean_log_power"]
        clean = spectrum(targets["clean"], self._stft, ops.shape(estimate)[1])
        target = self._standardization(self._log_power(clean))
        return mean_over_frames(ops.square(estimate - target), targets["length"], self._stft)
