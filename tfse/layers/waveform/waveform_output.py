"""Channel axis of models on waveforms, and their output, which declares the latency."""

from __future__ import annotations

from typing import Any

import keras

from tfse.errors import ConfigError
from tfse.layers.streaming import State, StreamingLayer
from tfse.types import Shape, Tensor


@keras.saving.register_keras_serializable(package="tfse")
class WaveformToFrames(keras.layers.Layer):
    """Waveform as frames of one sample.

    Shapes:
        `[batch, samples]` -> `[batch, samples, 1]`, float32.
    """

    is_framewise = True

    def __init__(self, **kwargs: Any) -> None:
        kwargs["dtype"] = "float32"
        super().__init__(**kwargs)

    def call(self, x: Tensor) -> Tensor:
        return x[..., None]

    def compute_output_shape(self, input_shape: Shape) -> Shape:
        return (*input_shape, 1)


@keras.saving.register_keras_serializable(package="tfse")
class WaveformOutput(StreamingLayer):
    """Frames of one sample as a waveform, with the latency of the layers before it.

    Layers of other sample rates cannot add up their delays in samples of the waveform. The
    builder of the model derives the sum from its settings, and declares it here, once.

    Args:
        latency_samples: by which the waveform is late.

    Shapes:
        `[batch, samples, 1]` -> `[batch, samples]`, float32. No state.

    Raises:
        ConfigError: `latency_samples` is negative.
    """

    def __init__(self, latency_samples: int, **kwargs: Any) -> None:
        kwargs["dtype"] = "float32"
        super().__init__(**kwargs)
        if latency_samples < 0:
            raise ConfigError(
                f"`latency_samples` must not be negative; received {latency_samples}."
            )
        self._latency_samples = latency_samples

    @property
    def latency_samples(self) -> int:
        """Declared delay, in samples."""
        return self._latency_samples

    def initial_state(self, batch_size: int | Tensor) -> State:
        return {}

    def advance(self, x: Tensor, state: State) -> tuple[Tensor, State]:
        return x[..., 0], {}

    def compute_output_shape(self, input_shape: Shape) -> Shape:
        return tuple(input_shape[:-1])

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "latency_samples": self.latency_samples}
