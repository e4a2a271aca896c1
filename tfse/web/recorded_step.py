"""Recorded step: keeps a model's output, so that it can be mixed again without the model."""

from __future__ import annotations

import pathlib
from typing import Any, BinaryIO

import numpy as np

from tfse.streaming.steps.base import Step
from tfse.types import Samples


class RecordedStep:
    """Step that writes the output of another one to a file, as float32.

    Args:
        step: the model.
        file: open for writing.
    """

    def __init__(self, step: Step, file: BinaryIO) -> None:
        self.sample_rate = step.sample_rate
        self.hop_length = step.hop_length
        self.latency_samples = step.latency_samples
        self._step = step
        self._file = file

    def initial_state(self, num_streams: int) -> Any:
        """Returns the state of the model."""
        return self._step.initial_state(num_streams)

    def __call__(self, noisy: Samples, state: Any) -> tuple[Samples, Any]:
        """Runs the model and writes its output, `[samples, streams]`."""
        enhanced, state = self._step(noisy, state)
        self._file.write(np.ascontiguousarray(enhanced.T, np.float32).tobytes())
        return enhanced, state


class ReplayedStep:
    """Step that returns recorded output, whatever its input; its state is a byte position.

    Args:
        path: file of a `RecordedStep`.
        like: the recorded step, or the model.
    """

    def __init__(self, path: pathlib.Path, like: Step) -> None:
        self.sample_rate = like.sample_rate
        self.hop_length = like.hop_length
        self.latency_samples = like.latency_samples
        self._path = path

    def initial_state(self, num_streams: int) -> int:
        """Returns the beginning of the file."""
        return 0

    def __call__(self, noisy: Samples, state: int) -> tuple[Samples, int]:
        """Returns the next recorded samples."""
        enhanced = np.fromfile(self._path, np.float32, noisy.size, offset=state)
        return enhanced.reshape(noisy.shape[::-1]).T, state + enhanced.nbytes
