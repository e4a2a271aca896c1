"""What the runner asks of a model, whatever runtime computes it."""

from __future__ import annotations

from typing import Any, Protocol, runtime_checkable

from tfse.types import Samples


@runtime_checkable
class Step(Protocol):
    """One model, ready to run the next block of some streams.

    State is a value: asked for, passed in, handed back. What it is made of is
    the step's own affair; whoever runs a step only carries it from call to
    call. A state handed in is spent, and may not be used again.
    """

    @property
    def sample_rate(self) -> int:
        """Samples a second, in Hz."""

    @property
    def hop_length(self) -> int:
        """Samples come in multiples of this."""

    @property
    def latency_samples(self) -> int:
        """Samples by which the output is later than the input."""

    def initial_state(self, num_streams: int) -> Any:
        """Returns the state of `num_streams` streams before their first sample."""

    def __call__(self, noisy: Samples, state: Any) -> tuple[Samples, Any]:
        """Runs the next block.

        Args:
            noisy: float32 `[streams, n * hop_length]`, n one upwards.
            state: from `initial_state`, or from the call before.

        Returns:
            The enhanced block, `[streams, n * hop_length]`, and the next state.
        """
