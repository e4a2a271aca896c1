"""Causal normalizations: per frame, or by statistics of the training set."""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Iterator
from contextvars import ContextVar
from typing import Any

import keras
import numpy.typing as npt
from keras import ops

from tfse.errors import ConfigError
from tfse.types import Shape, Tensor

_frame_counts: ContextVar[Tensor | None] = ContextVar("frame_counts", default=None)


@contextlib.contextmanager
def frames_without_padding(counts: Tensor) -> Iterator[None]:
    """Provides every `BatchNormalization` that trains inside with the examples' lengths.

    Args:
        counts: frames per example that are not padding, `[batch]`, integers.
    """
    token = _frame_counts.set(counts)
    try:
        yield
    finally:
        _frame_counts.reset(token)


@keras.saving.register_keras_serializable(package="tfse")
class BatchNormalization(keras.layers.BatchNormalization):
    """Batch normalization whose statistics exclude padding.

    In a zero-padded batch of examples of several lengths, frames of padding would change
    the statistics and the gradients of all others. Inside `frames_without_padding` they
    are excluded; elsewhere, and in inference, this is the layer of Keras.

    Shapes:
        `[batch, frames, ..., channels]` -> the same.

    Source:
        Ioffe and Szegedy, "Batch normalization", ICML 2015.
    """

    def _moments(self, inputs: Tensor, mask: Tensor | None) -> tuple[Tensor, Tensor]:
        # Keras' own masking does not synchronize replicas.
        counts = _frame_counts.get()
        if counts is None:
            return super()._moments(inputs, mask)
        valid = ops.arange(ops.shape(inputs)[1])[None] < ops.cast(counts, "int32")[:, None]
        valid = ops.reshape(valid, (*ops.shape(valid), *[1] * (len(inputs.shape) - 2)))
        # `where` instead of a product: padding may contain NaN.
        inputs = ops.where(valid, inputs, 0.0)
        share, _ = self._over_replicas(ops.cast(valid, inputs.dtype), range(len(inputs.shape)))
        first, spread = self._over_replicas(inputs, self._reduction_axes)
        mean = first / share
        variance = (spread + ops.square(first)) / share - ops.square(mean)
        return mean, ops.maximum(variance, 0.0)

    def _over_replicas(self, x: Tensor, axes: Iterable[int]) -> tuple[Tensor, Tensor]:
        """Returns mean and variance over axes and replicas."""
        mean, variance = ops.moments(x, axes=tuple(axes), synchronized=self.synchronized)
        return mean, variance


@keras.saving.register_keras_serializable(package="tfse")
class FrameNormalization(keras.layers.LayerNormalization):
    """Layer normalization over the bins and channels of each frame.

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

    is_framewise = True

    def __init__(self, epsilon: float = 1e-3, **kwargs: Any) -> None:
        kwargs["axis"] = (2, 3)
        super().__init__(epsilon=epsilon, **kwargs)


@keras.saving.register_keras_serializable(package="tfse")
class FeatureNormalization(keras.layers.LayerNormalization):
    """Layer normalization over the features of each frame, and of each band if there are bands.

    Args:
        epsilon: added to the variance.

    Shapes:
        `[batch, frames, ..., features]` -> the same. Scale `gamma` and offset `beta`:
        `[features]`.

    Source:
        Luo and Mesgarani, "Conv-TasNet", IEEE/ACM TASLP 27(8), 2019, section II.C;
        "instant layer normalization" in Westhausen and Meyer, Interspeech 2020.
    """

    is_framewise = True

    def __init__(self, epsilon: float = 1e-3, **kwargs: Any) -> None:
        kwargs["axis"] = -1
        super().__init__(epsilon=epsilon, **kwargs)


@keras.saving.register_keras_serializable(package="tfse")
class Standardization(keras.layers.Layer):
    """Standardization by mean and standard deviation of the training set.

    Shapes:
        `[..., features]` -> the same. Weights `mean` and `deviation`: `[features]`,
        0 and 1 until `set_statistics` is called, not trained. All float32.
    """

    is_framewise = True

    def __init__(self, **kwargs: Any) -> None:
        kwargs["dtype"] = "float32"
        super().__init__(**kwargs)

    def build(self, input_shape: Shape) -> None:
        shape = (input_shape[-1],)
        self.mean = self.add_weight(name="mean", shape=shape, initializer="zeros", trainable=False)
        self.deviation = self.add_weight(
            name="deviation", shape=shape, initializer="ones", trainable=False
        )

    def call(self, x: Tensor) -> Tensor:
        return (x - self.mean) / self.deviation

    def compute_output_shape(self, input_shape: Shape) -> Shape:
        return input_shape

    def set_statistics(self, mean: npt.ArrayLike, deviation: npt.ArrayLike) -> None:
        """Sets the statistics of the training set.

        Args:
            mean: `[features]`.
            deviation: standard deviation, `[features]`, above 0.

        Raises:
            ConfigError: a standard deviation is not above 0.
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
        floor: power added before the logarithm, which keeps digital silence finite.
            1e-8 is 100 dB below a bin of speech at -26 dBFS.

    Shapes:
        spectrum `[batch, frames, bins, 2]` -> `[batch, frames, bins]`, float32.
    """

    is_framewise = True

    def __init__(self, floor: float = 1e-8, **kwargs: Any) -> None:
        kwargs["dtype"] = "float32"
        super().__init__(**kwargs)
        if not floor > 0:
            raise ConfigError(f"`floor` must be above 0; received {floor}.")
        self.floor = floor

    def call(self, spectrum: Tensor) -> Tensor:
        return ops.log(ops.sum(ops.square(spectrum), axis=-1) + self.floor)

    def compute_output_shape(self, input_shape: Shape) -> Shape:
        return input_shape[:-1]

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "floor": self.floor}


@keras.saving.register_keras_serializable(package="tfse")
class AppendChannel(keras.layers.Layer):
    """Concatenation of one more channel to a feature map.

    Shapes:
        `[batch, frames, bins, channels]` and `[batch, frames, bins]` ->
        `[batch, frames, bins, channels + 1]`.
    """

    is_framewise = True

    def call(self, x: Tensor, channel: Tensor) -> Tensor:
        return ops.concatenate([x, ops.expand_dims(ops.cast(channel, x.dtype), -1)], axis=-1)

    def compute_output_shape(self, x_shape: Shape, channel_shape: Shape) -> Shape:
        return (*x_shape[:-1], x_shape[-1] + 1)
