"""Normalizations that see one frame, or the training set, and never the future."""

from __future__ import annotations

from typing import Any

import keras
import numpy.typing as npt
from keras import ops

from tfse.errors import ConfigError
from tfse.layers.streaming import Shape, Tensor


@keras.saving.register_keras_serializable(package="tfse")
class FrameNormalization(keras.layers.LayerNormalization):
    """Layer normalization over the bins and channels of each frame by itself.

    Args:
        epsilon: added to the variance.

    Shapes:
        `[batch, frames, bins, channels]` -> the same. Scale `gamma` and offset
        `beta`: `[bins, channels]`.

    Source:
        Le et al., "DPCRN: Dual-path convolution recurrent network for single
        channel speech enhancement", Interspeech 2021, section 2.2: instant layer
        normalization.
    """

    keeps_to_its_frame = True

    def __init__(self, epsilon: float = 1e-3, **kwargs: Any) -> None:
        """Fixes the axes to bins and channels."""
        kwargs["axis"] = (2, 3)
        super().__init__(epsilon=epsilon, **kwargs)


@keras.saving.register_keras_serializable(package="tfse")
class Standardization(keras.layers.Layer):
    """(x - mean) / deviation, with statistics of the training set kept as weights.

    Shapes:
        `[..., features]` -> the same. Weights `mean` and `deviation`: `[features]`,
        0 and 1 until `set_statistics` is called; training leaves them alone. All
        float32.
    """

    keeps_to_its_frame = True

    def __init__(self, **kwargs: Any) -> None:
        """Keeps float32: half precision would round the statistics."""
        kwargs["dtype"] = "float32"
        super().__init__(**kwargs)

    def build(self, input_shape: Shape) -> None:
        """Makes the weights."""
        shape = (input_shape[-1],)
        self.mean = self.add_weight(name="mean", shape=shape, initializer="zeros", trainable=False)
        self.deviation = self.add_weight(
            name="deviation", shape=shape, initializer="ones", trainable=False
        )

    def call(self, x: Tensor) -> Tensor:
        """Normalizes."""
        return (x - self.mean) / self.deviation

    def compute_output_shape(self, input_shape: Shape) -> Shape:
        """Returns the input's shape."""
        return input_shape

    def set_statistics(self, mean: npt.ArrayLike, deviation: npt.ArrayLike) -> None:
        """Keeps the statistics of the training set.

        Args:
            mean: `[features]`.
            deviation: standard deviation, `[features]`, above zero.

        Raises:
            ConfigError: a deviation that is not above zero.
        """
        smallest = float(ops.min(deviation))
        if not smallest > 0:
            raise ConfigError(f"`deviation` must be above 0; received {smallest}.")
        self.mean.assign(mean)
        self.deviation.assign(deviation)


@keras.saving.register_keras_serializable(package="tfse")
class LogPower(keras.layers.Layer):
    """Log power spectrum, log(|X|^2 + floor).

    Args:
        floor: power added before the logarithm, so that digital silence stays
            finite. 1e-8 is 100 dB below a bin of speech at -26 dBFS.

    Shapes:
        spectrum `[batch, frames, bins, 2]` -> `[batch, frames, bins]`, float32.
    """

    keeps_to_its_frame = True

    def __init__(self, floor: float = 1e-8, **kwargs: Any) -> None:
        """Keeps float32: half precision has no 1e-8."""
        kwargs["dtype"] = "float32"
        super().__init__(**kwargs)
        if not floor > 0:
            raise ConfigError(f"`floor` must be above 0; received {floor}.")
        self.floor = floor

    def call(self, spectrum: Tensor) -> Tensor:
        """Returns the logarithm of every bin's power."""
        return ops.log(ops.sum(ops.square(spectrum), axis=-1) + self.floor)

    def compute_output_shape(self, input_shape: Shape) -> Shape:
        """Returns `(batch, frames, bins)`."""
        return input_shape[:-1]

    def get_config(self) -> dict[str, Any]:
        """Returns the arguments of the constructor."""
        return {**super().get_config(), "floor": self.floor}


@keras.saving.register_keras_serializable(package="tfse")
class AppendChannel(keras.layers.Layer):
    """Gives a map of features one channel more.

    Shapes:
        `[batch, frames, bins, channels]` and `[batch, frames, bins]` ->
        `[batch, frames, bins, channels + 1]`.
    """

    keeps_to_its_frame = True

    def call(self, x: Tensor, channel: Tensor) -> Tensor:
        """Returns `x` with `channel` behind its others."""
        return ops.concatenate([x, ops.expand_dims(ops.cast(channel, x.dtype), -1)], axis=-1)

    def compute_output_shape(self, x_shape: Shape, channel_shape: Shape) -> Shape:
        """Returns the shape of `x` with a channel more."""
        return (*x_shape[:-1], x_shape[-1] + 1)
