"""Simulated rooms: layouts, impulse responses, and preparation as with recorded rooms."""

from __future__ import annotations

import csv
import itertools
import pathlib
import sys

import numpy as np
import pytest
import scipy.signal
import soundfile

from tests.cli.programs import run_module
from tests.data.corpus import settings
from tfse.data.preparation.prepare import prepare
from tfse.data.rooms import image_sources, room_layout, room_responses
from tfse.errors import ConfigError

RATE = 16_000
SPEED_M_S = image_sources.SPEED_OF_SOUND_M_S


def need_pyroomacoustics() -> None:
    pytest.importorskip("pyroomacoustics", reason="needs the extra tfse[rooms]")


def octave_rt60_s(response: np.ndarray, centre_hz: float) -> float:
    """Returns the reverberation time of an octave, from -5 to -30 dB of its Schroeder decay."""
    edges = (centre_hz / 2**0.5, centre_hz * 2**0.5)
    band = scipy.signal.butter(4, edges, "bandpass", fs=RATE, output="sos")
    energy = np.cumsum(scipy.signal.sosfilt(band, response.astype(np.float64))[::-1] ** 2)[::-1]
    decay_db = 10 * np.log10(energy / energy[0])
    start, end = int(np.argmax(decay_db < -5)), int(np.argmax(decay_db < -30))
    return -60 / np.polyfit(np.arange(start, end) / RATE, decay_db[start:end], 1)[0]


def test_a_room_depends_on_seed_and_number_alone() -> None:
    assert room_layout.draw_room(3, 5) == room_layout.draw_room(3, 5)
    assert (
        room_layout.draw_room(3, 5, positions=2).positions
        == room_layout.draw_room(3, 5).positions[:2]
    )
    assert len({room_layout.draw_room(seed, number) for seed in (0, 1) for number in (0, 1)}) == 4


def test_rooms_are_of_every_size_and_positions_are_off_the_walls() -> None:
    drawn = [room_layout.draw_room(0, number) for number in range(200)]
    for room in drawn:
        assert np.all(np.less_equal(np.subtract((2.5, 2.5, 2.2), 1e-3), room.size_m))
        assert np.all(np.less_equal(room.size_m, np.add((20, 15, 6), 1e-3)))
        assert 0.15 <= room.rt60_s <= 1.2
        for position in room.positions:
            _check_place(room.size_m, position.talker_m, room_layout.TALKER_WALL_M)
            _check_place(room.size_m, position.microphone_m, room_layout.MICROPHONE_WALL_M)
            assert 0.299 <= position.distance_m <= 6.001
            assert position.aside_deg <= 60.1
            assert np.linalg.norm(position.facing) == pytest.approx(1.0)
    volumes = np.array([np.prod(room.size_m) for room in drawn])
    # On a logarithmic scale, small rooms are as frequent as large ones.
    assert (volumes < 60).mean() > 0.15
    assert (volumes > 400).mean() > 0.15
    distances = np.array([p.distance_m for room in drawn for p in room.positions])
    assert (distances < 0.7).mean() > 0.2
    assert (distances > 2.0).mean() > 0.2
    assert len({surface for room in drawn for surface in room.surfaces}) > 15


def test_halls_are_large_reverberant_and_wide() -> None:
    halls = room_layout.RoomRanges((5, 4, 3), (40, 25, 15), 0.5, 3.0, 1.0, 12.0)
    drawn = [room_layout.draw_room(0, number, ranges=halls) for number in range(100)]
    for room in drawn:
        assert np.all(np.less_equal(np.subtract((5, 4, 3), 1e-3), room.size_m))
        assert np.all(np.less_equal(room.size_m, np.add((40, 25, 15), 1e-3)))
        assert 0.5 <= room.rt60_s <= 3.0
        for position in room.positions:
            assert 0.999 <= position.distance_m <= 12.001
    assert np.mean([np.prod(room.size_m) > 2000 for room in drawn]) > 0.2
    assert np.mean([room.rt60_s > 1.5 for room in drawn]) > 0.3
    assert np.mean([p.distance_m > 6.0 for room in drawn for p in room.positions]) > 0.15


def _check_place(size: tuple[float, ...], place: tuple[float, ...], wall_m: float) -> None:
    for length, where in zip(size, place, strict=True):
        assert wall_m - 2e-3 <= where <= length - wall_m + 2e-3


