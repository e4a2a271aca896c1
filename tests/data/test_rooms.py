"""Simulated rooms: drawn, made, and prepared like recorded ones."""

from __future__ import annotations

import csv
import pathlib
import sys

import numpy as np
import pytest
import soundfile

from tests.cli.programs import run_module
from tfse.data import rooms
from tfse.errors import ConfigError


def test_a_room_depends_on_seed_and_number_alone() -> None:
    assert rooms.draw_room(3, 5) == rooms.draw_room(3, 5)
    assert len({rooms.draw_room(seed, number) for seed in (0, 1) for number in (0, 1)}) == 4


def test_rooms_are_small_and_nobody_stands_in_a_wall() -> None:
    for number in range(200):
        room = rooms.draw_room(0, number)
        assert np.all(np.less_equal(rooms.SIZE_M_MIN, room.size_m))
        assert np.all(np.less_equal(room.size_m, rooms.SIZE_M_MAX))
        for place in (room.talker_m, room.microphone_m):
            assert np.all(np.greater_equal(place, rooms.WALL_M - 1e-3))
            assert np.all(np.less_equal(place, np.subtract(room.size_m, rooms.WALL_M - 1e-3)))
        assert room.distance_m >= rooms.APART_M
        assert 0.15 <= room.rt60_s <= 0.5


def test_a_response_begins_with_the_direct_path_and_dies_away() -> None:
    pytest.importorskip("pyroomacoustics", reason="needs the extra tfse[rooms]")
    room = rooms.Room((5.0, 4.0, 2.5), 0.3, (1.0, 1.0, 1.5), (3.0, 2.0, 1.5))
    response = rooms.impulse_response(room, 16_000).astype(np.float64)
    assert np.abs(response).max() == pytest.approx(1.0)
    # The library's filters for parts of a sample are 81 taps long, so 40 late.
    arrival = room.distance_m / 343.0 * 16_000 + 40
    assert abs(int(np.argmax(np.abs(response))) - arrival) <= 1
    energy = np.cumsum(response[::-1] ** 2)[::-1]
    decay_db = 10 * np.log10(energy / energy[0])
    rt60_s = 2 * (np.argmax(decay_db < -35) - np.argmax(decay_db < -5)) / 16_000
    # Sabine's formula is no more than a guide in a room of bare walls.
    assert 0.2 < rt60_s < 0.5


def test_a_user_simulates_rooms_twice(tmp_path: pathlib.Path) -> None:
    pytest.importorskip("pyroomacoustics", reason="needs the extra tfse[rooms]")
    for name, count in (("two", 2), ("three", 3)):
        ended = run_module(
            *("tfse.cli.simulate_rooms", f"--output_dir={tmp_path / name}", f"--count={count}"),
            *("--rt60_s_max=0.2", "--seed=4"),
        )
        assert (ended.returncode, ended.stdout) == (0, f"{count} rooms are in {tmp_path / name}.\n")
    files = sorted(path.name for path in (tmp_path / "two").iterdir())
    assert files == ["rooms.csv", "simulated-00000.flac", "simulated-00001.flac"]
    for name in files[1:]:
        assert (tmp_path / "two" / name).read_bytes() == (tmp_path / "three" / name).read_bytes()
        assert soundfile.info(tmp_path / "two" / name).samplerate == 16_000
    with (tmp_path / "three" / "rooms.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert [row["file"] for row in rows] == [f"simulated-{n:05d}.flac" for n in range(3)]
    assert all(0.15 <= float(row["rt60_s"]) <= 0.2 for row in rows)


@pytest.mark.parametrize(
    ("flag", "message"),
    [
        ("--count=0", "`count` must be above 0; received 0."),
        ("--sample_rate=100", "`sample_rate` must be at least 8000 Hz; received 100."),
        ("--rt60_s_min=0.9", "must rise within [0.1, 1.5] s; received 0.9 and 0.5."),
    ],
)
def test_a_setting_out_of_its_range_is_one_line(
    tmp_path: pathlib.Path, flag: str, message: str
) -> None:
    pytest.importorskip("pyroomacoustics", reason="needs the extra tfse[rooms]")
    ended = run_module("tfse.cli.simulate_rooms", f"--output_dir={tmp_path / 'out'}", flag)
    assert ended.returncode == 2
    assert message in ended.stderr
    assert len(ended.stderr.splitlines()) == 1


def test_without_the_package_there_is_one_clear_line(
    monkeypatch: pytest.MonkeyPatch, tmp_path: pathlib.Path
) -> None:
    monkeypatch.setitem(sys.modules, "pyroomacoustics", None)
    with pytest.raises(ConfigError, match=r"pip install 'tfse\[rooms\]'"):
        next(rooms.write_rooms(tmp_path / "out", 1))
    assert not (tmp_path / "out").exists()
