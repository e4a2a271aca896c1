"""Pipeline: streams of training mixtures, and fixed sets for validation and test."""

from __future__ import annotations

import itertools
import os
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import tensorflow as tf

from tfse.data.config import DataConfig
from tfse.data.constants import SPLITS
from tfse.data.mixer import Mixer, Mixture
from tfse.data.open_mixer import open_mixer
from tfse.errors import ConfigError

Path = str | os.PathLike[str]

# Seed of the fixed sets, whatever `config.seed` is: runs with different seeds are compared.
FIXED_SEED = 0
PREFETCH_BATCHES = 2


def training_dataset(
    data_dir: Path,
    config: DataConfig,
    *,
    batch_size: int,
    start: int = 0,
    shard_index: int = 0,
    num_shards: int = 1,
    global_batch_size: int | None = None,
    num_parallel_calls: int | None = None,
) -> Any:
    """Returns an endless stream of batches of training mixtures.

    Mixture number n of the stream depends on `config` and n alone (with whole
    utterances on `global_batch_size` too, which sets the buckets). Worker w of W
    receives the mixtures w, w + W, w + 2 W, ..., so that all workers together have the
    global batches of a single worker, and a run that resumes with `start` has the same
    stream as one that was not interrupted.

    Args:
        data_dir: what `tfse-prepare` made.
        config: settings of the mixtures.
        batch_size: mixtures per batch of this worker.
        start: mixtures that all workers together have consumed; a multiple of
            `num_shards`, with whole utterances of `global_batch_size`.
        shard_index: index of this worker.
        num_shards: number of workers.
        global_batch_size: mixtures per batch of all workers together, a multiple of
            `num_shards * batch_size`, which is the default.
        num_parallel_calls: mixtures made in parallel; None leaves it to tf.data.

    Returns:
        A `tf.data.Dataset` of what `Mixer` returns, batched: waveforms
        [batch, samples], everything else [batch].

    Raises:
        ConfigError: a setting or an argument breaks its rule.
        DataError: the data is missing, incomplete, or of another sample rate.
    """
    _check_batch_size(batch_size)
    together = global_batch_size or num_shards * batch_size
    unit = together if config.whole_utterances else num_shards
    _check_position(start, shard_index, num_shards, unit)
    _check_together(together, num_shards * batch_size)
    mixer = open_mixer(data_dir, config, "train")
    if config.whole_utterances:
        batches = _bucketed(mixer, together).skip(start // together)
        positions = batches.map(lambda batch: batch[shard_index::num_shards]).unbatch()
    else:
        positions = _endless(start + shard_index, num_shards)
    return _batches(mixer, positions, config.seed, batch_size, num_parallel_calls)


def fixed_dataset(
    data_dir: Path,
    config: DataConfig,
    split: str = "valid",
    *,
    batch_size: int,
    count: int | None = None,
    shard_index: int = 0,
    num_shards: int = 1,
    num_parallel_calls: int | None = None,
) -> Any:
    """Returns the fixed mixtures of a split, always the same.

    Args:
        data_dir: what `tfse-prepare` made.
        config: settings of the mixtures; the seed has no effect.
        split: "train", "valid" or "test".
        batch_size: mixtures per batch; the last batch may be smaller.
        count: mixtures of all workers; None takes the number from `config`.
        shard_index: index of this worker.
        num_shards: number of workers; worker w receives w, w + W, w + 2 W, ...
        num_parallel_calls: mixtures made in parallel; None leaves it to tf.data.

    Returns:
        A finite `tf.data.Dataset` with the elements of `training_dataset`.

    Raises:
        ConfigError: a setting or an argument breaks its rule.
        DataError: the data is missing, incomplete, or of another sample rate.
    """
    _check_batch_size(batch_size)
    if count is None:
        count = config.test_mixtures if split == "test" else config.valid_mixtures
    if count < 1:
        raise ConfigError(f"`count` must be above 0; received {count}.")
    _check_position(0, shard_index, num_shards, num_shards)
    mixer = open_mixer(data_dir, config, split)
    positions = tf.data.Dataset.range(shard_index, count, num_shards)
    return _batches(mixer, positions, FIXED_SEED, batch_size, num_parallel_calls)


def maker(mixer: Mixer, seed: int) -> Callable[[Any], Mixture]:
    """Returns a function from a position in the endless stream of a seed to its mixture."""
    count = mixer.per_epoch

    # The control flow is TensorFlow's own; there is no Python to convert.
    @tf.autograph.experimental.do_not_convert
    def make(position: Any) -> Mixture:
        return mixer(tf.constant(seed, tf.int64), position // count, position % count)

    return make


def mixtures_per_epoch(data_dir: Path, config: DataConfig, split: str = "train") -> int:
    """Returns the number of mixtures that cover the speech once.

    Raises:
        ConfigError: a setting breaks its rule.
        DataError: the data is missing, incomplete, or of another sample rate.
    """
    return open_mixer(data_dir, config, split).per_epoch


def mixture(data_dir: Path, config: DataConfig, key: str) -> Mixture:
    """Returns one mixture, made again from its `key`.

    Args:
        data_dir: what `tfse-prepare` made.
        config: settings it was made with; the seed is in the key.
        key: "split/seed/epoch/index".

    Raises:
        ConfigError: the key is not one of this data.
        DataError: the data is missing, incomplete, or of another sample rate.
    """
    return next(mixtures(data_dir, config, [key]))


def mixtures(data_dir: Path, config: DataConfig, keys: Sequence[str]) -> Iterator[Mixture]:
    """Yields mixtures, made again from their keys.

    Consecutive keys of one split and seed share a graph, so a hundred take little longer
    than one.

    Args:
        data_dir: what `tfse-prepare` made.
        config: settings they were made with; the seed is in the keys.
        keys: "split/seed/epoch/index" each.

    Raises:
        ConfigError: a key is not one of this data.
        DataError: the data is missing, incomplete, or of another sample rate.
    """
    parsed = [_parsed(key) for key in keys]
    for (split, seed), same in itertools.groupby(parsed, key=lambda entry: entry[:2]):
        mixer = open_mixer(data_dir, config, split)
        positions = [_position(mixer, seed, epoch, index) for _, _, epoch, index in same]
        # The graph of the stream is used, so that the result is the same to the last bit.
        yield from tf.data.Dataset.from_tensor_slices(positions).map(maker(mixer, seed))


def _parsed(key: str) -> tuple[str, int, int, int]:
    split, *numbers = key.split("/")
    if split not in SPLITS or len(numbers) != 3 or not all(n.isdecimal() for n in numbers):
        raise ConfigError(f"`key` must be split/seed/epoch/index; received {key!r}.")
    seed, epoch, index = map(int, numbers)
    return split, seed, epoch, index


def _position(mixer: Mixer, seed: int, epoch: int, index: int) -> Any:
    if index >= mixer.per_epoch:
        key = f"{mixer.split}/{seed}/{epoch}/{index}"
        raise ConfigError(f"index in `key` must be below {mixer.per_epoch}; received {key!r}.")
    return tf.constant(epoch * mixer.per_epoch + index, tf.int64)


def _batches(
    mixer: Mixer, positions: Any, seed: int, batch_size: int, num_parallel_calls: int | None
) -> Any:
    mixtures = positions.map(
        maker(mixer, seed), num_parallel_calls=num_parallel_calls or tf.data.AUTOTUNE
    )
    if mixer.config.whole_utterances:
        batches = mixtures.padded_batch(batch_size)
    else:
        batches = mixtures.batch(batch_size)
    return batches.with_options(_options()).prefetch(PREFETCH_BATCHES)


def _bucketed(mixer: Mixer, batch_size: int) -> Any:
    """Returns batches of positions whose utterances have similar lengths.

    Only lengths are read, not audio, so that resuming in the middle is quick.
    """
    count = mixer.per_epoch
    seed = tf.constant(mixer.config.seed, tf.int64)
    rate = mixer.config.sample_rate
    bounds = [round(bound * rate) for bound in mixer.config.bucket_boundaries_s]

    def length(position: Any) -> Any:
        number = mixer.utterance(seed, position // count, position % count)
        return tf.gather(mixer.speech.samples, number)

    return _endless(0, 1).bucket_by_sequence_length(
        length, bounds, [batch_size] * (len(bounds) + 1)
    )


def _endless(start: int, step: int) -> Any:
    return tf.data.Dataset.range(start, tf.int64.max, step)


def _options() -> Any:
    options = tf.data.Options()
    options.deterministic = True
    # The stream is sharded already; a strategy must not shard it again.
    options.experimental_distribute.auto_shard_policy = tf.data.experimental.AutoShardPolicy.OFF
    return options


def _check_batch_size(batch_size: int) -> None:
    if batch_size < 1:
        raise ConfigError(f"`batch_size` must be above 0; received {batch_size}.")


def _check_together(together: int, unit: int) -> None:
    if together % unit:
        raise ConfigError(f"`global_batch_size` must be a multiple of {unit}; received {together}.")


def _check_position(start: int, shard_index: int, num_shards: int, unit: int) -> None:
    if not 0 <= shard_index < num_shards:
        raise ConfigError(
            f"`shard_index` must lie in [0, num_shards); received {shard_index} of {num_shards}."
        )
    if start < 0 or start % unit:
        raise ConfigError(f"`start` must be a multiple of {unit}; received {start}.")
