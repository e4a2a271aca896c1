"""Step: interface of a streaming model, independent of its runtime."""

from __future__ import annotations

from typing import Any, Protocol, runtime_checkable

from tfse.types import Samples


@runtime_checkable
class Step(Protocol):
    """Streaming model: runs the next block of several streams.

    The caller passes the state of one call to the next; its contents are private to
    the step. A state is valid for one call only.
    """

    @property
    def sample_rate(self) -> int:
        """Sample rate, in Hz."""

    @property
    def hop_length(self) -> int:
        """Samples per hop; blocks are multiples of it."""

    @property
    def latency_samples(self) -> int:
        """Delay of the output, in samples."""

    def initial_state(self, num_streams: int) -> Any:
        """Returns the state of `num_streams` streams before their first sample."""

    def __call__(self, noisy: Samples, state: Any) -> tuple[Samples, Any]:
        """Runs the next block.

        Args:
            noisy: float32 `[streams, n * hop_length]`, n at least 1.
            state: from `initial_state`, or from the previous call.

        Returns:
            The enhanced block, `[streams, n * hop_length]`, and the next state.
        """
