"""Pipeline of mixtures: streams, keys, fixed sets, batches and refusals."""

from __future__ import annotations

import pathlib
from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import tensorflow as tf

from tests.data.corpus import settings
from tfse.data.augmentation_config import AugmentationConfig
from tfse.data.config import DataConfig
from tfse.data.open_mixer import open_mixer
from tfse.data.pipeline import fixed_dataset, mixture, mixtures_per_epoch, training_dataset
from tfse.data.preparation.prepare import prepare
from tfse.errors import ConfigError, DataError

# Parts of probability 0 are not in the graph, which makes most of these tests quick.
PLAIN = {"reverb_probability": 0.0, "babble_probability": 0.0, "clean_probability": 0.0}
SHORT = DataConfig(segment_s=0.5, **PLAIN)
WHOLE = DataConfig(whole_utterances=True, bucket_boundaries_s=(0.85, 1.5), **PLAIN)
FULL = DataConfig(
    segment_s=0.5, reverb_probability=0.5, babble_probability=0.5, clean_probability=0.1
)


def keys(batches: Iterable[dict[str, Any]]) -> list[str]:
    return [key.decode() for batch in batches for key in batch["key"].numpy()]


def assert_equal(one: dict[str, Any], other: dict[str, Any]) -> None:
    for name in one:
        np.testing.assert_array_equal(one[name].numpy(), other[name].numpy(), err_msg=name)


def test_each_utterance_is_the_first_of_one_mixture_per_epoch(prepared: pathlib.Path) -> None:
    config = DataConfig(whole_utterances=True, **{**PLAIN, "clean_probability": 1.0})
    count = mixtures_per_epoch(prepared, config)
    shapes = {}
    for epoch in (0, 1):
        stream = training_dataset(prepared, config, batch_size=1, start=epoch * count)
        batch = [b["clean"].numpy()[0] for b in stream.take(count)]
        shapes[epoch] = [samples.size for samples in batch]
    assert sorted(shapes[0]) == sorted(shapes[1])
    assert shapes[0] != shapes[1], "each epoch has an order of its own"
    assert len(set(shapes[0])) > 3


def test_the_stream_counts_on_through_the_epochs(prepared: pathlib.Path) -> None:
    count = mixtures_per_epoch(prepared, SHORT)
    found = keys(training_dataset(prepared, SHORT, batch_size=1, start=count - 2).take(4))
    assert found == [f"train/0/{n // count}/{n % count}" for n in range(count - 2, count + 2)]


def test_an_utterance_has_a_mixture_for_each_crop_that_it_fills(prepared: pathlib.Path) -> None:
    mixer = open_mixer(prepared, SHORT, "train")
    crops = np.bincount(mixer.sampler.crops.numpy())
    seconds = mixer.speech.samples.numpy() / SHORT.sample_rate
    np.testing.assert_array_equal(crops, np.ceil(seconds / SHORT.segment_s))
    assert mixtures_per_epoch(prepared, SHORT) == crops.sum()


BOTH = pytest.mark.parametrize("config", [FULL, WHOLE], ids=["crops", "whole"])


@pytest.fixture(scope="module")
def streams(prepared: pathlib.Path) -> dict[bool, list[dict[str, Any]]]:
    """Returns six batches of three mixtures, of crops under False and utterances under True."""
    return {
        config.whole_utterances: list(training_dataset(prepared, config, batch_size=3).take(6))
        for config in (FULL, WHOLE)
    }


Streams = dict[bool, list[dict[str, Any]]]


@BOTH
def test_a_resumed_run_has_the_same_stream(
    prepared: pathlib.Path, streams: Streams, config: DataConfig
) -> None:
    rest = list(training_dataset(prepared, config, batch_size=3, start=9).take(3))
    for one, other in zip(streams[config.whole_utterances][3:], rest, strict=True):
        assert_equal(one, other)


def test_the_stream_does_not_depend_on_parallel_calls(
    prepared: pathlib.Path, streams: Streams
) -> None:
    alone = training_dataset(prepared, FULL, batch_size=3, num_parallel_calls=1)
    for one, other in zip(streams[False], alone.take(6), strict=True):
        assert_equal(one, other)


