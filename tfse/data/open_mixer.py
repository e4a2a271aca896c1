"""Opening of a mixer: checks that the prepared data has what the settings need."""

from __future__ import annotations

import os
import pathlib

from tfse.data import epoch_sampler
from tfse.data.config import DataConfig
from tfse.data.constants import SPLITS
from tfse.data.epoch_sampler import EpochSampler
from tfse.data.mixer import Mixer
from tfse.data.records.corrupt_records import CorruptRecords
from tfse.data.records.index import read_index
from tfse.data.records.record_table import RecordTable, record_table
from tfse.errors import ConfigError, DataError


def open_mixer(data_dir: str | os.PathLike[str], config: DataConfig, split: str) -> Mixer:
    """Opens one split of prepared data.

    Raises:
        ConfigError: a setting breaks its rule, or there is no such split.
        DataError: the data is missing, incomplete, of another sample rate, or
            lacks what the settings need.
    """
    config.validate()
    if split not in SPLITS:
        raise ConfigError(f"`split` must be one of {SPLITS}; received {split!r}.")
    folder = pathlib.Path(data_dir)
    found = read_index(folder)
    if found.sample_rate != config.sample_rate:
        raise DataError(
            f"`sample_rate` must be that of the data, {found.sample_rate}; "
            f"received {config.sample_rate}."
        )
    needs = {"noise": config.clean_probability < 1, "rir": config.reverb_probability > 0}
    # One count for all sets: damage is a property of the disk.
    corrupt = CorruptRecords(config.max_corrupt_records)
    noise, rir = (
        record_table(folder, found, name, split, corrupt) if needed else None
        for name, needed in needs.items()
    )
    speech = record_table(folder, found, "speech", split, corrupt)
    mixer = Mixer(config, split, speech, noise, rir, _sampler(speech, config, split))
    _check_voices(mixer)
    return mixer


def _sampler(speech: RecordTable, config: DataConfig, split: str) -> EpochSampler:
    if config.whole_utterances:
        return epoch_sampler.whole(speech)
    # Evaluations do not depend on the balance of a training.
    balance = config.speaker_balance if split == "train" else 0.0
    return epoch_sampler.by_crops(speech, config.segment_samples, balance)


def _check_voices(mixer: Mixer) -> None:
    speakers = mixer.speech.group_count
    if speakers > 1:
        return
    if mixer.config.babble_probability > 0:
        raise DataError(
            f"Babble needs 2 speakers in {mixer.split}; received {speakers}. "
            "Without babble: babble_probability=0."
        )
    if mixer.split == "train" and mixer.config.augmentation.second_talker_probability > 0:
        raise DataError(
            f"A second talker needs 2 speakers in {mixer.split}; received {speakers}. "
            "Without: augmentation.second_talker_probability=0."
        )
