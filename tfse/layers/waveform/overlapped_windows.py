"""Long overlapped windows of a waveform, and their cross-fade: for models on recordings."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
from keras import ops

from tfse.dsp import framing
from tfse.errors import ConfigError
from tfse.layers.streaming import State, StreamingLayer
from tfse.types import Shape, Tensor


class _Windows(StreamingLayer):
    """Base class of both directions: lengths and overlap."""

    offline_only = True

    def __init__(self, window_length: int, hop_length: int, **kwargs: Any) -> None:
        kwargs["dtype"] = "float32"
        super().__init__(**kwargs)
        if hop_length not in (window_length, window_length / 2) or window_length < 1:
            raise ConfigError(
                "`hop_length` must be `window_length` or half of it; received "
                f"hop_length={hop_length}, window_length={window_length}."
            )
        self.window_length = window_length
        self.hop_length = hop_length

    @property
    def overlap_samples(self) -> int:
        """Samples that two windows share."""
        return self.window_length - self.hop_length

    def get_config(self) -> dict[str, Any]:
        return {
            **super().get_config(),
            "window_length": self.window_length,
            "hop_length": self.hop_length,
        }


@keras.saving.register_keras_serializable(package="tfse")
class OverlappedWindows(_Windows):
    """Waveform cut into windows that the model sees whole, without their past.

    Such a model waits for a whole window, so that it serves for recordings only: it runs over
    a file block by block, but `require_streamable` refuses it.

    Args:
        window_length: samples per window.
        hop_length: from one window to the next: half the window, or the window for no overlap.

    Shapes:
        `[batch, windows * hop_length]` -> `[batch, windows, window_length, 1]`, float32. The
        first window begins with zeros. State `past`: `[batch, window_length - hop_length]`.

    Raises:
        ConfigError: `hop_length` is neither the window nor half of it.
    """

    def initial_state(self, batch_size: int | Tensor) -> State:
        if not self.overlap_samples:
            return {}
        return {"past": ops.zeros((batch_size, self.overlap_samples))}

    def advance(self, x: Tensor, state: State) -> tuple[Tensor, State]:
        samples, next_state = x, {}
        if self.overlap_samples:
            samples = ops.concatenate([state["past"], x], axis=1)
            next_state = {"past": samples[:, ops.shape(x)[1] :]}
        windows = framing.frame(
            samples, frame_length=self.window_length, hop_length=self.hop_length
        )
        return windows[..., None], next_state

    def compute_output_shape(self, input_shape: Shape) -> Shape:
        batch, samples = input_shape
        windows = None if samples is None else samples // self.hop_length
        return (batch, windows, self.window_length, 1)


@keras.saving.register_keras_serializable(package="tfse")
class CrossFade(_Windows):
    """Waveform from windows that fade into one another.

    The weights of a window rise linearly and fall linearly, and those of two windows add up to
    one, so that windows that agree are returned as they are.

    Args:
        window_length: samples per window.
        hop_length: as in `OverlappedWindows`; without overlap, windows are joined.

    Shapes:
        `[batch, windows, window_length, 1]` -> `[batch, windows * hop_length]`, float32, late
        by the overlap. State `overlap`: `[batch, window_length - hop_length]`.

    Raises:
        ConfigError: `hop_length` is neither the window nor half of it.
    """

    def __init__(self, window_length: int, hop_length: int, **kwargs: Any) -> None:
        super().__init__(window_length, hop_length, **kwargs)
        rise = (np.arange(hop_length) + 0.5) / hop_length
        self._weights = np.concatenate([rise, 1.0 - rise]).astype(np.float32)

    @property
    def latency_samples(self) -> int:
        """Samples by which the waveform is late: a sample waits for its second window."""
        return self.overlap_samples

    def initial_state(self, batch_size: int | Tensor) -> State:
        if not self.overlap_samples:
            return {}
        return {"overlap": ops.zeros((batch_size, self.overlap_samples))}

    def advance(self, x: Tensor, state: State) -> tuple[Tensor, State]:
        windows = x[..., 0]
        if not self.overlap_samples:
            return ops.reshape(windows, (-1, ops.shape(x)[1] * self.hop_length)), {}
        samples, overlap = framing.continue_overlap_add(
            windows * self._weights, state["overlap"], hop_length=self.hop_length
        )
        return samples, {"overlap": overlap}

    def compute_output_shape(self, input_shape: Shape) -> Shape:
        batch, windows = input_shape[:2]
        return (batch, None if windows is None else windows * self.hop_length)
