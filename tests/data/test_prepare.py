from __future__ import annotations

import csv
import os
import pathlib
import re
import shutil
import signal
import subprocess
import sys
from collections import defaultdict

import numpy as np
import pytest
import soundfile

from tests.data.corpus import ROOMS, VOICES, settings, voice
from tests.waiting import wait_until
from tfse.data.preparation import shards
from tfse.data.preparation.convert import Conversion, convert
from tfse.data.preparation.prepare import prepare
from tfse.data.preparation.recording_sources import Source
from tfse.data.records import index
from tfse.errors import ConfigError, DataError


def bytes_of(folder: pathlib.Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def test_the_bytes_do_not_depend_on_jobs_or_place(
    corpus: pathlib.Path, prepared: pathlib.Path, tmp_path: pathlib.Path
) -> None:
    shutil.copytree(corpus, tmp_path / "moved")
    prepare(settings(tmp_path / "moved", tmp_path / "out", jobs=2))
    assert bytes_of(tmp_path / "out") == bytes_of(prepared)


def test_another_seed_splits_and_orders_otherwise(
    corpus: pathlib.Path, prepared: pathlib.Path, tmp_path: pathlib.Path
) -> None:
    prepare(settings(corpus, tmp_path / "out", seed=1))
    assert bytes_of(tmp_path / "out") != bytes_of(prepared)


def test_names_sizes_and_checksums(prepared: pathlib.Path) -> None:
    found = index.read_index(prepared)
    index.verify_checksums(prepared, found)
    files = {shard.file for shard in found.shards}
    assert files | {"index.json", "skipped.csv", "splits.csv"} == set(os.listdir(prepared))
    count = sum((shard.set, shard.split) == ("speech", "train") for shard in found.shards)
    assert count > 1, "the corpus must fill several shards for these tests to mean something"
    assert f"speech-train-00000-of-{count:05d}.tfrecord" in files


def test_every_recording_is_there_once_and_groups_stay_together(prepared: pathlib.Path) -> None:
    sides: dict[tuple[str, str], set[str]] = defaultdict(set)
    ids = []
    for shard in index.read_index(prepared).shards:
        for record in shard.records:
            sides[shard.set, record.group].add(shard.split)
            ids.append(record.id)
    assert len(ids) == len(set(ids)) == sum(map(len, VOICES.values())) + 7 + len(ROOMS)
    assert all(len(splits) == 1 for splits in sides.values())
    # The clips of one freesound recording and the channels of one room.
    assert {group for name, group in sides if name == "noise"} == {
        *("100", "101", "200", "201", "hum", "buzz")
    }
    assert {group for name, group in sides if name == "rir"} == {
        *("hall", "cellar", "attic", "church")
    }
    for name in ("speech", "noise", "rir"):
        splits = {split for (of, _), both in sides.items() if of == name for split in both}
        assert splits == {"train", "valid", "test"}


def test_an_interrupted_run_resumes_with_the_missing_shards(
    corpus: pathlib.Path,
    prepared: pathlib.Path,
    tmp_path: pathlib.Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    out = tmp_path / "out"
    done: list[str] = []

    def interrupted(source: Source, conversion: Conversion) -> object:
        if len(done) == 7:
            raise KeyboardInterrupt
        done.append(source.id)
        return convert(source, conversion)

    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(shards, "convert", interrupted)
        prepare(settings(corpus, out))
    whole = {path: path.stat().st_mtime_ns for path in out.glob("*.tfrecord")}
    assert whole
    with pytest.raises(DataError, match=r"has no index\.json.* run it again to resume"):
        index.read_index(out)
    prepare(settings(corpus, out))
    assert bytes_of(out) == bytes_of(prepared)
    assert {path: path.stat().st_mtime_ns for path in whole} == whole


@pytest.mark.parametrize(
    ("kind", "code", "last_words"),
    # A killed program prints nothing, but Python's semaphore tracker does.
    [(signal.SIGKILL, -signal.SIGKILL, ".*"), (signal.SIGINT, 130, r"Interrupted\.\n")],
)
def test_an_ended_run_leaves_no_worker_and_can_be_resumed(
    corpus: pathlib.Path,
    prepared: pathlib.Path,
    tmp_path: pathlib.Path,
    kind: signal.Signals,
    code: int,
    last_words: str,
) -> None:
    out = tmp_path / "out"
    # A mark in the environment finds the workers after their parent is gone.
    mark = f"TFSE_TEST_MARK={tmp_path.name}"
    with (tmp_path / "stderr").open("w") as stderr:
        process = subprocess.Popen(
            [sys.executable, "-c", _SLOW, str(corpus), str(out)],
            env={**os.environ, **dict([mark.split("=")]), "TF_CPP_MIN_LOG_LEVEL": "3"},
            stderr=stderr,
            start_new_session=True,
            # Background jobs of a shell ignore Ctrl-C, and their children inherit that.
            preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
        )
    wait_until(lambda: bool(list(out.glob("*.tfrecord"))) or process.poll() is not None)
    # Ctrl-C reaches the workers too, a kill the parent alone.
    end = os.killpg if kind == signal.SIGINT else os.kill
    end(process.pid, kind)
    assert process.wait() == code
    wait_until(lambda: not _processes_with(mark))
    assert re.fullmatch(last_words, (tmp_path / "stderr").read_text(), re.DOTALL)
    assert not (out / "index.json").exists()
    prepare(settings(corpus, out))
    assert bytes_of(out) == bytes_of(prepared)


# Waits after its first shard for the signal that ends it.
_SLOW = """
import pathlib, sys, time
from tests.data.corpus import settings
from tfse.cli import program
from tfse.data.preparation import shards
from tfse.data.preparation.prepare import prepare

write = shards.write_shard
def slow(*arguments, **options):
    write(*arguments, **options)
    time.sleep(1e6)
shards.write_shard = slow
corpus, out = map(pathlib.Path, sys.argv[1:])
sys.argv[1:] = []
program.run(lambda _: prepare(settings(corpus, out, jobs=2)))
"""


def _processes_with(mark: str) -> list[str]:
    found = []
    for process in pathlib.Path("/proc").glob("[0-9]*"):
        try:
            environment = (process / "environ").read_bytes().split(b"\0")
        except OSError:
            continue
        if mark.encode() in environment and process.name != str(os.getpid()):
            found.append(process.name)
    return found


def test_what_is_complete_is_checked_and_left_alone(
    corpus: pathlib.Path, tmp_path: pathlib.Path
) -> None:
    out = tmp_path / "out"
    first = prepare(settings(corpus, out))
    times = {path: path.stat().st_mtime_ns for path in out.iterdir()}
    second = prepare(settings(corpus, out))
    assert (first.was_there, second.was_there) == (False, True)
    assert second.index == first.index
    assert {path: path.stat().st_mtime_ns for path in out.iterdir()} == times
    shard = out / first.index.shards[0].file
    damaged = bytearray(shard.read_bytes())
    damaged[100] ^= 1
    shard.write_bytes(damaged)
    with pytest.raises(DataError, match=rf"{shard} has changed since it was written"):
        prepare(settings(corpus, out))


def test_other_settings_or_recordings_are_refused(
    corpus: pathlib.Path, prepared: pathlib.Path, tmp_path: pathlib.Path
) -> None:
    with pytest.raises(ConfigError, match=r"holds data of other .*; choose an empty `output_dir`"):
        prepare(settings(corpus, prepared, seed=5))
    shutil.copytree(corpus, tmp_path / "more")
    soundfile.write(tmp_path / "more/speech/anna/new.wav", voice(0, 1.0), 16000)
    with pytest.raises(ConfigError, match="holds data of other recordings or settings"):
        prepare(settings(tmp_path / "more", prepared))


def _interrupted(*_: object, **__: object) -> None:
    raise KeyboardInterrupt


def test_other_settings_are_refused_before_the_end_too(
    corpus: pathlib.Path, tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(shards, "write_shard", _interrupted)
        prepare(settings(corpus, tmp_path / "out"))
    with pytest.raises(ConfigError, match="holds data of other recordings or settings"):
        prepare(settings(corpus, tmp_path / "out", encoding="flac"))


def test_what_cannot_be_used_is_listed_and_the_rest_is_done(
    corpus: pathlib.Path, prepared: pathlib.Path, tmp_path: pathlib.Path
) -> None:
    bad = tmp_path / "corpus"
    shutil.copytree(corpus, bad)
    (bad / "speech/anna/broken.wav").write_bytes(b"RIFF")
    (bad / "speech/anna/nothing.flac").write_bytes(b"")
    soundfile.write(bad / "speech/bela/empty.wav", np.zeros(0), 16000)
    soundfile.write(bad / "speech/bela/short.wav", voice(1, 0.49), 16000)
    soundfile.write(bad / "noise/fan/silent.wav", np.zeros(16000), 16000)
    nan = np.append(voice(1, 1.0), np.nan)
    soundfile.write(bad / "noise/fan/nan.wav", nan, 16000, subtype="FLOAT")
    cut = (bad / "noise/rain/1-100-A.ogg").read_bytes()
    (bad / "noise/rain/cut.ogg").write_bytes(cut[:50])
    rate = bytearray((bad / "noise/fan/silent.wav").read_bytes())
    rate[24:28] = (1).to_bytes(4, "little")
    (bad / "noise/fan/rate.wav").write_bytes(rate)
    (bad / "noise/fan/gone.wav").symlink_to("nowhere")
    nameless = os.fsdecode(b"\xe9.wav")
    (bad / "noise/fan" / nameless).write_bytes(b"RIFF")
    warnings: list[str] = []
    made = prepare(settings(bad, tmp_path / "out"), warnings.append)
    assert [line.partition(": ")[2] for line in warnings] == ["passed over: 1 links to nothing"]
    with (tmp_path / "out/skipped.csv").open(newline="", errors="surrogateescape") as file:
        rows = list(csv.reader(file))
    assert rows[0] == ["path", "reason"]
    assert tuple(map(tuple, rows[1:])) == made.skipped
    reasons = {pathlib.Path(path).name: reason for path, reason in rows[1:]}
    assert reasons == {
        "broken.wav": reasons["broken.wav"],
        "nothing.flac": reasons["nothing.flac"],
        "cut.ogg": reasons["cut.ogg"],
        nameless: reasons[nameless],
        "rate.wav": "the sample rate must be from 1,000 to 768,000 Hz; received 1 Hz.",
        "empty.wav": "there are no samples in it",
        "short.wav": "too short: 0.490 s, below 0.5 s",
        "silent.wav": "silent: its peak is -180 dBFS, below -80",
        "nan.wav": "not finite: it holds NaN or infinite samples",
    }
    for name in ("broken.wav", "cut.ogg", nameless):
        assert reasons[name].startswith("not readable as audio: ")
    assert reasons["nothing.flac"] == "the file is empty"
    ids = {record.id for shard in made.index.shards for record in shard.records}
    good = {r.id for shard in index.read_index(prepared).shards for r in shard.records}
    assert ids == good


def test_names_need_not_be_text(corpus: pathlib.Path, tmp_path: pathlib.Path) -> None:
    odd = tmp_path / "corpus"
    shutil.copytree(corpus, odd)
    name = os.fsdecode(b"f\xe9.wav")
    soundfile.write(tmp_path / "x.wav", voice(1, 1.0), 16000)
    os.rename(tmp_path / "x.wav", odd / "noise/fan" / name)
    prepare(settings(odd, tmp_path / "out"))
    again = prepare(settings(odd, tmp_path / "out"))
    assert again.was_there
    ids = {record.id for shard in again.index.shards for record in shard.records}
    assert f"noise/fan/{name}" in ids


def test_nothing_usable_is_an_error(corpus: pathlib.Path, tmp_path: pathlib.Path) -> None:
    for number in range(3):
        (tmp_path / f"noise{number}").mkdir()
        silent = tmp_path / f"noise{number}/silent-{'abc'[number]}.wav"
        soundfile.write(silent, np.zeros(16000), 16000)
    folders = [str(tmp_path / f"noise{number}") for number in range(3)]
    with pytest.raises(
        DataError, match=r"There is no usable noise; .*skipped\.csv has the reasons"
    ):
        prepare(settings(corpus, tmp_path / "out", noise_dirs=folders))
    assert os.listdir(tmp_path / "out") == ["skipped.csv"]


def test_what_was_refused_does_not_stand_in_the_way(
    corpus: pathlib.Path, tmp_path: pathlib.Path
) -> None:
    one_speaker = {"speaker_pattern": "(speech)"}
    with pytest.raises(ConfigError, match=r"received 1\. Without those splits"):
        prepare(settings(corpus, tmp_path / "out", **one_speaker))
    whole = {"valid_fraction": 0.0, "test_fraction": 0.0}
    made = prepare(settings(corpus, tmp_path / "out", **one_speaker, **whole))
    assert {shard.split for shard in made.index.shards} == {"train"}


def test_long_recordings_become_equal_pieces_of_one_group(
    corpus: pathlib.Path, tmp_path: pathlib.Path
) -> None:
    long = tmp_path / "corpus"
    shutil.copytree(corpus, long)
    hiss = 0.1 * np.random.default_rng(0).standard_normal(16000 * 61)
    soundfile.write(long / "noise/fan/long.wav", hiss, 16000)
    made = prepare(settings(long, tmp_path / "out")).index
    pieces = [r for shard in made.shards for r in shard.records if r.group == "long"]
    assert sorted(piece.id for piece in pieces) == [f"noise/fan/long.wav#{n}" for n in range(3)]
    assert max(p.samples for p in pieces) - min(p.samples for p in pieces) <= 1
    assert abs(sum(piece.samples for piece in pieces) - hiss.size) < 100


def test_without_rooms_there_are_none(corpus: pathlib.Path, tmp_path: pathlib.Path) -> None:
    made = prepare(settings(corpus, tmp_path / "out", rir_dirs=[]))
    assert {shard.set for shard in made.index.shards} == {"speech", "noise"}


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"encoding": "mp3"}, r"`encoding` must be one of .* received 'mp3'"),
        ({"sample_rate": 0}, r"`sample_rate` must be above 0; received 0"),
        ({"shard_mb": -1.0}, r"`shard_mb` must be above 0"),
        ({"jobs": 0}, r"`jobs` must be above 0"),
        ({"valid_fraction": -0.1}, r"`valid_fraction` must not be negative; received -0.1"),
        ({"min_s": float("nan")}, r"`min_s` must not be negative; received nan"),
        ({"test_fraction": 0.7}, r"must leave something to training; received 0.3 and 0.7"),
        ({"train_groups": ["*"]}, r"received 6, 6 of them kept for training"),
    ],
)
def test_a_wrong_setting_is_named(
    corpus: pathlib.Path, tmp_path: pathlib.Path, changes: dict[str, object], message: str
) -> None:
    with pytest.raises(ConfigError, match=message):
        prepare(settings(corpus, tmp_path / "out", **changes))


def test_speech_is_not_noise(corpus: pathlib.Path, tmp_path: pathlib.Path) -> None:
    with pytest.raises(ConfigError, match="Input folders must differ"):
        prepare(settings(corpus, tmp_path / "out", noise_dirs=[str(corpus / "speech")]))
