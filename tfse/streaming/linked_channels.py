"""Linked channels: one gain for all channels, which keeps the stereo image."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np

from tfse.dsp.windows import analysis_window
from tfse.streaming.steps.base import Step
from tfse.types import Samples

# Share of the channels' power that moves the gain of a bin to 1 where their mean cancels.
_CANCELLATION_FLOOR = 1e-3


@dataclasses.dataclass
class _State:
    inner: Any
    #: `[channels, latency of the model]`, input delayed to be time-aligned with its output.
    delayed: Samples
    #: `[channels + 2, hop]`: channels, their mean and the enhanced mean of the last hop.
    last: Samples
    #: `[channels, hop]`, the second half of the last frames.
    overlap: Samples


class LinkedChannels:
    """Step whose streams are the channels of one recording.

    The model enhances the mean of the channels. Its gain for the magnitude of every bin,
    at most 1, is applied to the same bin of every channel, in frames of two hops. Level
    and time differences between channels are kept. Where the mean of the channels cancels
    out, the channels are left unchanged.

    Args:
        step: the model.

    Example:
        >>> stereo = LinkedChannels(open_step("dpcrn_small"))
        >>> enhancer = StreamingEnhancer(stereo, num_streams=2)
    """

    def __init__(self, step: Step) -> None:
        self._step = step
        self._window = analysis_window("sine", 2 * step.hop_length).astype(np.float32)
        self.sample_rate = step.sample_rate
        self.hop_length = step.hop_length
        self.latency_samples = step.latency_samples + step.hop_length

    def initial_state(self, num_streams: int) -> _State:
        """Returns the state of `num_streams` channels before their first sample."""
        hop = self.hop_length
        return _State(
            self._step.initial_state(1),
            np.zeros((num_streams, self._step.latency_samples), np.float32),
            np.zeros((num_streams + 2, hop), np.float32),
            np.zeros((num_streams, hop), np.float32),
        )

    def __call__(self, noisy: Samples, state: _State) -> tuple[Samples, _State]:
        """Runs the next block, `[channels, n * hop]`; see `Step`."""
        enhanced, inner = self._step(noisy.mean(axis=0, keepdims=True), state.inner)
        queue = np.concatenate([state.delayed, noisy], axis=1)
        channels, delayed = np.split(queue, [noisy.shape[1]], axis=1)
        signals = np.concatenate([channels, channels.mean(axis=0, keepdims=True), enhanced])
        framed = self._spectra(np.concatenate([state.last, signals], axis=1))
        frames = np.fft.irfft(framed[:-2] * _gain(framed)) * self._window
        firsts, seconds = np.split(frames.astype(np.float32), 2, axis=2)
        overlaps = np.concatenate([state.overlap[:, np.newaxis], seconds], axis=1)
        output = (firsts + overlaps[:, :-1]).reshape(channels.shape)
        last = signals[:, -self.hop_length :]
        return output, _State(inner, delayed, last, overlaps[:, -1])

    def _spectra(self, signals: Samples) -> Any:
        """Returns spectra of frames of two hops, `[signals, frames, bins]`."""
        hops = signals.reshape(len(signals), -1, self.hop_length)
        frames = np.concatenate([hops[:, :-1], hops[:, 1:]], axis=2)
        return np.fft.rfft(frames * self._window)


def _gain(spectra: Any) -> Any:
    """Returns the gain of every bin, `[1, frames, bins]`."""
    *channels, mean, enhanced = np.abs(spectra)
    power = _CANCELLATION_FLOOR * np.mean(np.square(channels), axis=0) + np.finfo(np.float32).tiny
    return np.minimum(1.0, (enhanced * mean + power) / (mean**2 + power))[np.newaxis]
