"""Synthesis of a waveform from frames: inverse transform of each, and overlap-add."""

from __future__ import annotations

from typing import Any

import keras
from keras import ops

from tfse.dsp import fourier, framing
from tfse.errors import ConfigError
from tfse.layers.lowering import is_lowering
from tfse.layers.streaming import State, StreamingLayer
from tfse.types import Shape, Tensor


@keras.saving.register_keras_serializable(package="tfse")
class InverseFFT(keras.layers.Layer):
    """Inverse Fourier transform of each frame, without overlap-add, in float32.

    Args:
        fft_length: points of the transform, even.

    Shapes:
        spectrum `[batch, frames, fft_length // 2 + 1, 2]`, real and imaginary part ->
        `[batch, frames, fft_length]`.

    Raises:
        ConfigError: `fft_length` is odd.
    """

    is_framewise = True

    def __init__(self, fft_length: int, **kwargs: Any) -> None:
        kwargs["dtype"] = "float32"
        super().__init__(**kwargs)
        if fft_length < 2 or fft_length % 2:
            raise ConfigError(f"`fft_length` must be even; received {fft_length}.")
        self.fft_length = fft_length

    def call(self, x: Tensor) -> Tensor:
        real, imaginary = x[..., 0], x[..., 1]
        if is_lowering():
            return fourier.inverse(real, imaginary, self.fft_length)
        return ops.irfft((real, imaginary), fft_length=self.fft_length)

    def compute_output_shape(self, input_shape: Shape) -> Shape:
        return (*input_shape[:2], self.fft_length)

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "fft_length": self.fft_length}


@keras.saving.register_keras_serializable(package="tfse")
class OverlapAdd(StreamingLayer):
    """Sum of overlapping frames, without window and normalization, in float32.

    A sample is complete once the last frame that covers it is added, so the waveform is
    `frame_length - hop_length` samples late.

    Args:
        hop_length: samples from one frame to the next, at most their length.

    Shapes:
        `[batch, frames, frame_length]` -> waveform `[batch, frames * hop_length]`.
        State `overlap`: `[batch, frame_length - hop_length]`.

    Raises:
        ConfigError: `hop_length` is below 1 or above the length of the frames.
    """

    def __init__(self, hop_length: int, **kwargs: Any) -> None:
        kwargs["dtype"] = "float32"
        super().__init__(**kwargs)
        self.hop_length = hop_length

    def build(self, input_shape: Shape) -> None:
        self._frame_length = input_shape[-1]
        if not 1 <= self.hop_length <= self._frame_length:
            raise ConfigError(
                "`hop_length` must be 1 or more, and at most the length of a frame; received "
                f"hop_length={self.hop_length}, frames of {self._frame_length} samples."
            )

    @property
    def latency_samples(self) -> int:
        """Samples by which the output is later than the input."""
        return int(self._frame_length) - self.hop_length

    def initial_state(self, batch_size: int | Tensor) -> State:
        return {"overlap": ops.zeros((batch_size, self.latency_samples), "float32")}

    def advance(self, x: Tensor, state: State) -> tuple[Tensor, State]:
        samples, overlap = framing.continue_overlap_add(
            ops.cast(x, "float32"), state["overlap"], hop_length=self.hop_length
        )
        return samples, {"overlap": overlap}

    def compute_output_shape(self, input_shape: Shape) -> Shape:
        batch, frames = input_shape[:2]
        return (batch, None if frames is None else frames * self.hop_length)

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "hop_length": self.hop_length}
