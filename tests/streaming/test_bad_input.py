"""Bad input: one clear line each, and no partial files."""

from __future__ import annotations

import contextlib
import os
import pathlib
import subprocess
import tempfile
from collections.abc import Iterator

import numpy as np
import pytest
import soundfile

from tests.streaming.bad_input import BAD, Bad, broken, wav
from tests.streaming.tiny_streams import RATE, leftovers, lstm_step, noise, read, write
from tfse.streaming import EnhanceOptions
from tfse.streaming.batch.outcome import Order, Outcome, Status
from tfse.streaming.batch.plan import Task
from tfse.streaming.batch.report import line
from tfse.streaming.batch.run_batch import attempt
from tfse.streaming.options import Targets

NOBODY = 65534


def attempted(
    source: pathlib.Path, target: pathlib.Path, options: EnhanceOptions | None = None
) -> Outcome:
    order = Order("lstm", options or EnhanceOptions())
    return attempt(Task(source, Targets(target)), lstm_step(), order)


def assert_failed(outcome: Outcome, reason: str) -> None:
    assert (outcome.status, outcome.reason) == (Status.FAILED, reason)
    assert not outcome.task.targets.enhanced.exists()
    assert "\n" not in line(outcome)


@pytest.mark.parametrize("bad", BAD, ids=lambda bad: bad.name)
def test_bad_input_has_one_line(bad: Bad, tmp_path: pathlib.Path) -> None:
    source, target = tmp_path / "x.wav", tmp_path / "y.wav"
    bad.make(source)
    outcome = attempted(source, target)
    assert not leftovers(tmp_path)
    if bad.reason is not None:
        assert_failed(outcome, bad.reason)
        return
    assert outcome.status is Status.DONE
    assert outcome.summary is not None
    assert outcome.summary.notes == (() if bad.note is None else (bad.note,))
    assert soundfile.info(target).frames == soundfile.info(source).frames
    assert np.isfinite(read(target)).all()


def test_silence_stays_silence(tmp_path: pathlib.Path) -> None:
    source = write(tmp_path / "x.wav", np.zeros(RATE, np.float32), subtype="FLOAT")
    attempted(source, tmp_path / "y.wav")
    assert np.abs(read(tmp_path / "y.wav")).max() < 1e-6


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_invalid_samples_are_silenced_when_asked(value: float, tmp_path: pathlib.Path) -> None:
    source = write(tmp_path / "x.wav", broken(value), subtype="FLOAT")
    outcome = attempted(source, tmp_path / "y.wav", EnhanceOptions(on_invalid="zero"))
    assert outcome.status is Status.DONE
    assert np.isfinite(read(tmp_path / "y.wav")).all()


def test_the_output_may_not_be_a_folder(tmp_path: pathlib.Path) -> None:
    source = write(tmp_path / "x.wav", noise(RATE))
    (tmp_path / "y.wav").mkdir()
    order = Order("lstm")
    outcome = attempt(Task(source, Targets(tmp_path / "y.wav")), lstm_step(), order)
    assert outcome.status is Status.KEPT


@pytest.fixture
def open_folder() -> Iterator[pathlib.Path]:
    """Folder that every user can enter; those of pytest belong to one user."""
    with tempfile.TemporaryDirectory() as folder:
        os.chmod(folder, 0o755)
        yield pathlib.Path(folder)


@contextlib.contextmanager
def as_nobody() -> Iterator[None]:
    """Drops the rights of root inside the block."""
    if os.geteuid() != 0:
        yield
        return
    os.seteuid(NOBODY)
    try:
        yield
    finally:
        os.seteuid(0)


def test_an_unreadable_file(open_folder: pathlib.Path) -> None:
    source = write(open_folder / "x.wav", noise(RATE))
    source.chmod(0)
    with as_nobody():
        outcome = attempted(source, open_folder / "y.wav")
    assert_failed(outcome, "permission denied")


def test_a_folder_that_cannot_be_written(open_folder: pathlib.Path) -> None:
    source = write(open_folder / "x.wav", noise(RATE))
    results = open_folder / "results"
    results.mkdir(mode=0o555)
    with as_nobody():
        outcome = attempted(source, results / "y.wav")
    assert_failed(outcome, f"permission denied: {results}")


def test_a_file_in_place_of_the_output_folder(tmp_path: pathlib.Path) -> None:
    source = write(tmp_path / "x.wav", noise(RATE))
    (tmp_path / "results").write_text("a file")
    outcome = attempted(source, tmp_path / "results" / "y.wav")
    assert_failed(outcome, f"file exists: {tmp_path / 'results'}")


@pytest.fixture
def small_disk(tmp_path: pathlib.Path) -> Iterator[pathlib.Path]:
    """Disk of 64 kB."""
    folder = tmp_path / "disk"
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", str(folder)]
    try:
        subprocess.run(mount, check=True, capture_output=True)
    except (OSError, subprocess.CalledProcessError):
        pytest.skip("a tmpfs cannot be mounted here: not root")
    yield folder
    subprocess.run(["umount", str(folder)], check=True)


@pytest.mark.parametrize("ending", ["wav", "flac", "ogg", "mp3"])
def test_a_full_disk(ending: str, small_disk: pathlib.Path, tmp_path: pathlib.Path) -> None:
    source = write(tmp_path / f"x.{ending}", noise(20 * RATE))
    outcome = attempted(source, small_disk / f"y.{ending}")
    assert_failed(outcome, "no space left on device")
    assert not list(small_disk.iterdir())


def test_a_disk_that_is_full_at_the_last_byte(
    small_disk: pathlib.Path, tmp_path: pathlib.Path
) -> None:
    (small_disk / "other").write_bytes(bytes(60 * 1024))
    source = tmp_path / "x.wav"
    source.write_bytes(wav(0.2))
    outcome = attempted(source, small_disk / "y.wav")
    assert_failed(outcome, "no space left on device")
    assert [path.name for path in small_disk.iterdir()] == ["other"]
