from __future__ import annotations

import pathlib
import signal
import subprocess
import sys
import threading

import pytest

from tests.waiting import wait_until
from tfse import files
from tfse.files import TakenError, atomic, write_together, write_whole

PART = ".tfse-*.part"
HOLD = """
import pathlib, sys, time
from tfse.files import atomic
with atomic(pathlib.Path(sys.argv[1])) as file:
    file.write(b"half")
    time.sleep(1e6)
"""


def test_a_part_of_a_process_that_was_killed_is_removed(tmp_path: pathlib.Path) -> None:
    with subprocess.Popen([sys.executable, "-c", HOLD, str(tmp_path / "a")]) as holder:
        wait_until(lambda: any(tmp_path.glob(PART)))
        (part,) = tmp_path.glob(PART)
        # While it runs, its part stays.
        write = [sys.executable, "-c", HOLD.replace("time.sleep(1e6)", ""), str(tmp_path / "b")]
        subprocess.run(write, check=True)
        assert list(tmp_path.glob(PART)) == [part]
        holder.send_signal(signal.SIGKILL)
    assert part.exists()
    subprocess.run([*write[:-1], str(tmp_path / "c")], check=True)
    assert not part.exists()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["b", "c"]


def test_a_part_stays_until_it_has_its_name(
    tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    move = files._move

    def moved_late(part: pathlib.Path, target: pathlib.Path, overwrite: bool) -> None:
        # As another process does that writes its first file in this folder at this moment.
        files._remove_stale.__wrapped__(part.parent)
        move(part, target, overwrite)

    monkeypatch.setattr(files, "_move", moved_late)
    for overwrite in (True, False):
        with atomic(tmp_path / str(overwrite), overwrite) as file:
            file.write(b"whole")
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == {
        "True": b"whole",
        "False": b"whole",
    }


def test_a_file_that_another_process_made_is_kept(tmp_path: pathlib.Path) -> None:
    target = tmp_path / "a"
    with (
        pytest.raises(TakenError, match="already created by another process"),
        atomic(target, overwrite=False) as file,
    ):
        file.write(b"mine")
        target.write_bytes(b"theirs")
    assert target.read_bytes() == b"theirs"
    assert list(tmp_path.iterdir()) == [target]
    with atomic(target) as file:
        file.write(b"mine")
    assert target.read_bytes() == b"mine"


def test_many_writers_in_one_folder_do_not_disturb_each_other(tmp_path: pathlib.Path) -> None:
    def make(number: int) -> None:
        folder = tmp_path / str(number % 3)
        with atomic(folder / str(number), overwrite=False) as file:
            file.write(b"%d" % number)

    threads = [threading.Thread(target=make, args=(number,)) for number in range(60)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(int(path.read_bytes()) for path in tmp_path.glob("*/*")) == list(range(60))


def test_files_are_written_together_or_not_at_all(tmp_path):
    first, second = tmp_path / "first", tmp_path / "second"
    write_together([(first, b"1"), (second, b"2")])
    assert (first.read_bytes(), second.read_bytes()) == (b"1", b"2")
    for taken, free in ((first, "b"), (second, "a")):
        for order in (1, -1):
            pair = [(taken, b"new"), (tmp_path / free, b"new")][::order]
            with pytest.raises(FileExistsError):
                write_together(pair, overwrite=False)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["first", "second"]
    assert (first.read_bytes(), second.read_bytes()) == (b"1", b"2")


def test_a_folder_is_refused_by_its_own_name(tmp_path):
    with pytest.raises(IsADirectoryError) as error:
        write_whole(tmp_path, b"")
    assert error.value.filename == str(tmp_path)
    assert not list(tmp_path.parent.glob(".tfse-*"))
