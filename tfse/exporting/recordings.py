"""Recordings to verify exports with."""

from __future__ import annotations

import itertools
import os
import pathlib

import numpy as np
import soundfile

from tfse.data.config import DataConfig
from tfse.data.pipeline import fixed_dataset
from tfse.errors import AudioError
from tfse.exporting.verify import Pair

_SEGMENT_S = 3.0


def from_prepared(data_dir: str | os.PathLike[str], sample_rate: int, count: int) -> list[Pair]:
    """Returns mixtures of the validation split of prepared data.

    Raises:
        ConfigError, DataError: see `tfse.data.opening.open_mixer`.
    """
    config = DataConfig(sample_rate=sample_rate, segment_s=_SEGMENT_S, clean_probability=0.0)
    mixtures = fixed_dataset(data_dir, config, "valid", batch_size=1, count=count)
    return [Pair(m["noisy"][0], m["clean"][0]) for m in mixtures.as_numpy_iterator()]


def from_folders(
    noisy_dir: str | os.PathLike[str],
    clean_dir: str | os.PathLike[str],
    sample_rate: int,
    count: int,
) -> list[Pair]:
    """Returns pairs of mono files of the same name.

    Raises:
        AudioError: a file has no partner, or they differ in rate, length or channels.
    """
    names = sorted(path.name for path in pathlib.Path(clean_dir).iterdir() if path.is_file())
    if not names:
        raise AudioError(f"`clean_dir` must hold recordings; received {clean_dir}.")
    pairs = []
    for name in itertools.islice(names, count):
        clean, noisy = (
            _read(pathlib.Path(folder) / name, sample_rate) for folder in (clean_dir, noisy_dir)
        )
        if clean.size != noisy.size:
            raise AudioError(f"clean and noisy must have one length; {name} does not.")
        pairs.append(Pair(noisy, clean))
    return pairs


def built_in(sample_rate: int) -> list[Pair]:
    """Returns 4 s of a made-up voice in noise, whose clean original counts for nothing.

    It drives a model through speech-like levels where there is no data; metrics of
    quality would mean nothing on it.
    """
    time = np.arange(4 * sample_rate) / sample_rate
    phase = 2 * np.pi * np.cumsum(120 + 30 * np.sin(2 * np.pi * 0.7 * time)) / sample_rate
    harmonics = range(1, 20)
    voice = sum(np.sin(k * phase) / k for k in harmonics) * np.sin(2 * np.pi * 1.5 * time) ** 2
    noise = np.random.default_rng(0).standard_normal(time.size)
    return [Pair((0.1 * voice + 0.01 * noise).astype(np.float32), None)]


def _read(path: pathlib.Path, sample_rate: int) -> np.ndarray[tuple[int], np.dtype[np.float32]]:
    try:
        samples, rate = soundfile.read(path, dtype="float32")
    except (OSError, soundfile.LibsndfileError) as error:
        raise AudioError(f"{path} must be a recording: {error}") from error
    if samples.ndim != 1 or rate != sample_rate:
        raise AudioError(
            f"{path} must be mono at {sample_rate} Hz; it has shape {samples.shape}, {rate} Hz."
        )
    return samples
