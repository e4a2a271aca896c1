"""Linear map over frequency, and triangular bands for its initialization."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
import numpy.typing as npt
from keras import ops

from tfse.errors import ConfigError
from tfse.types import Shape, Tensor


@keras.saving.register_keras_serializable(package="tfse")
class FrequencyMap(keras.layers.Layer):
    """Product of a matrix with the bins of each frame, shared by all channels.

    The matrix is initialized with a linear interpolation between evenly spaced bands: a
    triangular filterbank from more bins to fewer bands, its transpose from fewer to more;
    the weights of each band sum to 1.

    Args:
        bands: number of output bands.
        learned: whether the matrix is trained.

    Shapes:
        `[batch, frames, bins, channels]` -> `[batch, frames, bands, channels]`. `kernel`
        `[bins, bands]`.

    Raises:
        ConfigError: fewer than two bands.

    Source:
        Ahn et al., "FastEnhancer", ICASSP 2026; code: `rf_pre_post_lin`.
    """

    is_framewise = True

    def __init__(self, bands: int, learned: bool = False, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        if bands < 2:
            raise ConfigError(f"`bands` must be 2 or more; received {bands}.")
        self.bands = bands
        self.learned = learned

    def build(self, input_shape: Shape) -> None:
        self.kernel = self.add_weight(
            name="kernel",
            shape=(input_shape[2], self.bands),
            initializer=lambda shape, dtype: ops.cast(interpolation(*shape), dtype),
            trainable=self.learned,
        )

    def call(self, x: Tensor) -> Tensor:
        return ops.matmul(ops.transpose(self.kernel), x)

    def compute_output_shape(self, input_shape: Shape) -> Shape:
        return (*input_shape[:2], self.bands, input_shape[3])

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "bands": self.bands, "learned": self.learned}


def interpolation(bins: int, bands: int) -> npt.NDArray[np.float32]:
    """Returns the matrix of linear interpolation, `[bins, bands]`, each column summing to 1.

    The larger side's points are weighted by the smaller side's triangles. As in the
    original, a triangle is as wide as the range divided by the number of bands, not of
    intervals, so that neighbours overlap by slightly less than half.
    """
    fewer, more = sorted((bins, bands))
    centres, points = np.linspace(0, fewer, fewer), np.linspace(0, fewer, more)
    down = np.concatenate([centres[1:, None] - points[None], np.ones((1, more))])
    up = np.concatenate([np.ones((1, more)), points[None] - centres[:-1, None]])
    triangles = np.maximum(0.0, np.minimum(down, up))
    matrix = triangles.T if bins >= bands else triangles
    return (matrix / matrix.sum(axis=0, keepdims=True)).astype(np.float32)