@pytest.mark.parametrize(
    ("size", "rt60_s"),
    [
        ((3.0, 2.6, 2.3), 0.25),
        ((5.0, 4.0, 2.6), 0.4),
        ((9.0, 7.0, 3.5), 0.7),
        ((20, 14, 6), 1.2),
        ((40, 22, 14), 2.8),
    ],
)
def test_a_room_has_the_requested_decay(size: room_layout.Point, rt60_s: float) -> None:
    need_pyroomacoustics()
    surfaces = ("plasterboard", "glass_window", "wooden_lining", "brickwork")
    talker, microphone = (1.0, 1.0, 1.5), (size[0] - 1.0, size[1] - 0.9, 1.2)
    looks = tuple(np.subtract(microphone, talker) / np.linalg.norm(np.subtract(microphone, talker)))
    position = room_layout.Position(talker, looks, microphone)
    room = room_layout.Room(
        size, rt60_s, (*surfaces, "carpet_thin", "rough_lime_wash"), (position,)
    )
    response = room_responses.impulse_response(room, position, RATE)
    middle = np.mean([octave_rt60_s(response, hz) for hz in (500.0, 1000.0)])
    assert middle == pytest.approx(rt60_s, rel=0.2)
    # Carpet and air absorb more of the treble than of the middle.
    assert octave_rt60_s(response, 4000.0) < rt60_s
    times = room_responses.box_of(room).rt60_s
    assert times[room_responses.MIDDLE].mean() == pytest.approx(rt60_s)


def test_a_response_begins_with_the_direct_path_and_ends_quietly() -> None:
    need_pyroomacoustics()
    position = room_layout.Position((1.0, 1.0, 1.5), (1.0, 0.0, 0.0), (3.0, 2.0, 1.5))
    room = room_layout.Room((5.0, 4.0, 2.5), 0.3, ("plasterboard",) * 6, (position,))
    response = room_responses.impulse_response(room, position, RATE)
    assert np.isfinite(response).all()
    assert np.abs(response).max() == pytest.approx(1.0)
    arrival = (position.distance_m / SPEED_M_S + image_sources.DELAY_S) * RATE
    assert abs(int(np.argmax(np.abs(response))) - arrival) <= 1
    level_db = 10 * np.log10(np.mean(response[-400:] ** 2.0))
    assert -110 < level_db < -60


def test_images_are_where_pyroomacoustics_has_them() -> None:
    acoustics = pytest.importorskip("pyroomacoustics", reason="needs the extra tfse[rooms]")
    size, talker, microphone = (5.0, 4.0, 3.0), np.array([1.2, 1.0, 1.5]), np.array([3.1, 2.9, 1.1])
    walls = np.array([0.1, 0.2, 0.3, 0.4, 0.5, 0.6])
    names = ("west", "east", "south", "north", "floor", "ceiling")
    surfaces = {name: acoustics.Material(a) for name, a in zip(names, walls, strict=True)}
    reference = acoustics.ShoeBox(size, fs=RATE, materials=surfaces, max_order=5)
    reference.add_source(talker)
    reference.add_microphone(microphone)
    reference.image_source_model()
    source = reference.sources[0]
    distance = np.linalg.norm(source.images - microphone[:, None], axis=0)
    reach = 9.0
    order = np.argsort(distance)
    near = order[distance[order] <= reach]
    octaves = image_sources.CENTRES_HZ.size
    losses = np.repeat(-np.log1p(-walls)[:, None], octaves, axis=1)
    box = image_sources.Box(size, losses, np.zeros(octaves), np.ones(octaves))
    # Without a direction, the cardioid has its constant part alone.
    found = image_sources._images(box, talker, np.zeros(3), microphone, reach)
    mine = np.argsort(found.time_s)
    assert near.size == mine.size > 30
    np.testing.assert_allclose(found.time_s[mine] * SPEED_M_S, distance[near], rtol=1e-5)
    expected = source.damping[0][near] / distance[near]
    np.testing.assert_allclose(
        found.gains[mine, 0] / image_sources.CARDIOIDS[0], expected, rtol=1e-4
    )


def test_a_talker_who_faces_away_is_quieter_and_less_so_in_the_bass() -> None:
    need_pyroomacoustics()
    talker, microphone = np.array([2.0, 2.0, 1.5]), np.array([3.0, 2.0, 1.5])
    room = room_layout.Room((5.0, 4.0, 2.5), 0.3, ("plasterboard",) * 6, ())
    gains = [
        image_sources._images(room_responses.box_of(room), talker, facing, microphone, 1.1).gains
        for facing in (np.array([1.0, 0.0, 0.0]), np.array([-1.0, 0.0, 0.0]))
    ]
    assert gains[0].shape == (1, 7), "the direct path alone"
    front_db = 20 * np.log10(gains[0] / gains[1])[0]
    assert front_db[0] == pytest.approx(1.94, abs=0.01)
    assert front_db[-1] == pytest.approx(13.98, abs=0.01)
    assert np.all(np.diff(front_db) > 0)


def test_octaves_add_up_to_the_whole_spectrum() -> None:
    total = image_sources._band_weights(RATE, RATE).sum(axis=0)
    np.testing.assert_allclose(total[81:7600], 1.0)
    assert total[:40].max() < 1e-6
    assert total[8000] == 0


