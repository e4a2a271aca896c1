"""Calibration mixtures: prepared data with which exports are calibrated and verified."""

from __future__ import annotations

import dataclasses
import os
import pathlib
from typing import Any

from tfse.data.config import DataConfig
from tfse.data.key_file import RUN_CONFIG, run_settings
from tfse.data.pipeline import training_dataset
from tfse.data.records.index import read_index
from tfse.types import Samples

#: RMS levels of the mixtures in dBFS, for a model of unknown training. A model that was
#: trained on a smaller range still receives recordings of these levels.
LEVELS_DBFS = (-60.0, -5.0)


@dataclasses.dataclass(frozen=True)
class MixtureSettings:
    """Settings of mixtures that prepared data can provide.

    Attributes:
        config: settings of the mixtures.
        left_out: parts of a mixture that the data lacks, such as "rooms".
    """

    config: DataConfig
    left_out: tuple[str, ...] = ()


def calibration_settings(
    model: str | os.PathLike[str], data_dir: str | os.PathLike[str], sample_rate: int
) -> MixtureSettings:
    """Returns the settings of the mixtures with which a model is calibrated.

    These are the settings of its training, from the `config.json` in its run folder, or else
    the defaults of `DataConfig`. In both cases the levels reach at least from -60 to -5 dBFS,
    so that a loud recording stays within the ranges.

    Args:
        model: a `.keras` file or a name.
        data_dir: prepared data.
        sample_rate: sample rate of the model, in Hz.

    Raises:
        ConfigError: the `config.json` is not of this version of tfse.
        DataError: there is no prepared data.
    """
    known = run_settings(pathlib.Path(model).with_name(RUN_CONFIG)) or DataConfig()
    config = dataclasses.replace(
        known,
        sample_rate=sample_rate,
        segment_s=4.0,
        whole_utterances=False,
        level_dbfs_min=min(known.level_dbfs_min, LEVELS_DBFS[0]),
        level_dbfs_max=max(known.level_dbfs_max, LEVELS_DBFS[1]),
    )
    return served_by(data_dir, config, "train")


def served_by(data_dir: str | os.PathLike[str], config: DataConfig, split: str) -> MixtureSettings:
    """Returns settings without the parts that the data lacks: rooms, noise, other voices.

    Raises:
        DataError: there is no prepared data.
    """
    shards = [s for s in read_index(pathlib.Path(data_dir)).shards if s.split == split]
    groups = {
        name: {record.group for shard in shards if shard.set == name for record in shard.records}
        for name in ("speech", "noise", "rir")
    }
    changes: dict[str, Any] = {}
    left_out = []
    if config.reverb_probability > 0 and not groups["rir"]:
        changes["reverb_probability"] = 0.0
        left_out.append("rooms")
    if config.babble_probability > 0 and len(groups["speech"]) < 2:
        changes["babble_probability"] = 0.0
        left_out.append("voices for babble")
    if config.augmentation.second_talker_probability > 0 and len(groups["speech"]) < 2:
        alone = dataclasses.replace(config.augmentation, second_talker_probability=0.0)
        changes["augmentation"] = alone
        left_out.append("second talkers")
    if config.clean_probability < 1 and not groups["noise"]:
        changes["clean_probability"] = 1.0
        left_out.append("noise")
    return MixtureSettings(dataclasses.replace(config, **changes), tuple(left_out))


def training_mixtures(
    data_dir: str | os.PathLike[str], config: DataConfig, count: int = 40
) -> list[Samples]:
    """Returns noisy waveforms of the training split.

    Raises:
        ConfigError, DataError: see `tfse.data.open_mixer.open_mixer`.
    """
    mixtures = training_dataset(data_dir, config, batch_size=1).take(count)
    return [mixture["noisy"][0] for mixture in mixtures.as_numpy_iterator()]
