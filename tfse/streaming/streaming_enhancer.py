"""Feeds a step with any number of samples at a time."""

from __future__ import annotations

from typing import Any

import numpy as np

from tfse.audio.finite_guard import FiniteGuard
from tfse.errors import AudioError, ConfigError
from tfse.streaming.steps.base import Step
from tfse.types import Samples

# A step runs at most so much audio at once, all streams together: enough that
# the cost of a call does not count, little enough that memory stays small.
_BLOCK_S = 2.0


class StreamingEnhancer:
    """Enhances streams as their samples arrive, in pieces of any size.

    Everything that `process` and `flush` return, put together, has as many
    samples as went in and is in line with them: the delay of the model is
    taken out by dropping its first `latency_samples` outputs and by pushing
    silence through it at the end. Sample k of a stream is returned by the call
    that brings sample `k + latency_samples`, or up to `hop_length - 1` samples
    later, since a step needs whole hops.

    The result does not depend on how the samples were cut into pieces.

    Args:
        step: the model; see `tfse.streaming.open_step`.
        num_streams: streams that run side by side as one batch, each with its
            own state.
        on_invalid: what to do with a sample that is NaN, infinite or larger
            than 1e12: "raise" an error, or take it as silence ("zero").

    Shapes:
        `[samples]` if there is one stream, `[streams, samples]` for any number;
        the output has the form of the input. float32, full scale is 1.

    Raises:
        ConfigError: no stream, or an unknown `on_invalid`.

    Example:
        >>> enhancer = StreamingEnhancer(open_step("dpcrn_small"))
        >>> pieces = [enhancer.process(noisy[i : i + 160]) for i in range(0, noisy.size, 160)]
        >>> enhanced = np.concatenate([*pieces, enhancer.flush()])
    """

    def __init__(self, step: Step, num_streams: int = 1, on_invalid: str = "raise") -> None:
        if num_streams < 1:
            raise ConfigError(f"`num_streams` must be at least 1; received {num_streams}.")
        self._step = step
        self._num_streams = num_streams
        self._guard = FiniteGuard(on_invalid)
        block_samples = int(_BLOCK_S * step.sample_rate / num_streams)
        self._block = max(1, block_samples // step.hop_length) * step.hop_length
        self.reset()

    @property
    def latency_samples(self) -> int:
        """Samples by which the model is late; the output is already in line."""
        return self._step.latency_samples

    @property
    def latency_ms(self) -> float:
        """The same in milliseconds."""
        return 1000.0 * self.latency_samples / self._step.sample_rate

    def reset(self) -> None:
        """Forgets the past: the next sample is the first of new streams."""
        self._state: Any = self._step.initial_state(self._num_streams)
        self._pending = np.zeros((self._num_streams, 0), np.float32)
        self._late = self.latency_samples
        self._received = 0
        self._returned = 0
        self._flat = self._num_streams == 1

    def process(self, samples: Samples) -> Samples:
        """Takes the next samples and returns all that is ready.

        Args:
            samples: any number, none too; see the shapes of the class.

        Returns:
            Enhanced samples, as many as are ready, in the same form.

        Raises:
            AudioError: wrong shape or type, or a sample is not finite; the
                streams are then as they were before the call.
        """
        noisy = self._checked(samples)
        self._flat = samples.ndim == 1
        self._received += noisy.shape[1]
        return self._formed(self._run(noisy))

    def flush(self) -> Samples:
        """Ends the streams: returns what is still inside, and starts anew.

        Returns:
            The rest, so that as many samples came out as went in.
        """
        missing = self._received - self._returned
        if missing == 0:
            rest = np.zeros((self._num_streams, 0), np.float32)
        else:
            wanted = self._pending.shape[1] + self._step.latency_samples
            silence = self._step.latency_samples + -wanted % self._step.hop_length
            rest = self._run(np.zeros((self._num_streams, silence), np.float32))[:, :missing]
        rest = self._formed(rest)
        self.reset()
        return rest

    def _run(self, noisy: Samples) -> Samples:
        self._pending = np.concatenate([self._pending, noisy], axis=1)
        ready = self._pending.shape[1] // self._step.hop_length * self._step.hop_length
        enhanced = np.empty((self._num_streams, ready), np.float32)
        for start in range(0, ready, self._block):
            block = slice(start, min(start + self._block, ready))
            enhanced[:, block], self._state = self._step(self._pending[:, block], self._state)
        self._pending = self._pending[:, ready:].copy()
        late = min(self._late, ready)
        self._late -= late
        self._returned += ready - late
        return enhanced[:, late:]

    def _formed(self, enhanced: Samples) -> Samples:
        return enhanced[0] if self._flat else enhanced

    def _checked(self, samples: Samples) -> Samples:
        shaped = samples.ndim == 2 and samples.shape[0] == self._num_streams
        if not (shaped or (samples.ndim == 1 and self._num_streams == 1)):
            raise AudioError(
                f"samples must be [{self._num_streams} streams, samples]; "
                f"received the shape {samples.shape}."
            )
        if not np.issubdtype(samples.dtype, np.floating):
            raise AudioError(f"samples must be float32; received {samples.dtype}.")
        with np.errstate(over="ignore"):
            noisy = np.atleast_2d(samples).astype(np.float32, copy=False)
        return self._guard(noisy, self._received)