def test_a_user_simulates_rooms_twice(tmp_path: pathlib.Path) -> None:
    need_pyroomacoustics()
    for name, count, more in (("two", 2, ()), ("three", 3, ()), ("last", 1, ("--first=2",))):
        ended = run_module(
            *("tfse.cli.simulate_rooms", f"--output_dir={tmp_path / name}", f"--count={count}"),
            *("--rt60_s_max=0.3", "--size_m_max=6,5,3", "--seed=4", "--positions=2", *more),
        )
        last = f"{count} rooms with 2 positions each are in {tmp_path / name}.\n"
        assert (ended.returncode, ended.stdout) == (0, last)
    files = [
        f"simulated-{n:05d}/position-{p}.flac" for n, p in itertools.product(range(3), range(2))
    ]
    for name, several in (("two", files[:4]), ("three", files), ("last", files[4:])):
        folder = tmp_path / name
        found = {p.relative_to(folder).as_posix() for p in folder.rglob("*") if p.is_file()}
        assert found == {"rooms.csv", *several}
    for name, file in (*(("two", file) for file in files[:4]), *(("last", f) for f in files[4:])):
        assert (tmp_path / name / file).read_bytes() == (tmp_path / "three" / file).read_bytes()
        info = soundfile.info(tmp_path / name / file)
        assert (info.samplerate, info.subtype) == (RATE, "PCM_24")
    with (tmp_path / "three" / "rooms.csv").open() as table:
        rows = list(csv.DictReader(table))
    assert [row["file"] for row in rows] == files
    assert all(0.15 <= float(row["rt60_s"]) <= 0.3 for row in rows)
    assert all(2.5 <= float(row["length_m"]) <= 6.0 for row in rows)


def test_simulated_rooms_are_groups_that_stay_in_training(
    corpus: pathlib.Path, tmp_path: pathlib.Path
) -> None:
    need_pyroomacoustics()
    ranges = room_layout.RoomRanges(rt60_s_max=0.3)
    list(room_responses.write_rooms(tmp_path / "rooms", 20, positions=2, ranges=ranges))
    folders = [str(corpus / "rir"), str(tmp_path / "rooms")]
    made = prepare(
        settings(corpus, tmp_path / "out", rir_dirs=folders, train_groups=["simulated*"])
    )
    sides = {
        (record.group, shard.split)
        for shard in made.index.shards
        for record in shard.records
        if shard.set == "rir"
    }
    simulated = {(f"simulated-{number:05d}", "train") for number in range(20)}
    assert simulated < sides
    assert {split for group, split in sides - simulated} == {"train", "valid", "test"}


@pytest.mark.parametrize(
    ("flag", "message"),
    [
        ("--count=0", "`count` must be above 0; received 0."),
        ("--positions=0", "`positions` must lie in [1, 1000]; received 0."),
        ("--sample_rate=100", "`sample_rate` must be at least 8000 Hz; received 100."),
        ("--first=-1", "`first` must lie in [0, 99900] with 100 rooms; received -1."),
        ("--rt60_s_min=1.3", "must ascend within [0.1, 3.0] s; received 1.3 and 1.2."),
        ("--distance_m_max=0.2", "must ascend within [0.1, 30.0] m; received 0.3 and 0.2."),
        ("--size_m_max=20,15", "must be three numbers, such as 20,15,6; received '20,15'."),
        ("--size_m_max=2,15,6", "received (2.5, 2.5, 2.2) and (2.0, 15.0, 6.0)."),
        ("--size_m_min=nan,2.5,2.2", "received (nan, 2.5, 2.2) and (20.0, 15.0, 6.0)."),
        ("--distance_m_min=3", "must be below 2.38 m in rooms of (2.5, 2.5, 2.2) m; received 3.0."),
    ],
)
def test_a_setting_out_of_its_range_is_one_line(
    tmp_path: pathlib.Path, flag: str, message: str
) -> None:
    need_pyroomacoustics()
    ended = run_module("tfse.cli.simulate_rooms", f"--output_dir={tmp_path / 'out'}", flag)
    assert ended.returncode == 2
    assert message in ended.stderr
    assert len(ended.stderr.splitlines()) == 1


def test_rooms_too_large_for_their_reverberation_are_refused() -> None:
    ranges = room_layout.RoomRanges(size_m_min=(20, 15, 6), rt60_s_max=0.25)
    with pytest.raises(ConfigError, match=r"must be above 0\.28 s .* received 0\.25\."):
        ranges.validate()


def test_without_the_package_there_is_one_clear_line(
    monkeypatch: pytest.MonkeyPatch, tmp_path: pathlib.Path
) -> None:
    monkeypatch.setitem(sys.modules, "pyroomacoustics", None)
    with pytest.raises(ConfigError, match=r"pip install 'tfse\[rooms\]'"):
        next(room_responses.write_rooms(tmp_path / "out", 1))
    assert not (tmp_path / "out").exists()
