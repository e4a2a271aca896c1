"""Concatenation of each bin with its neighbours."""

from __future__ import annotations

from typing import Any

import keras
from keras import ops

from tfse.errors import ConfigError
from tfse.types import Shape, Tensor


@keras.saving.register_keras_serializable(package="tfse")
class NeighbouringBins(keras.layers.Layer):
    """Channels of each bin and of the bins around it: sub-band feature extraction.

    Args:
        size: bins in each neighbourhood, odd.

    Shapes:
        `[batch, frames, bins, channels]` -> `[batch, frames, bins, size * channels]`, the
        lowest bin first; zeros beyond the lowest and the highest.

    Raises:
        ConfigError: `size` is even.

    Source:
        Rong et al., "GTCRN", ICASSP 2024, section 2.2.
    """

    is_framewise = True

    def __init__(self, size: int = 3, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        if size < 1 or size % 2 == 0:
            raise ConfigError(f"`size` must be odd; received {size}.")
        self.size = size

    def call(self, x: Tensor) -> Tensor:
        bins, reach = x.shape[2], self.size // 2
        padded = ops.pad(x, [[0, 0], [0, 0], [reach, reach], [0, 0]])
        shifted = [padded[:, :, start : start + bins] for start in range(self.size)]
        return ops.concatenate(shifted, axis=-1)

    def compute_output_shape(self, input_shape: Shape) -> Shape:
        return (*input_shape[:-1], self.size * input_shape[-1])

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "size": self.size}