@pytest.mark.parametrize("config", [SHORT, WHOLE], ids=["crops", "whole"])
def test_workers_share_the_stream_and_never_repeat(
    prepared: pathlib.Path, config: DataConfig
) -> None:
    def read(index: int, start: int, batches: int) -> list[str]:
        share = {"start": start, "shard_index": index, "num_shards": 2}
        return keys(training_dataset(prepared, config, batch_size=3, **share).take(batches))

    alone = keys(training_dataset(prepared, config, batch_size=6).take(3))
    shares = [read(index, 0, 3) for index in range(2)]
    for first in (0, 6, 12):
        # Each global batch is that of one worker alone.
        together = [key for share in shares for key in share[first // 2 : first // 2 + 3]]
        assert sorted(together) == sorted(alone[first : first + 6])
    assert len(set(alone)) == 18
    # A resumed run has consumed the first six mixtures of all workers.
    assert read(1, 6, 2) == shares[1][3:]


@BOTH
def test_a_key_makes_its_mixture_again(
    prepared: pathlib.Path, streams: Streams, config: DataConfig
) -> None:
    batch = streams[config.whole_utterances][2]
    for number, key in list(enumerate(batch["key"].numpy()))[:2]:
        again = mixture(prepared, config, key.decode())
        length = again["length"]
        assert length == batch["length"][number]
        for name in ("noisy", "clean", "noise"):
            np.testing.assert_array_equal(again[name], batch[name][number][:length])
        assert again["snr_db"] == batch["snr_db"][number]


def test_another_seed_is_another_stream(prepared: pathlib.Path) -> None:
    one, other = (
        next(iter(training_dataset(prepared, replace(SHORT, seed=seed), batch_size=8)))
        for seed in (0, 1)
    )
    assert not np.any(np.all(one["noisy"].numpy() == other["noisy"].numpy(), axis=1))
    assert not np.any(one["snr_db"].numpy() == other["snr_db"].numpy())


def test_fixed_sets_are_the_same_every_time_and_whatever_the_seed(prepared: pathlib.Path) -> None:
    first, second, seeded = (
        list(fixed_dataset(prepared, config, batch_size=4, count=10))
        for config in (SHORT, SHORT, replace(SHORT, seed=9))
    )
    assert [batch["noisy"].shape[0] for batch in first] == [4, 4, 2]
    for one, two, three in zip(first, second, seeded, strict=True):
        assert_equal(one, two)
        assert_equal(one, three)
    assert keys(first)[0] == "valid/0/0/0"


@pytest.mark.parametrize(("split", "count"), [("valid", 3), ("test", 5)])
def test_fixed_sets_have_as_many_mixtures_as_the_config_says(
    prepared: pathlib.Path, split: str, count: int
) -> None:
    config = replace(SHORT, segment_s=0.1, valid_mixtures=3, test_mixtures=5)
    (batch,) = fixed_dataset(prepared, config, split, batch_size=8)
    assert batch["noisy"].shape == (count, 1600)


def test_buckets_hold_utterances_of_like_length_padded_with_zeros(prepared: pathlib.Path) -> None:
    for batch in training_dataset(prepared, WHOLE, batch_size=2).take(6):
        lengths = batch["length"].numpy()
        assert len(set(np.digitize(lengths, [0.85 * 16000, 1.5 * 16000]))) == 1
        assert batch["noisy"].shape == (2, lengths.max())
        for name in ("noisy", "clean", "noise"):
            for samples, length in zip(batch[name].numpy(), lengths, strict=True):
                assert samples[:length].any() or name == "noise"
                assert not samples[length:].any()


def test_batches_of_crops_have_a_shape_that_is_known(prepared: pathlib.Path) -> None:
    spec = training_dataset(prepared, SHORT, batch_size=2).element_spec
    assert {name: (tuple(s.shape), s.dtype) for name, s in spec.items()} == {
        "noisy": ((None, 8000), tf.float32),
        "clean": ((None, 8000), tf.float32),
        "noise": ((None, 8000), tf.float32),
        "length": ((None,), tf.int32),
        "key": ((None,), tf.string),
        "kind": ((None,), tf.string),
        "speaker": ((None,), tf.string),
        "noise_group": ((None,), tf.string),
        "room": ((None,), tf.string),
        "snr_db": ((None,), tf.float32),
        "level_dbfs": ((None,), tf.float32),
        "reverberant": ((None,), tf.bool),
    }


def test_flac_gives_the_same_mixtures(
    corpus: pathlib.Path, prepared: pathlib.Path, tmp_path: pathlib.Path
) -> None:
    prepare(settings(corpus, tmp_path / "flac", encoding="flac"))
    one, other = (
        next(iter(training_dataset(folder, SHORT, batch_size=8)))
        for folder in (prepared, tmp_path / "flac")
    )
    assert_equal(one, other)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"batch_size": 0}, r"`batch_size` must be above 0; received 0"),
        (
            {"shard_index": 2, "num_shards": 2},
            r"`shard_index` must lie in \[0, num_shards\); .* 2 of",
        ),
        ({"shard_index": -1}, "`shard_index` must lie in"),
        ({"start": -2}, r"`start` must be a multiple of 1; received -2"),
        ({"start": 3, "num_shards": 2}, r"`start` must be a multiple of 2; received 3"),
    ],
)
def test_a_wrong_argument_is_named(
    prepared: pathlib.Path, arguments: dict[str, int], message: str
) -> None:
    with pytest.raises(ConfigError, match=message):
        training_dataset(prepared, SHORT, **{"batch_size": 2, **arguments})


