"""Simulates small rooms: image sources in boxes, for corpora that have few rooms."""

from __future__ import annotations

import csv
import dataclasses
import os
import pathlib
from collections.abc import Iterator
from typing import Any

import numpy as np
import numpy.typing as npt
import soundfile

from tfse.errors import ConfigError

# Living rooms, offices and kitchens, metres.
SIZE_M_MIN, SIZE_M_MAX = (2.5, 2.5, 2.2), (8.0, 6.0, 3.2)
# Talker and microphone keep away from walls, and are this far from each other at least.
WALL_M, APART_M = 0.4, 0.3
# Shorter than a room of the largest size can be.
RT60_S_LEAST, RT60_S_MOST = 0.1, 1.5
COLUMNS = ("file", "length_m", "width_m", "height_m", "distance_m", "rt60_s")


@dataclasses.dataclass(frozen=True)
class Room:
    """A box with a talker and a microphone in it.

    Attributes:
        size_m: Length, width and height, metres.
        rt60_s: Reverberation time asked for, seconds; Sabine's formula makes the walls.
        talker_m: Where the talker is, metres from a corner.
        microphone_m: Where the microphone is.
    """

    size_m: tuple[float, float, float]
    rt60_s: float
    talker_m: tuple[float, float, float]
    microphone_m: tuple[float, float, float]

    @property
    def distance_m(self) -> float:
        """From the talker to the microphone, metres."""
        return float(np.linalg.norm(np.subtract(self.talker_m, self.microphone_m)))


def draw_room(seed: int, number: int, *, rt60_s_min: float = 0.15, rt60_s_max: float = 0.5) -> Room:
    """Draws room `number`: always the same one for the same seed.

    Args:
        seed: Of all rooms.
        number: Of this one.
        rt60_s_min: Shortest reverberation time, seconds.
        rt60_s_max: Longest.

    Raises:
        ConfigError: The times are out of order or out of range.
    """
    if not RT60_S_LEAST <= rt60_s_min <= rt60_s_max <= RT60_S_MOST:
        raise ConfigError(
            f"`rt60_s_min` and `rt60_s_max` must rise within [{RT60_S_LEAST}, {RT60_S_MOST}] s; "
            f"received {rt60_s_min} and {rt60_s_max}."
        )
    rng = np.random.default_rng([seed, number])
    while True:
        size = rng.uniform(SIZE_M_MIN, SIZE_M_MAX)
        rt60 = rng.uniform(rt60_s_min, rt60_s_max)
        talker, microphone = rng.uniform(WALL_M, size - WALL_M, (2, 3))
        room = Room(_point(size), float(rt60), _point(talker), _point(microphone))
        # Walls that swallow all cannot make a large room as short as some draws ask.
        if room.distance_m >= APART_M and rt60 > _shortest_rt60_s(size):
            return room


def impulse_response(room: Room, sample_rate: int) -> npt.NDArray[np.float32]:
    """Returns the impulse response of a room, peak 1.

    Args:
        room: The room.
        sample_rate: In Hz.

    Shapes:
        -> float32 [taps]

    Raises:
        ConfigError: pyroomacoustics is not installed.

    Source:
        Allen and Berkley, "Image method for efficiently simulating small-room
        acoustics", JASA 65(4), 1979; by pyroomacoustics.
    """
    acoustics = _pyroomacoustics()
    absorption, order = acoustics.inverse_sabine(room.rt60_s, room.size_m)
    box = acoustics.ShoeBox(
        room.size_m, fs=sample_rate, materials=acoustics.Material(absorption), max_order=order
    )
    box.add_source(room.talker_m)
    box.add_microphone(room.microphone_m)
    box.compute_rir()
    response = np.asarray(box.rir[0][0], np.float32)
    return response / np.abs(response).max()


def write_rooms(
    output_dir: str | os.PathLike[str],
    count: int,
    *,
    sample_rate: int = 16_000,
    seed: int = 0,
    rt60_s_min: float = 0.15,
    rt60_s_max: float = 0.5,
) -> Iterator[Room]:
    """Writes rooms as FLAC files of 24 bits one by one, and last `rooms.csv`, which lists them.

    Args:
        output_dir: A folder; it is made.
        count: How many rooms.
        sample_rate: In Hz.
        seed: Of all rooms: a room does not depend on how many are written.
        rt60_s_min: Shortest reverberation time, seconds.
        rt60_s_max: Longest.

    Yields:
        Each room when its file is whole.

    Raises:
        ConfigError: A number out of its range, or pyroomacoustics is not installed.
    """
    if count < 1:
        raise ConfigError(f"`count` must be above 0; received {count}.")
    if sample_rate < 8_000:
        raise ConfigError(f"`sample_rate` must be at least 8000 Hz; received {sample_rate}.")
    _pyroomacoustics()
    folder = pathlib.Path(output_dir)
    folder.mkdir(parents=True, exist_ok=True)
    rows = []
    for number in range(count):
        room = draw_room(seed, number, rt60_s_min=rt60_s_min, rt60_s_max=rt60_s_max)
        name = f"simulated-{number:05d}.flac"
        _write(folder / name, impulse_response(room, sample_rate), sample_rate)
        rows.append((name, *room.size_m, room.distance_m, room.rt60_s))
        yield room
    _write_table(folder / "rooms.csv", rows)


def _point(values: npt.NDArray[np.float64]) -> tuple[float, float, float]:
    x, y, z = (round(float(value), 3) for value in values)
    return x, y, z


def _shortest_rt60_s(size: npt.NDArray[np.float64]) -> float:
    """Returns the reverberation time, by Sabine, of walls that swallow all."""
    x, y, z = size
    return float(0.161 * x * y * z / (2 * (x * y + y * z + x * z)))


def _write(path: pathlib.Path, response: npt.NDArray[np.float32], sample_rate: int) -> None:
    part = path.with_suffix(".part")
    soundfile.write(part, response, sample_rate, format="FLAC", subtype="PCM_24")
    part.replace(path)


def _write_table(path: pathlib.Path, rows: list[tuple[Any, ...]]) -> None:
    part = path.with_suffix(".part")
    with part.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(COLUMNS)
        writer.writerows([[name, *(f"{value:.3f}" for value in values)] for name, *values in rows])
    part.replace(path)


def _pyroomacoustics() -> Any:
    try:
        import pyroomacoustics
    except ImportError as error:
        rule = "Simulated rooms need pyroomacoustics: pip install 'tfse[rooms]'."
        raise ConfigError(rule) from error
    return pyroomacoustics
