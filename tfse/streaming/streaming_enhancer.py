"""Streaming enhancer: accepts any number of samples at a time."""

from __future__ import annotations

from typing import Any

import numpy as np

from tfse.audio.finite_guard import FiniteGuard
from tfse.errors import AudioError, ConfigError, ModelError
from tfse.streaming.steps.base import Step
from tfse.types import Samples

# Most audio per call of a step, all streams together: long enough to hide the cost of
# a call, short enough to keep memory small.
_BLOCK_S = 2.0


class StreamingEnhancer:
    """Enhancer of streams whose samples arrive in pieces of any size.

    The concatenated outputs of `process` and `flush` have the length of the input and
    are time-aligned with it: the delay of the model is compensated by dropping its
    first `latency_samples` outputs and by feeding it silence at the end. Sample k of a
    stream is returned by the call that provides sample `k + latency_samples`, or up to
    `hop_length - 1` samples later, since a step needs whole hops.

    The result does not depend on the sizes of the pieces.

    Args:
        step: the model; see `tfse.streaming.open_step`.
        num_streams: number of streams that run as one batch, each with its own state.
        on_invalid: for samples that are NaN, infinite or larger than 1e12: "raise" an
            error, or replace them by silence ("zero").
        offline: the samples are those of a recording, for which also models that cannot
            stream are admitted.

    Shapes:
        `[samples]` for one stream, `[streams, samples]` for any number; the output has
        the rank of the input. float32, full scale 1.

    Raises:
        ConfigError: `num_streams` or `on_invalid` is invalid.
        ModelError: the model is for recordings only, and `offline` is not set.

    Example:
        >>> enhancer = StreamingEnhancer(open_step("dpcrn_small"))
        >>> pieces = [enhancer.process(noisy[i : i + 160]) for i in range(0, noisy.size, 160)]
        >>> enhanced = np.concatenate([*pieces, enhancer.flush()])
    """

    def __init__(
        self,
        step: Step,
        num_streams: int = 1,
        on_invalid: str = "raise",
        *,
        offline: bool = False,
    ) -> None:
        if num_streams < 1:
            raise ConfigError(f"`num_streams` must be at least 1; received {num_streams}.")
        # Only steps of Keras models can be of a model for recordings.
        if not offline and (reason := getattr(step, "offline_reason", "")):
            raise ModelError(reason)
        self._step = step
        self._num_streams = num_streams
        self._guard = FiniteGuard(on_invalid)
        block_samples = int(_BLOCK_S * step.sample_rate / num_streams)
        self._block = max(1, block_samples // step.hop_length) * step.hop_length
        self.reset()

    @property
    def latency_samples(self) -> int:
        """Delay of the model, in samples; the output is already time-aligned."""
        return self._step.latency_samples

    @property
    def latency_ms(self) -> float:
        """Delay of the model, in milliseconds."""
        return 1000.0 * self.latency_samples / self._step.sample_rate

    def reset(self) -> None:
        """Resets the state: the next sample starts new streams."""
        self._state: Any = self._step.initial_state(self._num_streams)
        self._pending = np.zeros((self._num_streams, 0), np.float32)
        self._left_to_drop = self.latency_samples
        self._received = 0
        self._returned = 0
        self._flat = self._num_streams == 1

    def process(self, samples: Samples) -> Samples:
        """Returns all output that is ready after the next samples.

        Args:
            samples: any number, also none; see the shapes of the class.

        Returns:
            Enhanced samples of the same rank.

        Raises:
            AudioError: wrong shape or type, or a sample is not finite; the
                state is then unchanged.
        """
        noisy = self._checked(samples)
        self._flat = samples.ndim == 1
        self._received += noisy.shape[1]
        return self._reshaped(self._run(noisy))

    def flush(self) -> Samples:
        """Ends the streams: returns the remaining output and resets the state.

        Returns:
            The remaining samples; the whole output then has the length of the input.
        """
        missing = self._received - self._returned
        if missing == 0:
            rest = np.zeros((self._num_streams, 0), np.float32)
        else:
            wanted = self._pending.shape[1] + self._step.latency_samples
            silence = self._step.latency_samples + -wanted % self._step.hop_length
            rest = self._run(np.zeros((self._num_streams, silence), np.float32))[:, :missing]
        rest = self._reshaped(rest)
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
        dropped = min(self._left_to_drop, ready)
        self._left_to_drop -= dropped
        self._returned += ready - dropped
        return enhanced[:, dropped:]

    def _reshaped(self, enhanced: Samples) -> Samples:
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
