"""Room responses: impulse responses of simulated rooms, and their files."""

from __future__ import annotations

import os
import pathlib
from collections.abc import Iterator
from typing import Any

import numpy as np
import numpy.typing as npt
import soundfile

from tfse import csv_rows
from tfse.data.rooms.image_sources import CENTRES_HZ, RATE_60_DB, SPEED_OF_SOUND_M_S, Box, render
from tfse.data.rooms.room_layout import Position, Room, RoomRanges, draw_room
from tfse.errors import ConfigError
from tfse.files import atomic, write_whole

Array = npt.NDArray[np.float64]

POSITIONS_MOST = 1000
# Names of folders have five digits.
NUMBER_MOST = 100_000
COLUMNS = (
    *("file", "length_m", "width_m", "height_m", "distance_m", "rt60_s", "aside_deg"),
    *("floor", "ceiling", "walls"),
)

# Largest absorption of a surface.
ABSORPTION_MAX = 0.95
# Octaves whose mean reverberation time is the requested one, as in ISO 3382-1.
MIDDLE = slice(2, 4)
# Slowest and fastest decay rate of an octave relative to the requested one.
RATES_MIN, RATES_MAX = 0.7, 1.6


def impulse_response(room: Room, position: Position, sample_rate: int) -> npt.NDArray[np.float32]:
    """Returns the impulse response of a position in a room, peak 1; see `image_sources`.

    Args:
        room: room.
        position: one of its positions.
        sample_rate: in Hz.

    Shapes:
        -> float32 [taps]

    Raises:
        ConfigError: pyroomacoustics, which provides the absorption of materials, is not installed.
    """
    places = (position.talker_m, position.facing, position.microphone_m)
    talker, facing, microphone = (np.array(place, np.float64) for place in places)
    return render(box_of(room), talker, facing, microphone, sample_rate, position.seed)


def box_of(room: Room) -> Box:
    """Returns surfaces and air of a room, with absorption scaled to its reverberation time.

    The losses -ln(1 - absorption) of all surfaces are multiplied by one factor, so that their sum
    plus the air has the requested time by the formula of Millington and Sette.

    Raises:
        ConfigError: pyroomacoustics is not installed.
    """
    losses = -np.log1p(-np.stack([_absorption(name) for name in room.surfaces]))
    air = _air()
    x, y, z = room.size_m
    volume, areas = x * y * z, np.repeat([y * z, x * z, x * y], 2)
    surfaces = areas @ losses
    # Decay rates of energy, in 1/s: c A / (4 V) of the walls, and c m of the air.
    walls, of_air = SPEED_OF_SOUND_M_S * surfaces / (4 * volume), SPEED_OF_SOUND_M_S * air
    wanted = RATE_60_DB / room.rt60_s
    scale = (wanted - of_air[MIDDLE].mean()) / walls[MIDDLE].mean()
    rates = np.clip(scale * walls + of_air, RATES_MIN * wanted, RATES_MAX * wanted)
    times = RATE_60_DB / rates
    times *= room.rt60_s / times[MIDDLE].mean()
    return Box(room.size_m, scale * losses, air, times)


def write_rooms(
    output_dir: str | os.PathLike[str],
    count: int,
    *,
    first: int = 0,
    positions: int = 4,
    sample_rate: int = 16_000,
    seed: int = 0,
    ranges: RoomRanges | None = None,
) -> Iterator[Room]:
    """Writes a folder of 24-bit FLAC files per room, and last the list of them, `rooms.csv`.

    Args:
        output_dir: folder, created if missing.
        count: number of rooms.
        first: number of the first room, so that two folders have no name in common.
        positions: positions of talker and microphone per room, one file each.
        sample_rate: in Hz.
        seed: seed of all rooms; each is independent of their number.
        ranges: sizes, reverberation times and distances; None for the default.

    Yields:
        Each room after its files are written.

    Raises:
        ConfigError: an argument is out of its range, or pyroomacoustics is not installed.
    """
    if count < 1:
        raise ConfigError(f"`count` must be above 0; received {count}.")
    if not 0 <= first <= NUMBER_MOST - count:
        raise ConfigError(
            f"`first` must lie in [0, {NUMBER_MOST - count}] with {count} rooms; received {first}."
        )
    if not 1 <= positions <= POSITIONS_MOST:
        raise ConfigError(f"`positions` must lie in [1, {POSITIONS_MOST}]; received {positions}.")
    if sample_rate < 8_000:
        raise ConfigError(f"`sample_rate` must be at least 8000 Hz; received {sample_rate}.")
    ranges = ranges or RoomRanges()
    ranges.validate()
    _pyroomacoustics()
    folder = pathlib.Path(output_dir)
    folder.mkdir(parents=True, exist_ok=True)
    rows: list[tuple[Any, ...]] = []
    for number in range(first, first + count):
        room = draw_room(seed, number, positions=positions, ranges=ranges)
        name = f"simulated-{number:05d}"
        (folder / name).mkdir(exist_ok=True)
        for which, position in enumerate(room.positions):
            file = f"{name}/position-{which}.flac"
            response = impulse_response(room, position, sample_rate)
            with atomic(folder / file) as opened:
                soundfile.write(opened, response, sample_rate, format="FLAC", subtype="PCM_24")
            rows.append(_row(file, room, position))
        yield room
    _write_table(folder / "rooms.csv", rows)


def _absorption(name: str) -> Array:
    """Returns the absorption of a material per octave; some tables end at 4 kHz."""
    found = _pyroomacoustics().Material(name).absorption_coeffs
    padded = np.pad(np.asarray(found, np.float64), (0, CENTRES_HZ.size - len(found)), "edge")
    return np.clip(padded, 0.01, ABSORPTION_MAX)


def _air() -> Array:
    """Returns the energy absorption of air at 20 degrees and 60 % humidity, 1/m."""
    table = _pyroomacoustics().parameters.air_absorption_table
    return np.asarray(table["20C_50-70%"], np.float64)


def _row(file: str, room: Room, position: Position) -> tuple[Any, ...]:
    numbers = (*room.size_m, position.distance_m, room.rt60_s, position.aside_deg)
    *walls, floor, ceiling = room.surfaces
    return (file, *(f"{number:.3f}" for number in numbers), floor, ceiling, " ".join(walls))


def _write_table(path: pathlib.Path, rows: list[tuple[Any, ...]]) -> None:
    write_whole(path, csv_rows.encode([COLUMNS, *rows]))


def _pyroomacoustics() -> Any:
    try:
        import pyroomacoustics
    except ImportError as error:
        rule = "Simulated rooms need pyroomacoustics: pip install 'tfse[rooms]'."
        raise ConfigError(rule) from error
    return pyroomacoustics
