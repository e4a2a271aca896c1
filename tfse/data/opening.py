"""Opens prepared data, and says at once if it is not what the settings need."""

from __future__ import annotations

import os
import pathlib

import tensorflow as tf

from tfse.data.config import DataConfig
from tfse.data.index import read_index
from tfse.data.mixing import Mixer
from tfse.data.reader import RecordTable, record_table
from tfse.data.splits import SPLITS
from tfse.errors import ConfigError, DataError


def open_mixer(data_dir: str | os.PathLike[str], config: DataConfig, split: str) -> Mixer:
    """Opens one split of prepared data.

    Raises:
        ConfigError: A setting breaks its rule, or there is no such split.
        DataError: The data is missing, incomplete, of another sample rate, or
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
    noise, rir = (
        record_table(folder, found, name, split) if needed else None
        for name, needed in needs.items()
    )
    speech = record_table(folder, found, "speech", split)
    mixer = Mixer(config, split, speech, noise, rir, _turns(speech, config))
    _check_voices(mixer)
    return mixer


def _turns(speech: RecordTable, config: DataConfig) -> tf.Tensor:
    """Returns how an epoch is dealt: an utterance for each crop that it fills.

    If every utterance had one turn, a corpus of short commands would drown the
    long sentences of many more speakers.
    """
    with tf.device("CPU"):
        numbers = tf.range(speech.count)
        if config.whole_utterances:
            return numbers
        return tf.repeat(numbers, -(-speech.samples // config.segment_samples))


def _check_voices(mixer: Mixer) -> None:
    speakers = mixer.speech.group_count
    if mixer.config.babble_probability > 0 and speakers < 2:
        raise DataError(
            f"Babble needs 2 speakers in {mixer.split}; received {speakers}. "
            "Without it: babble_probability=0."
        )
