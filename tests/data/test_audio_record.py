from __future__ import annotations

import io
import itertools
import pathlib
from typing import Any

import numpy as np
import pytest
import soundfile
import tensorflow as tf

from tests.data.corpus import settings
from tfse.data.preparation.prepare import prepare
from tfse.data.records import audio_record, index
from tfse.data.records.record_table import record_table
from tfse.errors import ConfigError, DataError


def test_any_reader_of_tfrecords_finds_what_the_index_says(prepared: pathlib.Path) -> None:
    found = index.read_index(prepared)
    for shard in found.shards:
        for data, entry in zip(
            tf.data.TFRecordDataset(str(prepared / shard.file)), shard.records, strict=True
        ):
            record = tf.io.parse_single_example(data, audio_record.FEATURES)
            assert record["id"].numpy().decode() == entry.id
            assert record["group"].numpy().decode() == entry.group
            assert record["kind"].numpy().decode() == entry.kind
            assert record["samples"].numpy() == entry.samples
            assert record["sample_rate"].numpy() == 16000
            assert record["encoding"].numpy() == b"pcm16"
            assert len(record["audio"].numpy()) == 2 * entry.samples
            raw = (prepared / shard.file).read_bytes()
            assert raw[entry.offset : entry.offset + entry.bytes] == data.numpy()


@pytest.mark.parametrize("name", ["speech", "noise", "rir"])
def test_records_are_read_in_any_order(prepared: pathlib.Path, name: str) -> None:
    table = record_table(prepared, index.read_index(prepared), name, "train")
    lengths = [int(tf.size(table.read(number))) for number in reversed(range(table.count))]
    assert lengths == list(reversed(table.samples.numpy()))


def test_a_group_is_a_run_of_numbers(prepared: pathlib.Path) -> None:
    table = record_table(prepared, index.read_index(prepared), "speech", "train")
    groups = table.groups.numpy()
    assert list(groups) == sorted(groups)
    for group, (start, size) in enumerate(zip(table.group_starts, table.group_sizes, strict=True)):
        assert set(groups[start : start + size]) == {group}
    assert sum(table.group_sizes.numpy()) == table.count
    assert table.group_count == len(table.group_sizes) > 1


@pytest.mark.parametrize("by_soundfile", [False, True])
def test_flac_holds_the_same_samples_in_less_space(
    corpus: pathlib.Path,
    prepared: pathlib.Path,
    tmp_path: pathlib.Path,
    monkeypatch: pytest.MonkeyPatch,
    by_soundfile: bool,
) -> None:
    if by_soundfile:
        monkeypatch.setattr(audio_record, "tensorflow_io", lambda: None)
    flac = prepare(settings(corpus, tmp_path / "flac", encoding="flac")).index
    pcm16 = index.read_index(prepared)
    assert sum(s.bytes for s in flac.shards) < 0.9 * sum(s.bytes for s in pcm16.shards)
    for name in ("speech", "noise", "rir"):
        tables = [
            record_table(tmp_path / "flac", flac, name, "train"),
            record_table(prepared, pcm16, name, "train"),
        ]
        for number in range(tables[0].count):
            one, other = (table.read(number).numpy() for table in tables)
            np.testing.assert_array_equal(one, other)


def test_a_flipped_bit_stops_the_reader(prepared: pathlib.Path, tmp_path: pathlib.Path) -> None:
    found = index.read_index(prepared)
    shard = next(s for s in found.shards if (s.set, s.split) == ("speech", "train"))
    data = bytearray((prepared / shard.file).read_bytes())
    data[shard.records[0].offset + shard.records[0].bytes // 2] ^= 1
    (tmp_path / "damaged").write_bytes(data)
    start = shard.records[0].offset - audio_record.HEADER_BYTES
    audio_record.read_record(str(prepared / shard.file), start)
    with pytest.raises(tf.errors.DataLossError, match="corrupted record"):
        audio_record.read_record(str(tmp_path / "damaged"), start)


def test_the_same_record_is_the_same_bytes() -> None:
    record = audio_record.AudioRecord(b"ab", "pcm16", 16000, 1, "an/id", "anna", "folder")
    assert record.serialize() == record.serialize()
    example = tf.train.Example.FromString(record.serialize())
    assert set(example.features.feature) == set(audio_record.FEATURES)


def test_a_missing_set_and_an_unknown_encoding_are_errors(prepared: pathlib.Path) -> None:
    found = index.read_index(prepared)
    speech_only = index.Index(
        found.sample_rate,
        found.encoding,
        found.plan,
        found.settings,
        tuple(shard for shard in found.shards if shard.set == "speech"),
    )
    with pytest.raises(
        DataError, match=r"/pcm16 holds no rir for valid\. .* reverb_probability=0\."
    ):
        record_table(prepared, speech_only, "rir", "valid")
    with pytest.raises(ConfigError, match=r"`encoding` must be one of"):
        audio_record.decoder("mp3")


@pytest.mark.parametrize("samples", [1, 50, 60, 61, 62, 63, 64, 8_150, 8_191, 480_000, 2**20])
def test_the_audio_starts_at_its_offset(samples: int) -> None:
    audio = np.random.default_rng(samples).bytes(2 * samples)
    record = audio_record.AudioRecord(
        audio, "pcm16", 16000, samples, "an/id", "anna", "k"
    ).serialize()
    start = audio_record.audio_start(len(record), len(audio))
    assert record[start : start + len(audio)] == audio


def flac_that_ends_with(last: int) -> tuple[bytes, Any]:
    """Returns a FLAC file whose last byte, of a checksum, is given; and its samples."""
    for seed in itertools.count():
        samples = np.random.default_rng(seed).integers(-99, 99, 40).astype(np.int16)
        file = io.BytesIO()
        soundfile.write(file, samples, 16000, format="FLAC", subtype="PCM_16")
        if file.getvalue()[-1] == last:
            return file.getvalue(), samples
    raise AssertionError


@pytest.mark.parametrize("eager", [False, True])
@pytest.mark.parametrize("last", [0, 1])
def test_no_byte_of_a_flac_record_is_lost(
    last: int, eager: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(audio_record, "tensorflow_io", lambda: None)
    audio, samples = flac_that_ends_with(last)
    record = audio_record.AudioRecord(audio, "flac", 16000, 40, "id", "anna", "k").serialize()
    decode = audio_record.decoder("flac")
    run = decode if eager else tf.function(decode)
    np.testing.assert_array_equal(run(tf.constant(record)) * 32768, samples)
    # The whole file, and not what a decoder makes of less.
    seen: list[bytes] = []
    tf.function(
        lambda x: tf.numpy_function(
            lambda value: seen.append(audio_record.bytes_of(value)) or np.int16(0), [x], tf.int16
        )
    )(tf.constant(audio))
    assert seen == [audio]
