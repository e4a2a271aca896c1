"""Step-by-step runs of a TFLite file without metadata."""

from __future__ import annotations

import pathlib
from collections.abc import Iterable, Iterator

import numpy as np

from tfse.streaming.steps.signature import ENHANCED, NOISY
from tfse.streaming.steps.tflite import signature_runner
from tfse.types import Samples

#: Distance of the steps that `trajectories` returns, in frames: neighbours are similar.
_EVERY = 7


def steps(path: pathlib.Path, waveform: Samples) -> Iterator[tuple[dict[str, Samples], Samples]]:
    """Runs a file over a waveform from the zero state, and yields each step.

    Args:
        path: a file with the signature `step`.
        waveform: noisy, `[samples]`; an incomplete last block is left out.

    Yields:
        Inputs by name, and the enhanced block `[1, samples]`.
    """
    run = signature_runner(path, num_threads=1)
    details = run.get_input_details()
    block = int(details[NOISY]["shape"][1])
    state = {n: np.zeros(d["shape"], d["dtype"]) for n, d in details.items() if n != NOISY}
    for start in range(0, waveform.size - block + 1, block):
        inputs = {NOISY: waveform[np.newaxis, start : start + block], **state}
        state = run(**inputs)
        yield inputs, state.pop(ENHANCED)


def enhanced(path: pathlib.Path, waveform: Samples) -> Samples:
    """Returns the output of a file for a waveform, `[samples]`, delayed by its latency."""
    return np.concatenate([block[0].copy() for _, block in steps(path, waveform)])


def trajectories(path: pathlib.Path, waveforms: Iterable[Samples]) -> dict[str, Samples]:
    """Runs a float32 file over waveforms and returns the inputs of every seventh step.

    The states are those of real speech: ranges of random states would not be
    representative.

    Returns:
        Inputs by name, `[steps, ...]` each.
    """
    kept = [
        inputs
        for waveform in waveforms
        for number, (inputs, _) in enumerate(steps(path, waveform))
        if number % _EVERY == 0
    ]
    return {name: np.stack([inputs[name] for inputs in kept]) for name in kept[0]}
