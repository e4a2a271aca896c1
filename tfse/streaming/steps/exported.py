"""Base class of the steps of exported models: fixed block, states by name."""

from __future__ import annotations

import abc
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from tfse.streaming.steps.signature import ENHANCED, NOISY, Metadata
from tfse.types import Samples

NamedState = Mapping[str, Any]


class ExportedStep(abc.ABC):
    """Step compiled for a fixed number of streams and samples, often 1 and one hop.

    More streams run one after another, each with its own state; more samples
    run block by block. An export may leave either number open.

    Args:
        metadata: of the export.
        streams: streams per call, None for any number.
        samples: samples per call, None for any multiple of the hop.
        block_samples: of a second function for longer blocks, a multiple of `samples`; None
            without one.
    """

    def __init__(
        self,
        metadata: Metadata,
        streams: int | None,
        samples: int | None,
        block_samples: int | None = None,
    ) -> None:
        self.sample_rate = metadata.sample_rate
        self.hop_length = samples or metadata.hop_length
        self.latency_samples = metadata.latency_samples
        self._streams = streams
        self._samples = samples
        self._block_samples = block_samples

    @abc.abstractmethod
    def _initial(self, num_streams: int) -> NamedState:
        """Returns the initial state of the streams of one call, zeros by name."""

    @abc.abstractmethod
    def _run(self, inputs: dict[str, Any]) -> dict[str, Any]:
        """Runs the function for as many samples; inputs and outputs by name."""

    def initial_state(self, num_streams: int) -> list[NamedState]:
        """Returns one state per group of streams that run in one call."""
        group = self._streams or num_streams
        if num_streams % group:
            raise ValueError(f"{num_streams} streams are not a multiple of {group}")
        return [self._initial(group) for _ in range(num_streams // group)]

    def __call__(self, noisy: Samples, state: list[NamedState]) -> tuple[Samples, list[NamedState]]:
        """Runs the next block; see `Step`."""
        groups = np.split(noisy, len(state))
        results = [self._run_group(group, old) for group, old in zip(groups, state, strict=True)]
        return np.concatenate([enhanced for enhanced, _ in results]), [new for _, new in results]

    def _run_group(self, noisy: Samples, state: NamedState) -> tuple[Samples, NamedState]:
        blocks = []
        for part in self._parts(noisy.shape[1]):
            outputs = self._run({NOISY: np.ascontiguousarray(noisy[:, part]), **state})
            blocks.append(np.array(outputs.pop(ENHANCED)))
            state = outputs
        return np.concatenate(blocks, axis=1), state

    def _parts(self, length: int) -> Iterator[slice]:
        """Yields the parts of a block that one call takes, the longest first."""
        start = 0
        for size in (self._block_samples, self._samples or length):
            while size and start + size <= length:
                yield slice(start, start + size)
                start += size
