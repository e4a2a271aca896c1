"""Room layout: size, surfaces and positions of a simulated room, drawn by number."""

from __future__ import annotations

import dataclasses

import numpy as np
import numpy.typing as npt

from tfse.data.rooms.image_sources import RATE_60_DB, SPEED_OF_SOUND_M_S
from tfse.errors import ConfigError

Array = npt.NDArray[np.float64]
Point = tuple[float, float, float]

SIZE_M_MIN, SIZE_M_MAX = (2.5, 2.5, 2.2), (20.0, 15.0, 6.0)
# Largest deviation of one side from the others, as a share of the range of sizes.
SHAPE = 0.2
# Smallest distances from the walls.
TALKER_WALL_M, MICROPHONE_WALL_M = 0.4, 0.2
# Heights of mouths, from a child or a seated person to a tall person, and of microphones.
MOUTH_M_MIN, MOUTH_M_MAX = 1.0, 1.8
MICROPHONE_M_MIN, MICROPHONE_M_MAX = 0.4, 2.4
DISTANCE_M_MIN, DISTANCE_M_MAX = 0.3, 6.0
# Largest distance as a share of the diagonal of the floor.
LONGEST = 0.8
# Largest angle between the talker's direction and the microphone, degrees.
ASIDE_DEG_MAX = 60.0
RT60_S_MIN, RT60_S_MAX = 0.15, 1.2
# Range of the settings; the shortest is below what the largest rooms can have.
RT60_S_LEAST, RT60_S_MOST = 0.1, 1.5

# Names in the tables of pyroomacoustics, from Vorlaender, "Auralization", 2008.
FLOORS = (
    *("linoleum_on_concrete", "stage_floor", "wood_16mm", "marble_floor", "carpet_thin"),
    *("carpet_hairy", "carpet_rubber_5mm", "carpet_soft_10mm"),
)
CEILINGS = (
    *("rough_lime_wash", "ceiling_plasterboard", "unpainted_concrete", "ceiling_fissured_tile"),
    *("wooden_lining", "ceiling_perforated_gypsum_board"),
)
WALLS = (
    *("brickwork", "plasterboard", "rough_lime_wash", "wooden_lining", "glass_window"),
    *("curtains_cotton_0.33", "blinds_open", "wood_1.6cm", "rough_concrete"),
)


@dataclasses.dataclass(frozen=True)
class Position:
    """A talker and a microphone in a room.

    Attributes:
        talker_m: position of the talker, metres from a corner.
        facing: unit vector of the direction that the talker faces.
        microphone_m: position of the microphone.
        seed: seed of the late reverberation.
    """

    talker_m: Point
    facing: Point
    microphone_m: Point
    seed: tuple[int, ...] = (0,)

    @property
    def distance_m(self) -> float:
        """Distance from the talker to the microphone, metres."""
        return float(np.linalg.norm(np.subtract(self.talker_m, self.microphone_m)))

    @property
    def aside_deg(self) -> float:
        """Angle between the talker's direction and the microphone, degrees."""
        way = np.subtract(self.microphone_m, self.talker_m) / self.distance_m
        return float(np.degrees(np.arccos(np.clip(way @ np.array(self.facing), -1.0, 1.0))))


@dataclasses.dataclass(frozen=True)
class Room:
    """A box of six surfaces.

    Attributes:
        size_m: length, width and height, metres.
        rt60_s: requested reverberation time, seconds: the mean of the octaves at 500 and 1000 Hz.
        surfaces: materials of the walls at x = 0 and at the length, of those of y, of the floor
            and of the ceiling.
        positions: talkers and microphones.
    """

    size_m: Point
    rt60_s: float
    surfaces: tuple[str, ...]
    positions: tuple[Position, ...]


