"""Bands of equal rectangular bandwidth (ERB): merged bins, and bins from bands."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
import numpy.typing as npt
from keras import ops

from tfse.errors import ConfigError
from tfse.types import Shape, Tensor


class _Bands(keras.layers.Layer):
    """Base class: the lowest bins pass, and a fixed matrix maps the others."""

    is_framewise = True

    def __init__(self, kept: int, mapped: int, sample_rate: int = 16_000, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        if kept < 1 or mapped < 2 or sample_rate < 1:
            raise ConfigError(
                "`kept` and `sample_rate` must be 1 or more, and the bands 2 or more; received "
                f"kept={kept}, {mapped} and sample_rate={sample_rate}."
            )
        self.kept = kept
        self.sample_rate = sample_rate
        self._mapped = mapped

    def _add_kernel(self, matrix: npt.NDArray[np.float32]) -> None:
        # A weight, since published weights contain it.
        self.kernel = self.add_weight(
            name="kernel",
            shape=matrix.shape,
            initializer=lambda shape, dtype: ops.cast(matrix, dtype),
            trainable=False,
        )

    def call(self, x: Tensor) -> Tensor:
        mapped = ops.matmul(ops.transpose(self.kernel), x[:, :, self.kept :])
        return ops.concatenate([x[:, :, : self.kept], mapped], axis=2)

    def compute_output_shape(self, input_shape: Shape) -> Shape:
        return (*input_shape[:2], self.kept + self._mapped, input_shape[3])

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "kept": self.kept, "sample_rate": self.sample_rate}


@keras.saving.register_keras_serializable(package="tfse")
class BandMerging(_Bands):
    """Sum of the higher bins in bands of an ERB scale; the lower bins pass.

    Args:
        kept: number of lowest bins that pass.
        bands: number of bands of the bins above, 2 or more.
        sample_rate: in Hz, of a spectrum up to half of it.

    Shapes:
        `[batch, frames, bins, channels]` -> `[batch, frames, kept + bands, channels]`.
        `kernel` `[bins - kept, bands]`, not trained: triangles whose sum is 1 in every bin.

    Raises:
        ConfigError: bands are narrower than a bin.

    Source:
        Rong et al., "GTCRN", ICASSP 2024, section 2.1.
    """

    def __init__(self, kept: int, bands: int, sample_rate: int = 16_000, **kwargs: Any) -> None:
        super().__init__(kept, bands, sample_rate, **kwargs)
        self.bands = bands

    def build(self, input_shape: Shape) -> None:
        self._add_kernel(erb_triangles(input_shape[2], self.kept, self.bands, self.sample_rate))

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "bands": self.bands}


@keras.saving.register_keras_serializable(package="tfse")
class BandSplitting(_Bands):
    """Interpolation of bins between the bands of `BandMerging`; the lower bins pass.

    Args:
        kept: number of lowest bins that pass.
        bins: number of all bins of the output.
        sample_rate: in Hz, of a spectrum up to half of it.

    Shapes:
        `[batch, frames, kept + bands, channels]` -> `[batch, frames, bins, channels]`.
        `kernel` `[bands, bins - kept]`, not trained: the transpose of that of `BandMerging`.

    Raises:
        ConfigError: bands are narrower than a bin.
    """

    def __init__(self, kept: int, bins: int, sample_rate: int = 16_000, **kwargs: Any) -> None:
        super().__init__(kept, bins - kept, sample_rate, **kwargs)
        self.bins = bins

    def build(self, input_shape: Shape) -> None:
        bands = input_shape[2] - self.kept
        self._add_kernel(erb_triangles(self.bins, self.kept, bands, self.sample_rate).T)

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "bins": self.bins}


def erb_triangles(bins: int, kept: int, bands: int, sample_rate: int) -> npt.NDArray[np.float32]:
    """Returns triangles between bins that are evenly spaced in ERB numbers.

    Args:
        bins: of the spectrum, from 0 Hz to half the sample rate.
        kept: bins below the first band.
        bands: number of triangles; the first peaks at bin `kept`, the last at the highest bin.
        sample_rate: in Hz.

    Returns:
        `[bins - kept, bands]`, each row with the sum 1.

    Raises:
        ConfigError: two triangles peak at the same bin.

    Source:
        Glasberg and Moore, "Derivation of auditory filter shapes from notched-noise data",
        Hearing Research 47, 1990, equation 4.
    """
    width_hz = sample_rate / 2 / (bins - 1)
    lowest, highest = _erb_numbers(np.array([kept, bins - 1]) * width_hz)
    peaks = np.round(_frequencies(np.linspace(lowest, highest, bands)) / width_hz)
    if kept > bins - bands or np.diff(peaks).min() < 1:
        raise ConfigError(
            "bands must be at least a bin wide; received "
            f"{bands} bands of {bins - kept} bins at {sample_rate} Hz."
        )
    above = np.arange(kept, bins)
    triangles = [np.interp(above, peaks, unit) for unit in np.eye(bands)]
    return np.stack(triangles, axis=1).astype(np.float32)


def _erb_numbers(frequencies: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    return np.asarray(21.4 * np.log10(0.00437 * frequencies + 1))


def _frequencies(erb_numbers: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    return np.asarray((10 ** (erb_numbers / 21.4) - 1) / 0.00437)
