"""Short-time Fourier transform and its inverse, as streaming layers."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
from keras import ops

from tfse.dsp import fourier, framing, windows
from tfse.errors import ConfigError
from tfse.layers.lowering import is_lowering
from tfse.layers.streaming import State, StreamingLayer
from tfse.types import Shape, Tensor


class _Transform(StreamingLayer):
    """Base class of the transform and its inverse: their settings, in float32.

    Half precision has at most 60 dB of dynamic range, less than speech needs, so these
    layers use float32 under any dtype policy.
    """

    def __init__(
        self,
        frame_length: int,
        hop_length: int,
        fft_length: int | None = None,
        window: str = "sqrt_hann",
        **kwargs: Any,
    ) -> None:
        kwargs["dtype"] = "float32"
        super().__init__(**kwargs)
        fft_length = frame_length if fft_length is None else fft_length
        if not 1 <= hop_length <= frame_length <= fft_length:
            raise ConfigError(
                "1 <= `hop_length` <= `frame_length` <= `fft_length` must hold; received "
                f"hop_length={hop_length}, frame_length={frame_length}, fft_length={fft_length}."
            )
        if fft_length % 2:
            raise ConfigError(f"`fft_length` must be even; received {fft_length}.")
        self.frame_length = frame_length
        self.hop_length = hop_length
        self.fft_length = fft_length
        self.window = window
        self._analysis = windows.analysis_window(window, frame_length)
        self._synthesis = windows.synthesis_window(self._analysis, hop_length)

    @property
    def bins(self) -> int:
        """Frequency bins per frame, from 0 Hz to half the sample rate."""
        return self.fft_length // 2 + 1

    def _past(self, batch_size: int | Tensor) -> Tensor:
        return ops.zeros((batch_size, self.frame_length - self.hop_length), "float32")

    def get_config(self) -> dict[str, Any]:
        return {
            **super().get_config(),
            "frame_length": self.frame_length,
            "hop_length": self.hop_length,
            "fft_length": self.fft_length,
            "window": self.window,
        }


@keras.saving.register_keras_serializable(package="tfse")
class STFT(_Transform):
    """Short-time Fourier transform of a waveform.

    Frame t ends with sample `(t + 1) * hop_length - 1`: the transform is causal, and the
    samples before the first are zero.

    Args:
        frame_length: samples per frame.
        hop_length: samples from one frame to the next, at most `frame_length`.
        fft_length: points of the transform, even; frames are padded with zeros
            at their end. None for `frame_length`.
        window: name of the analysis window, see `tfse.dsp.windows`.
        sample_rate: of the waveform, in Hz; saved with the model.

    Shapes:
        waveform `[batch, frames * hop_length]` ->
        spectrum `[batch, frames, bins, 2]`, real and imaginary part.
        State `past`: `[batch, frame_length - hop_length]`.

    Raises:
        ConfigError: lengths out of order, or a window that does not reconstruct.
    """

    def __init__(
        self,
        frame_length: int,
        hop_length: int,
        fft_length: int | None = None,
        window: str = "sqrt_hann",
        sample_rate: int = 16_000,
        **kwargs: Any,
    ) -> None:
        super().__init__(frame_length, hop_length, fft_length, window, **kwargs)
        if sample_rate <= 0:
            raise ConfigError(f"`sample_rate` must be above 0 Hz; received {sample_rate}.")
        self.sample_rate = sample_rate

    def initial_state(self, batch_size: int | Tensor) -> State:
        return {"past": self._past(batch_size)}

    def advance(self, x: Tensor, state: State) -> tuple[Tensor, State]:
        if x.shape[1] is not None and x.shape[1] % self.hop_length:
            raise ConfigError(
                f"samples must come in whole hops of {self.hop_length}; received {x.shape[1]} "
                "samples."
            )
        samples = ops.concatenate([state["past"], x], axis=1)
        frames = framing.frame(samples, frame_length=self.frame_length, hop_length=self.hop_length)
        frames = frames * self._analysis.astype(np.float32)
        transform = fourier.forward if is_lowering() else ops.rfft
        real, imaginary = transform(frames, self.fft_length)
        kept = ops.shape(samples)[1] - (self.frame_length - self.hop_length)
        return ops.stack([real, imaginary], axis=-1), {"past": samples[:, kept:]}

    def compute_output_shape(self, input_shape: Shape) -> Shape:
        batch, samples = input_shape
        frames = None if samples is None else samples // self.hop_length
        return (batch, frames, self.bins, 2)

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "sample_rate": self.sample_rate}


@keras.saving.register_keras_serializable(package="tfse")
class InverseSTFT(_Transform):
    """Overlap-add of inverse transforms; inverts an `STFT` of the same settings.

    A sample is complete once the last frame that covers it is added, so the waveform is
    `frame_length - hop_length` samples late.

    Args:
        frame_length: samples per frame.
        hop_length: samples from one frame to the next.
        fft_length: points of the transform. None for `frame_length`.
        window: name of the *analysis* window, from which the synthesis window is derived,
            see `tfse.dsp.windows.synthesis_window`.

    Shapes:
        spectrum `[batch, frames, bins, 2]` -> waveform `[batch, frames * hop_length]`.
        State `overlap`: `[batch, frame_length - hop_length]`.

    Raises:
        ConfigError: lengths out of order, or a window that does not reconstruct.
    """

    @property
    def latency_samples(self) -> int:
        """Samples by which the output is later than the input."""
        return self.frame_length - self.hop_length

    def initial_state(self, batch_size: int | Tensor) -> State:
        return {"overlap": self._past(batch_size)}

    def advance(self, x: Tensor, state: State) -> tuple[Tensor, State]:
        x = ops.cast(x, "float32")
        if is_lowering():
            frames = fourier.inverse(x[..., 0], x[..., 1], self.fft_length)
        else:
            frames = ops.irfft((x[..., 0], x[..., 1]), fft_length=self.fft_length)
        frames = frames[..., : self.frame_length] * self._synthesis.astype(np.float32)
        samples, overlap = framing.continue_overlap_add(
            frames, state["overlap"], hop_length=self.hop_length
        )
        return samples, {"overlap": overlap}

    def compute_output_shape(self, input_shape: Shape) -> Shape:
        batch, frames = input_shape[:2]
        return (batch, None if frames is None else frames * self.hop_length)
