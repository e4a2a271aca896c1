"""Mixture source: fixed mixtures of prepared data."""

from __future__ import annotations

import dataclasses
import math
import os
import pathlib
from collections.abc import Collection, Iterator
from typing import Any

from tfse.data.config import DataConfig
from tfse.data.records.index import INDEX_NAME, read_index
from tfse.errors import ConfigError
from tfse.evaluation.sources.recordings import Facts, Recording, Sound
from tfse.files import sha256_of

_NO_NOISE = "none"
# Settings that do not affect the fixed sets of the pipeline.
_WITHOUT_EFFECT = ("seed", "speaker_balance", "valid_mixtures", "test_mixtures")


class MixtureSource:
    """Fixed mixtures of a split.

    Args:
        data_dir: what `tfse-prepare` made.
        config: settings of the mixtures; the sample rate must be that of the data.
        split: "test" or "valid".
        count: number of mixtures.

    Raises:
        ConfigError: a setting breaks its rule.
        DataError: there is no prepared data.
    """

    has_noisy = True

    def __init__(
        self, data_dir: str | os.PathLike[str], config: DataConfig, split: str, count: int
    ) -> None:
        config.validate()
        if count < 1:
            raise ConfigError(f"`count` must be above 0; received {count}.")
        read_index(pathlib.Path(data_dir))
        self.count = count
        self._data_dir = pathlib.Path(data_dir)
        self._config = config
        self._split = split
        settings = dataclasses.asdict(config)
        self.identity: dict[str, Any] = {
            "index": sha256_of(self._data_dir / INDEX_NAME),
            "split": split,
            "count": count,
            "mixtures": {k: v for k, v in settings.items() if k not in _WITHOUT_EFFECT},
        }

    def recordings(self, wanted: Collection[int]) -> Iterator[Recording]:
        """Yields the recordings of the wanted indices, in order, made on demand."""
        if not wanted:
            return
        from tfse.data.pipeline import fixed_dataset

        mixtures = fixed_dataset(
            self._data_dir, self._config, self._split, batch_size=1, count=max(wanted) + 1
        )
        for index, mixture in enumerate(mixtures.as_numpy_iterator()):
            if index in wanted:
                yield _recording(index, mixture, self._config.sample_rate)


def sample_rate_of(data_dir: str | os.PathLike[str]) -> int:
    """Returns the sample rate of prepared data, in Hz.

    Raises:
        DataError: there is no prepared data.
    """
    return read_index(pathlib.Path(data_dir)).sample_rate


def _recording(index: int, mixture: dict[str, Any], sample_rate: int) -> Recording:
    clean, noisy = (Sound(mixture[name][0], sample_rate) for name in ("clean", "noisy"))
    key, kind, *groups = (
        mixture[name][0].decode(errors="surrogateescape")
        for name in ("key", "kind", "speaker", "noise_group", "room")
    )
    known_groups = (group or None for group in groups)
    snr_db = float(mixture["snr_db"][0])
    known = kind != _NO_NOISE and math.isfinite(snr_db)
    facts = Facts(snr_db if known else None, kind, bool(mixture["reverberant"][0]), *known_groups)
    return Recording(index, key, clean, noisy, facts=facts, seconds=noisy.seconds)
