"""Damage to records while they are read: logged, counted, substituted up to a limit."""

from __future__ import annotations

import logging
import pathlib
import shutil
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import replace

import numpy as np
import pytest
import tensorflow as tf

from tests.data.corpus import settings
from tfse.data.config import DataConfig
from tfse.data.pipeline import training_dataset
from tfse.data.preparation.prepare import prepare
from tfse.data.records import audio_record, index
from tfse.data.records.corrupt_records import CorruptRecords, Place, Substitutes
from tfse.data.records.index import RecordEntry
from tfse.data.records.record_table import RecordTable, record_table
from tfse.errors import DataError

CONFIG = DataConfig(
    segment_s=0.5, reverb_probability=0.0, babble_probability=0.0, clean_probability=1.0
)
Damage = Callable[[bytes], bytes]


@pytest.fixture(scope="module", params=["pcm16", "flac", "flac_by_soundfile"])
def whole(
    request: pytest.FixtureRequest,
    corpus: pathlib.Path,
    prepared: pathlib.Path,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[pathlib.Path]:
    if request.param == "pcm16":
        yield prepared
        return
    folder = tmp_path_factory.mktemp("flac") / "flac"
    prepare(settings(corpus, folder, encoding="flac"))
    with pytest.MonkeyPatch.context() as patch:
        if request.param == "flac_by_soundfile":
            # As beside a TensorFlow that tensorflow-io does not load with.
            patch.setattr(audio_record, "tensorflow_io", lambda: None)
        yield folder


def shard_of(folder: pathlib.Path) -> index.ShardEntry:
    """Returns the last shard of training speech with several records."""
    shards = index.read_index(folder).shards
    return [s for s in shards if (s.set, s.split) == ("speech", "train") and len(s.records) > 1][-1]


def damaged(folder: pathlib.Path, copy: pathlib.Path, damage: Damage) -> RecordEntry:
    """Copies prepared data, damages the frame of one record, and returns that record."""
    shutil.copytree(folder, copy)
    shard = shard_of(folder)
    record = shard.records[0]
    data = (copy / shard.file).read_bytes()
    start = record.offset - audio_record.HEADER_BYTES
    end = record.offset + record.bytes + audio_record.FOOTER_BYTES
    (copy / shard.file).write_bytes(data[:start] + damage(data[start:end]) + data[end:])
    return record


def flipped(at: float) -> Damage:
    """Returns damage that flips a bit and keeps the checksum of the frame."""

    def damage(frame: bytes) -> bytes:
        data = bytearray(frame)
        data[round(at * (len(data) - 1))] ^= 4
        return bytes(data)

    return damage


def rewritten(start: int, end: int) -> Damage:
    """Returns damage that overwrites part of the payload and updates the checksum."""

    def damage(frame: bytes) -> bytes:
        payload = bytearray(frame[audio_record.HEADER_BYTES : -audio_record.FOOTER_BYTES])
        payload[start:end] = b"\xff" * (end - start)
        return framed(bytes(payload))

    return damage


def with_audio(change: Callable[[bytes], bytes]) -> Damage:
    """Returns damage that changes the audio of a record and updates the checksum."""

    def damage(frame: bytes) -> bytes:
        payload = frame[audio_record.HEADER_BYTES : -audio_record.FOOTER_BYTES]
        example = tf.train.Example.FromString(payload)
        audio = example.features.feature["audio"].bytes_list
        audio.value[0] = change(audio.value[0])
        return framed(example.SerializeToString())

    return damage


def framed(payload: bytes) -> bytes:
    with tempfile.NamedTemporaryFile() as file:
        with tf.io.TFRecordWriter(file.name) as writer:
            writer.write(payload)
        return pathlib.Path(file.name).read_bytes()


def table_of(folder: pathlib.Path, found: index.Index, limit: int = 5) -> RecordTable:
    return record_table(folder, found, "speech", "train", CorruptRecords(limit))


DAMAGES = {
    "first byte": flipped(0.0),
    "length": flipped(0.001),
    "middle": flipped(0.5),
    "last byte": flipped(1.0),
    "zeros": lambda frame: bytes(len(frame)),
    "no example": rewritten(0, 8),
    "no feature": rewritten(6, 14),
    "short": with_audio(lambda audio: audio[:-200]),
    # Neither whole samples of 16 bits nor FLAC.
    "undecodable": with_audio(lambda audio: bytes(len(audio) | 1)),
}


# PCM16 samples are read at the offsets of the index, whatever the record contains.
HARMLESS = {"pcm16": ("no example", "no feature"), "flac": ()}


@pytest.mark.parametrize("name", DAMAGES)
def test_a_record_that_cannot_be_read_is_named_once_and_replaced(
    whole: pathlib.Path, tmp_path: pathlib.Path, caplog: pytest.LogCaptureFixture, name: str
) -> None:
    found = index.read_index(whole)
    record = damaged(whole, tmp_path / "copy", DAMAGES[name])
    good, bad = table_of(whole, found), table_of(tmp_path / "copy", found)
    numbers = {path_and_offset(good, n): n for n in range(good.count)}
    number = numbers[shard_of(whole).file, record.offset - audio_record.HEADER_BYTES]
    with caplog.at_level(logging.WARNING):
        first, again = bad.read(number), bad.read(number)
    if name in HARMLESS[found.encoding]:
        np.testing.assert_array_equal(first, good.read(number))
        assert caplog.messages == []
        return
    (line,) = caplog.messages
    assert line.startswith(f"{tmp_path}/copy/{shard_of(whole).file}: record {record.id} at byte ")
    assert line.endswith(". Another record replaces it; 1 of at most 5.")
    np.testing.assert_array_equal(first, again)
    same_group = np.flatnonzero(good.groups.numpy() == good.groups[number])
    readable = [n for n in (*same_group, *range(good.count)) if n != number]
    audios = [good.read(n).numpy() for n in readable]
    assert any(np.array_equal(first, audio) for audio in audios[: max(1, len(same_group) - 1)])
    if name in ("middle", "zeros"):  # No offsets moved, so the others are intact.
        for n, audio in zip(readable, audios, strict=True):
            np.testing.assert_array_equal(bad.read(n), audio)
        assert len(caplog.messages) == 1


def path_and_offset(table: RecordTable, number: int) -> tuple[str, int]:
    path = pathlib.Path(table.paths[number].numpy().decode())
    return path.name, int(table.offsets[number])


def test_only_mixtures_with_the_record_change(
    whole: pathlib.Path, tmp_path: pathlib.Path, caplog: pytest.LogCaptureFixture
) -> None:
    record = damaged(whole, tmp_path / "copy", flipped(0.5))
    before, after, alone = (
        list(
            training_dataset(folder, CONFIG, batch_size=8, num_parallel_calls=parallel_calls).take(
                4
            )
        )
        for folder, parallel_calls in (
            *((whole, None), (tmp_path / "copy", None)),
            (tmp_path / "copy", 1),
        )
    )
    changed = []
    for one, other, third in zip(before, after, alone, strict=True):
        np.testing.assert_array_equal(one["key"], other["key"])
        np.testing.assert_array_equal(other["noisy"], third["noisy"])
        assert np.isfinite(other["noisy"]).all()
        changed += list(np.any(one["noisy"] != other["noisy"], axis=1))
    assert 0 < sum(changed) < len(changed) / 2
    assert [record.id in message for message in caplog.messages] == [True, True], "once a stream"


def test_beyond_the_limit_the_record_is_named_in_an_error(
    prepared: pathlib.Path, tmp_path: pathlib.Path
) -> None:
    record = damaged(prepared, tmp_path / "copy", flipped(0.5))
    stream = training_dataset(
        tmp_path / "copy", replace(CONFIG, max_corrupt_records=0), batch_size=8
    )
    message = rf"DataError: .*{record.id}.* More than 0 records .* \(`max_corrupt_records`\)"
    with pytest.raises(tf.errors.InvalidArgumentError, match=message):
        list(stream.take(8))


def test_each_record_is_counted_once_up_to_the_limit(prepared: pathlib.Path) -> None:
    places = [Place(RecordEntry(f"r{n}", "g", "k", 1, 12, 1), "shard") for n in range(3)]
    corrupt = CorruptRecords(2)
    for place in (places[0], places[1], places[0]):
        corrupt.add(place, "reason")
    assert [place in corrupt for place in places] == [True, True, False]
    with pytest.raises(
        DataError, match=r"^shard: record r2 at byte 0 .*: reason\. More than 2 records"
    ):
        corrupt.add(places[2], "reason")


def test_the_substitute_is_the_most_similar_record(prepared: pathlib.Path) -> None:
    kinds = [("a", "rain"), ("b", "fan"), ("b", "fan"), ("c", "rain"), ("d", "fan"), ("e", "rain")]
    places = [
        Place(RecordEntry(f"r{n}", group, kind, 1, 12, 1), "no shard")
        for n, (group, kind) in enumerate(kinds)
    ]
    order: list[str] = []

    class Reading(Substitutes):
        def _read(self, place: Place) -> np.ndarray:
            order.append(place.record.id)
            raise DataError("not this one")

    substitutes = Reading(places, lambda record: record, CorruptRecords(99))
    with pytest.raises(DataError, match=r"No record can be read in place of no shard: record r2"):
        substitutes(np.int32(2))
    assert order == ["r2", "r1", "r4", "r3", "r5", "r0"]


def test_a_shard_that_vanishes_while_it_is_read_ends_the_run(
    prepared: pathlib.Path, tmp_path: pathlib.Path
) -> None:
    shutil.copytree(prepared, tmp_path / "copy")
    stream = iter(
        training_dataset(tmp_path / "copy", replace(CONFIG, max_corrupt_records=1), batch_size=1)
    )
    next(stream)
    for path in (tmp_path / "copy").glob("speech-train-*"):
        path.unlink()
    with pytest.raises(tf.errors.InvalidArgumentError, match="No such file"):
        for _ in range(40):
            next(stream)


def test_no_sample_of_16_bits_is_nan() -> None:
    every = np.arange(-(2**15), 2**15).astype("<i2")
    record = audio_record.AudioRecord(every.tobytes(), "pcm16", 16000, every.size, "id", "g", "k")
    audio = audio_record.decoder("pcm16")(tf.constant(record.serialize())).numpy()
    assert np.isfinite(audio).all()
    assert (audio.min(), audio.max()) == (-1.0, 1.0 - 2.0**-15)