def test_with_whole_utterances_the_start_is_counted_in_batches(prepared: pathlib.Path) -> None:
    with pytest.raises(ConfigError, match=r"`start` must be a multiple of 6; received 3"):
        training_dataset(prepared, WHOLE, batch_size=3, num_shards=2, start=3)


@pytest.mark.parametrize(
    ("open_it", "error", "message"),
    [
        (
            lambda d: fixed_dataset(d, SHORT, "dev", batch_size=1),
            ConfigError,
            "`split` must be one",
        ),
        (lambda d: fixed_dataset(d, SHORT, batch_size=0), ConfigError, "`batch_size` must be"),
        (lambda d: fixed_dataset(d, SHORT, batch_size=1, count=0), ConfigError, "`count` must be"),
        (
            lambda d: fixed_dataset(d, DataConfig(sample_rate=8000), batch_size=1),
            DataError,
            r"`sample_rate` must be that of the data, 16000; received 8000\.",
        ),
        (
            lambda d: training_dataset(d, DataConfig(segment_s=-1.0), batch_size=1),
            ConfigError,
            "`segment_s` must be above 0",
        ),
        (
            lambda d: mixtures_per_epoch(d / "no", DataConfig()),
            DataError,
            "`data_dir` must be a folder",
        ),
        (
            lambda d: training_dataset(d / "no", SHORT, batch_size=1),
            DataError,
            "`data_dir` must be",
        ),
        (lambda d: mixture(d, SHORT, "train/0/0"), ConfigError, "must be split/seed/epoch/index"),
        (lambda d: mixture(d, SHORT, "train/0/0/x"), ConfigError, "received 'train/0/0/x'"),
        (lambda d: mixture(d, SHORT, "dev/0/0/0"), ConfigError, "must be split/seed/epoch/index"),
        (lambda d: mixture(d, SHORT, "train/0/0/999"), ConfigError, "must be below"),
    ],
)
def test_what_is_wrong_is_said_before_anything_runs(
    prepared: pathlib.Path,
    open_it: Callable[[pathlib.Path], Any],
    error: type[Exception],
    message: str,
) -> None:
    with pytest.raises(error, match=message):
        open_it(prepared)


def test_babble_and_a_second_talker_need_two_speakers(
    corpus: pathlib.Path, tmp_path: pathlib.Path
) -> None:
    changes = {"valid_fraction": 0.0, "test_fraction": 0.0, "speaker_pattern": "(speech)"}
    prepare(settings(corpus, tmp_path / "one", **changes))
    with pytest.raises(DataError, match=r"Babble needs 2 speakers in train; received 1\."):
        training_dataset(tmp_path / "one", FULL, batch_size=1)
    two = replace(SHORT, augmentation=AugmentationConfig(second_talker_probability=0.1))
    with pytest.raises(DataError, match=r"A second talker needs 2 speakers in train; received 1"):
        training_dataset(tmp_path / "one", two, batch_size=1)
    (batch,) = training_dataset(tmp_path / "one", SHORT, batch_size=2).take(1)
    assert batch["noisy"].shape == (2, 8000)
