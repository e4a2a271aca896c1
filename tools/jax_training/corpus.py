"""Corpus: the recordings of a store in the memory of the accelerator.

Everything is a pytree of arrays, so that compiled functions take the corpus as an
argument; as a constant, it would be copied into the program.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
import numpy.typing as npt

from tfse.data.config import DataConfig
from tfse.errors import ConfigError, DataError
from tools.jax_training.store import AudioSet, Store

_FULL_SCALE = 32768.0
_LARGEST_INDEX = 2**31 - 1
# Of the lengths that decide how many recordings fill a crop; shorter ones are rare.
_SHORT_SHARE = 0.02


class Recordings(NamedTuple):
    """Recordings of one set, in the order of their groups.

    Attributes:
        audio: int16 [total samples].
        starts: int32 [recordings], starts in `audio`.
        samples: int32 [recordings], lengths.
        groups: int32 [recordings].
        group_starts: int32 [groups], the first recording of each.
        group_sizes: int32 [groups], numbers of recordings.
    """

    audio: Any
    starts: Any
    samples: Any
    groups: Any
    group_starts: Any
    group_sizes: Any

    @property
    def count(self) -> int:
        """Number of recordings."""
        return int(self.samples.shape[0])

    @property
    def group_count(self) -> int:
        """Number of groups."""
        return int(self.group_sizes.shape[0])

    def values(self, positions: Any) -> Any:
        """Returns samples of `audio` as float32, full scale 1."""
        return self.audio[positions].astype(jnp.float32) / _FULL_SCALE


class EpochSampler(NamedTuple):
    """First recording of a mixture: a run of crops is drawn uniformly, then a crop of the run.

    The same tables as in `tfse.data.epoch_sampler`; runs are drawn with replacement here, while
    an epoch of the tf.data pipeline has each of them once.

    Attributes:
        crops: int32 [crops], recordings, each as often as it has crops.
        first: int32 [runs], start of each run of crops.
        count: int32 [runs], length of each run.
    """

    crops: Any
    first: Any
    count: Any


class Corpus(NamedTuple):
    """Recordings of all mixtures; a set that no setting needs is None."""

    speech: Recordings
    noise: Recordings | None
    rir: Recordings | None
    sampler: EpochSampler


def load_corpus(store: Store, config: DataConfig) -> Corpus:
    """Copies the sets that the settings need to the accelerator.

    Raises:
        ConfigError: a setting is not supported by this program.
        DataError: the store lacks what the settings need.
    """
    if config.whole_utterances:
        raise ConfigError("`data.whole_utterances` must be off: mixtures are crops here.")
    if store.sample_rate != config.sample_rate:
        raise DataError(
            f"`data.sample_rate` must be that of the store, {store.sample_rate}; "
            f"received {config.sample_rate}."
        )
    needs = {"noise": config.clean_probability < 1, "rir": config.reverb_probability > 0}
    for name, needed in needs.items():
        if needed and getattr(store, name) is None:
            raise DataError(f"the store holds no {name}.")
    if config.babble_probability > 0 and store.speech.group_sizes.size < 2:
        raise DataError("Babble needs 2 speakers; without it: babble_probability=0.")
    settings = config.augmentation
    if settings.second_talker_probability > 0 and store.speech.group_sizes.size < 2:
        raise DataError(
            "A second talker needs 2 speakers; without: augmentation.second_talker_probability=0."
        )
    noise, rir = (
        _recordings(getattr(store, name)) if needed else None for name, needed in needs.items()
    )
    sampler = sampler_by_crops(store.speech, config.segment_samples, config.speaker_balance)
    return Corpus(_recordings(store.speech), noise, rir, sampler)


def sampler_by_crops(speech: AudioSet, crop_samples: int, balance: float) -> EpochSampler:
    """Returns a sampler with as many runs as crops fit into the speech.

    Args:
        speech: its recordings.
        crop_samples: length of a crop.
        balance: 0 for runs in proportion to duration, 1 for equally many runs of all speakers.
    """
    crops = np.repeat(np.arange(speech.samples.size), -(-speech.samples // crop_samples))
    if balance == 0:
        return _sampler(crops, np.arange(crops.size), np.ones(crops.size))
    owned = np.bincount(speech.groups[crops])
    shares = owned ** (1.0 - balance)
    ends = np.round(np.cumsum(shares) / shares.sum() * crops.size).astype(int)
    runs = np.diff(ends, prepend=0)
    starts = np.cumsum(owned) - owned
    return _sampler(crops, np.repeat(starts, runs), np.repeat(owned, runs))


def pieces_for(recordings: AudioSet, samples: int, pause: int) -> int:
    """Returns the number of recordings that, with pauses, fill a stretch in nearly every case."""
    short = float(np.quantile(recordings.samples, _SHORT_SHARE)) + pause
    return max(1, int(np.ceil(samples / short)))


def _sampler(
    crops: npt.NDArray[Any], first: npt.NDArray[Any], count: npt.NDArray[Any]
) -> EpochSampler:
    return EpochSampler(*(jnp.asarray(values, jnp.int32) for values in (crops, first, count)))


def _recordings(audio_set: AudioSet) -> Recordings:
    if audio_set.audio.size > _LARGEST_INDEX:
        raise DataError(f"a set must have at most {_LARGEST_INDEX} samples.")
    numbers = (
        audio_set.starts,
        audio_set.samples,
        audio_set.groups,
        audio_set.group_starts,
        audio_set.group_sizes,
    )
    audio = jax.device_put(np.asarray(audio_set.audio))
    return Recordings(audio, *(jnp.asarray(values, jnp.int32) for values in numbers))
