"""Checkpoints: atomic writes, the last two, and broken files."""

import errno
import os

import keras
import numpy as np
import pytest

from tfse import files
from tfse.errors import TrainingError
from tfse.training import checkpoints
from tfse.training.checkpoints import Checkpoints, by_name


def _variables(value=0.0):
    shapes = {"kernel": (3, 2), "bias": (2,)}
    return by_name(
        model=[keras.Variable(np.full(s, value, "float32"), name=n) for n, s in shapes.items()],
        optimizer=[keras.Variable(7, dtype="int64", name="iterations")],
    )


@pytest.fixture
def kept(tmp_path):
    """Three checkpoints, of which the first is gone, with values 1, 2, 3."""
    variables = _variables()
    keeper = Checkpoints(tmp_path / "c", variables)
    for step in (1, 2, 3):
        for variable in variables.values():
            variable.assign(np.full(variable.shape, step))
        keeper.save(step, {"step": step, "best": float("inf")})
    return tmp_path / "c"


def _restored(folder):
    variables = _variables()
    progress = Checkpoints(folder, variables).restore()
    return progress, [np.asarray(variable).max() for variable in variables.values()]


def test_the_last_two_are_kept_and_the_newest_restored(kept):
    assert sorted(os.listdir(kept)) == ["step-0000000002.npz", "step-0000000003.npz"]
    assert _restored(kept) == ({"step": 3, "best": float("inf")}, [3, 3, 3])


def test_without_one_there_is_nothing_to_restore(tmp_path):
    assert Checkpoints(tmp_path / "none", _variables()).restore() is None


def _cut(path):
    path.write_bytes(path.read_bytes()[:-40])


def _change_a_byte(path):
    data = bytearray(path.read_bytes())
    data[data.index(b"kernel.npy") + 150] ^= 1
    path.write_bytes(bytes(data))


def _empty(path):
    path.write_bytes(b"")


@pytest.mark.parametrize("damage", [_cut, _change_a_byte, _empty])
def test_a_broken_one_is_skipped_with_a_line(damage, kept, capsys):
    damage(kept / "step-0000000003.npz")
    assert _restored(kept)[1] == [2, 2, 2]
    assert "step-0000000003.npz is broken and skipped" in capsys.readouterr().err


def test_when_all_are_broken_the_run_does_not_start_over(kept):
    for path in kept.iterdir():
        _empty(path)
    with pytest.raises(TrainingError, match="none of 2"):
        _restored(kept)


def test_those_of_another_model_are_refused(kept):
    variables = _variables() | {"model/0002/more": keras.Variable(0.0)}
    with pytest.raises(TrainingError, match="does not hold the variables of this run"):
        Checkpoints(kept, variables).restore()


def test_on_a_full_disk_the_last_good_one_stays(kept, monkeypatch):
    def full(file, **arrays):
        file.write(b"half")
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(checkpoints.np, "savez", full)
    with pytest.raises(TrainingError, match=r"No space left on device; the last good one is .*3\."):
        Checkpoints(kept, _variables(9.0)).save(4, {"step": 4})
    monkeypatch.undo()
    assert sorted(os.listdir(kept)) == ["step-0000000002.npz", "step-0000000003.npz"]
    assert _restored(kept)[0]["step"] == 3


def test_what_a_killed_process_left_half_written_goes(kept):
    (kept / ".tfse-0.part").write_bytes(b"half")
    files._remove_stale.cache_clear()  # as in the process after it
    assert _restored(kept)[0]["step"] == 3
    Checkpoints(kept, _variables()).save(5, {})
    assert sorted(os.listdir(kept)) == ["step-0000000003.npz", "step-0000000005.npz"]
