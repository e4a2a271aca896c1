"""Room layout: size, surfaces and positions of a simulated room, drawn by number."""

from __future__ import annotations

import dataclasses

import numpy as np
import numpy.typing as npt

from tfse.data.rooms.image_sources import RATE_60_DB, SPEED_OF_SOUND_M_S
from tfse.errors import ConfigError

Array = npt.NDArray[np.float64]
Point = tuple[float, float, float]

# Largest deviation of one side from the others, as a share of the range of sizes.
SHAPE = 0.2
# Smallest distances from the walls.
TALKER_WALL_M, MICROPHONE_WALL_M = 0.4, 0.2
# Heights of mouths, from a child or a seated person to a tall person, and of microphones.
MOUTH_M_MIN, MOUTH_M_MAX = 1.0, 1.8
MICROPHONE_M_MIN, MICROPHONE_M_MAX = 0.4, 2.4
# Largest distance as a share of the diagonal of the floor.
LONGEST = 0.8
# Largest angle between the talker's direction and the microphone, degrees.
ASIDE_DEG_MAX = 60.0
# What `RoomRanges` may hold.
SIZE_M_LEAST, SIZE_M_MOST = (2.5, 2.5, 2.2), (60.0, 40.0, 25.0)
# `tfse-prepare` keeps the first 2 s of a response: at the longest time it has decayed by 40 dB.
RT60_S_LEAST, RT60_S_MOST = 0.1, 3.0
DISTANCE_M_LEAST, DISTANCE_M_MOST = 0.1, 30.0

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
class RoomRanges:
    """Ranges that rooms and positions are drawn from; by default rooms of a building.

    Volumes, reverberation times and distances are drawn on a logarithmic scale.

    Attributes:
        size_m_min: length, width and height of the smallest rooms, metres.
        size_m_max: those of the largest rooms.
        rt60_s_min: shortest reverberation time, seconds.
        rt60_s_max: longest reverberation time.
        distance_m_min: shortest distance of talker and microphone, metres.
        distance_m_max: longest distance, where the room is large enough.
    """

    size_m_min: Point = (2.5, 2.5, 2.2)
    size_m_max: Point = (20.0, 15.0, 6.0)
    rt60_s_min: float = 0.15
    rt60_s_max: float = 1.2
    distance_m_min: float = 0.3
    distance_m_max: float = 6.0

    def validate(self) -> None:
        """Checks every range.

        Raises:
            ConfigError: a range is reversed or beyond its limits, or the smallest rooms are
                too small for the distance or too large for the reverberation time.
        """
        for name, least, most, unit in (
            ("rt60_s", RT60_S_LEAST, RT60_S_MOST, "s"),
            ("distance_m", DISTANCE_M_LEAST, DISTANCE_M_MOST, "m"),
        ):
            low, high = (getattr(self, f"{name}_{end}") for end in ("min", "max"))
            if not least <= low <= high <= most:
                raise ConfigError(
                    f"`{name}_min` and `{name}_max` must ascend within [{least}, {most}] {unit}; "
                    f"received {low} and {high}."
                )
        sides = (SIZE_M_LEAST, self.size_m_min, self.size_m_max, SIZE_M_MOST)
        if not all(a <= b <= c <= d for a, b, c, d in zip(*sides, strict=True)):
            raise ConfigError(
                f"`size_m_min` and `size_m_max` must ascend within {SIZE_M_LEAST} and "
                f"{SIZE_M_MOST} m; received {self.size_m_min} and {self.size_m_max}."
            )
        self._check_smallest()

    def _check_smallest(self) -> None:
        smallest = np.array(self.size_m_min)
        reach = _longest_distance_m(smallest)
        if self.distance_m_min >= reach:
            raise ConfigError(
                f"`distance_m_min` must be below {reach:.2f} m in rooms of {self.size_m_min} m; "
                f"received {self.distance_m_min}."
            )
        shortest = _shortest_rt60_s(smallest)
        if self.rt60_s_max <= shortest:
            raise ConfigError(
                f"`rt60_s_max` must be above {shortest:.2f} s for rooms of {self.size_m_min} m; "
                f"received {self.rt60_s_max}."
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
    seed: int, number: int, *, positions: int = 4, ranges: RoomRanges | None = None
) -> Room:
    """Returns room `number`, always the same for one seed.

    Args:
        seed: seed of all rooms.
        number: number of this room.
        positions: number of positions; each is independent of their number.
        ranges: what is drawn from; None for the default.

    Raises:
        ConfigError: a range breaks its rule.
    """
    ranges = ranges or RoomRanges()
    ranges.validate()
    rng = np.random.default_rng([seed, number])
    smallest, largest = np.array(ranges.size_m_min), np.array(ranges.size_m_max)
    while True:
        share = np.clip(rng.uniform() + rng.uniform(-SHAPE, SHAPE, 3), 0.0, 1.0)
        size = smallest * (largest / smallest) ** share
        rt60 = _log_uniform(rng, ranges.rt60_s_min, ranges.rt60_s_max)
        # Even very absorbent walls do not give a large room the shortest drawn times.
        if rt60 > _shortest_rt60_s(size):
            break
    surfaces = (*rng.choice(WALLS, 4), rng.choice(FLOORS), rng.choice(CEILINGS))
    drawn = tuple(_position(size, ranges, (seed, number, which)) for which in range(positions))
    return Room(_point(size), float(rt60), tuple(map(str, surfaces)), drawn)


def _position(size: Array, ranges: RoomRanges, seed: tuple[int, ...]) -> Position:
    rng = np.random.default_rng(seed)
    talker_least, talker_most = _region(size, TALKER_WALL_M, MOUTH_M_MIN, MOUTH_M_MAX)
    least, most = _microphone_region(size)
    longest = min(ranges.distance_m_max, _longest_distance_m(size))
    distance = _log_uniform(rng, ranges.distance_m_min, longest)
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


def _microphone_region(size: Array) -> tuple[Array, Array]:
    return _region(size, MICROPHONE_WALL_M, MICROPHONE_M_MIN, MICROPHONE_M_MAX)


def _longest_distance_m(size: Array) -> float:
    least, most = _microphone_region(size)
    return LONGEST * float(np.linalg.norm(most[:2] - least[:2]))


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
