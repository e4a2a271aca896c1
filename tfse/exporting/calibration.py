"""Inputs of real steps, from which ranges of activations are taken."""

from __future__ import annotations

import os
import pathlib
from collections.abc import Iterable, Iterator

import numpy as np
import numpy.typing as npt

from tfse.data.config import DataConfig
from tfse.data.pipeline import training_dataset
from tfse.streaming.contract import ENHANCED, NOISY
from tfse.streaming.tflite_step import signature_runner

Samples = npt.NDArray[np.float32]

#: Between two steps that are kept, in frames: neighbours tell the same.
_EVERY = 7


def training_mixtures(
    data_dir: str | os.PathLike[str], sample_rate: int, count: int = 40
) -> list[Samples]:
    """Returns noisy waveforms of the training split, 4 s each: every level, SNR and room.

    Raises:
        ConfigError, DataError: see `tfse.data.opening.open_mixer`.
    """
    config = DataConfig(sample_rate=sample_rate, segment_s=4.0)
    mixtures = training_dataset(data_dir, config, batch_size=1).take(count)
    return [mixture["noisy"][0] for mixture in mixtures.as_numpy_iterator()]


def trajectories(path: pathlib.Path, waveforms: Iterable[Samples]) -> dict[str, Samples]:
    """Runs a float32 file over waveforms and keeps what went into every few steps.

    A state is only ever seen as real speech drives it there: ranges taken from
    random states would be those of nothing that happens.

    Returns:
        Input of steps by name, `[steps, ...]` each.
    """
    kept = list(_steps(path, waveforms))
    return {name: np.stack([step[name] for step in kept]) for name in kept[0]}


def _steps(path: pathlib.Path, waveforms: Iterable[Samples]) -> Iterator[dict[str, Samples]]:
    run = signature_runner(path, num_threads=1)
    details = run.get_input_details()
    block = int(details[NOISY]["shape"][1])
    for waveform in waveforms:
        state = {n: np.zeros(d["shape"], d["dtype"]) for n, d in details.items() if n != NOISY}
        for number, start in enumerate(range(0, waveform.size - block + 1, block)):
            inputs = {NOISY: waveform[np.newaxis, start : start + block], **state}
            if number % _EVERY == 0:
                yield inputs
            state = run(**inputs)
            del state[ENHANCED]
