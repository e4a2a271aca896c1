"""Feature statistics: mean and standard deviation of a model's features over mixtures."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import Any

import keras
import numpy as np
import numpy.typing as npt

from tfse.layers import Standardization
from tfse.layers.padding import spectrum
from tfse.models import EnhancementModel
from tfse.models.enhancement_model import core_of

# Bins that hardly vary (a high-pass at 0 Hz) must not be amplified.
_SMALLEST_STANDARD_DEVIATION = 0.1


def measure_statistics(
    model: EnhancementModel,
    batches: Iterable[Mapping[str, Any]],
    known: Collection[str] = (),
) -> None:
    """Sets the statistics of every `Standardization` in a model's core.

    Args:
        model: a tfse model; one that does not standardize is left unchanged.
        batches: dicts with `noisy` `[batch, samples]` and `length` `[batch]`.
        known: paths of weights that are not fresh; statistics among them stay, since
            the weights after them were trained with them.
    """
    core = core_of(model)
    layers = [
        layer
        for layer in (core.layers if core else ())
        if isinstance(layer, Standardization) and layer.mean.path not in known
    ]
    if not core or not layers:
        return
    features = keras.Model(core.input, [layer.input for layer in layers])
    moments = [_Moments() for _ in layers]
    for batch in batches:
        outputs = features(spectrum(batch["noisy"], model.stft))
        for moment, values in zip(moments, keras.tree.flatten(outputs), strict=True):
            moment.add(_valid_frames(np.asarray(values), np.asarray(batch["length"]), model))
    for layer, moment in zip(layers, moments, strict=True):
        layer.set_statistics(
            moment.mean(), np.maximum(moment.standard_deviation(), _SMALLEST_STANDARD_DEVIATION)
        )


def _valid_frames(
    values: npt.NDArray[Any], length: npt.NDArray[Any], model: EnhancementModel
) -> npt.NDArray[Any]:
    frames = -(-length // model.hop_length)
    return np.concatenate([row[:count] for row, count in zip(values, frames, strict=True)])


class _Moments:
    """Sums of values and of their squares, in float64."""

    def __init__(self) -> None:
        self._count = 0
        self._sums: npt.NDArray[np.float64] = np.zeros(2)

    def add(self, values: npt.NDArray[Any]) -> None:
        """Adds rows, `[rows, features]`."""
        values = values.astype(np.float64)
        self._sums = self._sums.reshape(2, -1) + np.stack([values.sum(0), (values**2).sum(0)])
        self._count += len(values)

    def mean(self) -> npt.NDArray[np.float64]:
        """Returns the mean, `[features]`."""
        return np.asarray(self._sums[0] / self._count)

    def standard_deviation(self) -> npt.NDArray[np.float64]:
        """Returns the standard deviation, `[features]`."""
        variance = self._sums[1] / self._count - self.mean() ** 2
        return np.asarray(np.sqrt(np.maximum(variance, 0.0)))
