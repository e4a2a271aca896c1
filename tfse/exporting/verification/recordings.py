"""Recordings with which exports are verified."""

from __future__ import annotations

import itertools
import os
import pathlib
from collections.abc import Sequence

import numpy as np

from tfse.audio.read_mono import read_mono
from tfse.data.config import DataConfig
from tfse.data.pipeline import fixed_dataset
from tfse.errors import AudioError
from tfse.exporting.calibration import served_by
from tfse.exporting.verification.verify import Pair
from tfse.types import Samples

_SEGMENT_S = 3.0
_LOUD_DBFS = -6.0
#: Recordings that are verified at that level too.
_LOUD_COUNT = 10


def from_prepared(
    data_dir: str | os.PathLike[str], sample_rate: int, count: int
) -> tuple[list[Pair], tuple[str, ...]]:
    """Returns mixtures of the validation split of prepared data, and the parts it lacks.

    Raises:
        ConfigError, DataError: see `tfse.data.open_mixer.open_mixer`.
    """
    wanted = DataConfig(sample_rate=sample_rate, segment_s=_SEGMENT_S, clean_probability=0.0)
    served = served_by(data_dir, wanted, "valid")
    mixtures = fixed_dataset(data_dir, served.config, "valid", batch_size=1, count=count)
    pairs = [Pair(m["noisy"][0], m["clean"][0]) for m in mixtures.as_numpy_iterator()]
    return pairs, served.left_out


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
            read_mono(pathlib.Path(folder) / name, sample_rate) for folder in (clean_dir, noisy_dir)
        )
        if clean.size != noisy.size:
            raise AudioError(f"{name}: clean and noisy recording differ in length.")
        pairs.append(Pair(noisy, clean))
    return pairs


def built_in(sample_rate: int) -> list[Pair]:
    """Returns 4 s of a synthetic voice in noise, without its clean original.

    It drives a model through speech-like levels where there is no data; metrics of
    quality would mean nothing on it.
    """
    time = np.arange(4 * sample_rate) / sample_rate
    phase = 2 * np.pi * np.cumsum(120 + 30 * np.sin(2 * np.pi * 0.7 * time)) / sample_rate
    harmonics = range(1, 20)
    voice = sum(np.sin(k * phase) / k for k in harmonics) * np.sin(2 * np.pi * 1.5 * time) ** 2
    noise = np.random.default_rng(0).standard_normal(time.size)
    return [Pair((0.1 * voice + 0.01 * noise).astype(np.float32), None)]


def voice_at_levels(sample_rate: int) -> list[Samples]:
    """Returns the synthetic voice at RMS levels of -50, -30 and -10 dBFS.

    They replace mixtures where there is no data: on the shipped models and
    `fastenhancer_base` they find the same sensitive layers in the format `dynamic`.
    """
    (pair,) = built_in(sample_rate)
    return [at_level(pair.noisy, level_dbfs) for level_dbfs in (-50.0, -30.0, -10.0)]


def loud(pairs: Sequence[Pair]) -> list[Pair]:
    """Returns the first recordings at an RMS level of -6 dBFS.

    Where the peak would exceed full scale, at the level at which it reaches full scale.
    """
    return [_loud(pair) for pair in pairs[:_LOUD_COUNT]]


def _loud(pair: Pair) -> Pair:
    wanted = at_level(pair.noisy, _LOUD_DBFS)
    peaks = [float(np.max(np.abs(samples), initial=1e-12)) for samples in (wanted, pair.noisy)]
    gain = np.float32(min(peaks[0], 1.0) / peaks[1])
    return Pair(gain * pair.noisy, None if pair.clean is None else gain * pair.clean)


def at_level(samples: Samples, level_dbfs: float) -> Samples:
    """Returns samples at an RMS level, where an RMS of 1 is 0 dBFS; silence stays silence."""
    rms = max(float(np.sqrt(np.mean(np.square(samples, dtype=np.float64)))), 1e-12)
    return (samples * (10 ** (level_dbfs / 20) / rms)).astype(np.float32)