def draw_room(
    seed: int,
    number: int,
    *,
    positions: int = 4,
    rt60_s_min: float = RT60_S_MIN,
    rt60_s_max: float = RT60_S_MAX,
) -> Room:
    """Returns room `number`, always the same for one seed.

    Volumes, reverberation times and distances are drawn on a logarithmic scale.

    Args:
        seed: seed of all rooms.
        number: number of this room.
        positions: number of positions; each is independent of their number.
        rt60_s_min: shortest reverberation time, seconds.
        rt60_s_max: longest reverberation time, seconds.

    Raises:
        ConfigError: the times are out of order or out of range.
    """
    if not RT60_S_LEAST <= rt60_s_min <= rt60_s_max <= RT60_S_MOST:
        raise ConfigError(
            f"`rt60_s_min` and `rt60_s_max` must rise within [{RT60_S_LEAST}, {RT60_S_MOST}] s; "
            f"received {rt60_s_min} and {rt60_s_max}."
        )
    rng = np.random.default_rng([seed, number])
    smallest, largest = np.array(SIZE_M_MIN), np.array(SIZE_M_MAX)
    while True:
        share = np.clip(rng.uniform() + rng.uniform(-SHAPE, SHAPE, 3), 0.0, 1.0)
        size = smallest * (largest / smallest) ** share
        rt60 = _log_uniform(rng, rt60_s_min, rt60_s_max)
        # Even very absorbent walls do not give a large room the shortest drawn times.
        if rt60 > _shortest_rt60_s(size):
            break
    surfaces = (*rng.choice(WALLS, 4), rng.choice(FLOORS), rng.choice(CEILINGS))
    drawn = tuple(_position(size, (seed, number, which)) for which in range(positions))
    return Room(_point(size), float(rt60), tuple(map(str, surfaces)), drawn)


def _position(size: Array, seed: tuple[int, ...]) -> Position:
    rng = np.random.default_rng(seed)
    talker_least, talker_most = _region(size, TALKER_WALL_M, MOUTH_M_MIN, MOUTH_M_MAX)
    least, most = _region(size, MICROPHONE_WALL_M, MICROPHONE_M_MIN, MICROPHONE_M_MAX)
    longest = min(DISTANCE_M_MAX, LONGEST * float(np.linalg.norm(most[:2] - least[:2])))
    distance = _log_uniform(rng, DISTANCE_M_MIN, longest)
    while True:
        talker, microphone = rng.uniform(talker_least, talker_most), rng.uniform(least, most)
        level = distance**2 - (microphone[2] - talker[2]) ** 2
        if level < 0:
            continue
        angle = rng.uniform(0.0, 2 * np.pi)
        microphone[:2] = talker[:2] + np.sqrt(level) * np.array([np.cos(angle), np.sin(angle)])
        if ((least <= microphone) & (microphone <= most)).all():
            facing = _aside((microphone - talker) / distance, rng)
            return Position(_point(talker), facing, _point(microphone), seed)


def _aside(way: Array, rng: np.random.Generator) -> Point:
    """Returns a unit vector at a random angle of up to `ASIDE_DEG_MAX` to another."""
    angle = np.radians(rng.uniform(0.0, ASIDE_DEG_MAX))
    across = np.cross(way, rng.standard_normal(3))
    x, y, z = np.cos(angle) * way + np.sin(angle) * across / np.linalg.norm(across)
    return float(x), float(y), float(z)


def _region(size: Array, wall_m: float, lowest_m: float, highest_m: float) -> tuple[Array, Array]:
    x, y, z = size
    least = np.array([wall_m, wall_m, lowest_m])
    return least, np.array([x - wall_m, y - wall_m, min(highest_m, z - wall_m)])


def _log_uniform(rng: np.random.Generator, low: float, high: float) -> float:
    return float(np.exp(rng.uniform(np.log(low), np.log(high))))


def _point(values: Array) -> Point:
    x, y, z = (round(float(value), 3) for value in values)
    return x, y, z


def _shortest_rt60_s(size: Array) -> float:
    """Returns the reverberation time of walls that absorb 63 %, whose loss is 1."""
    x, y, z = size
    surface = 2 * (x * y + y * z + x * z)
    return float(RATE_60_DB * 4 * x * y * z / (SPEED_OF_SOUND_M_S * surface))
