"""Program `tfse-simulate-rooms`: writes impulse responses of simulated rooms."""

from __future__ import annotations

from collections.abc import Sequence

from absl import flags

from tfse.cli import program
from tfse.data.rooms import room_responses
from tfse.data.rooms.room_layout import Point, RoomRanges
from tfse.errors import ConfigError
from tfse.terminal import progress_bar

DESCRIPTION = """Writes impulse responses of simulated rooms and a table.

  tfse-simulate-rooms --output_dir=rooms --count=500
  tfse-simulate-rooms --output_dir=halls --count=400 --first=500 --positions=2 \\
      --size_m_min=4,3.5,2.6 --size_m_max=40,25,15 --rt60_s_min=0.4 --rt60_s_max=3 \\
      --distance_m_min=1 --distance_m_max=12
  tfse-prepare ... --rir_dir=rir,rooms,halls --train_groups='simulated*'

Rooms are boxes with random surface materials, by default those of buildings; the second command
adds halls and churches. Each room has a folder, simulated-00000, with one file per position of
talker and microphone, and is one group, so two folders must not share numbers (--first).
--train_groups keeps all of them in training, so that models are measured on recorded rooms. A
room depends only on the seed, its number and the ranges.
"""

_OUTPUT_DIR = flags.DEFINE_string("output_dir", None, "Folder of the files.", required=True)
_COUNT = flags.DEFINE_integer("count", 100, "Number of rooms.")
_POSITIONS = flags.DEFINE_integer("positions", 4, "Positions of talker and microphone per room.")
_SAMPLE_RATE = flags.DEFINE_integer("sample_rate", 16_000, "Sample rate, in Hz.")
_SEED = flags.DEFINE_integer("seed", 0, "Seed of all rooms.")
_FIRST = flags.DEFINE_integer("first", 0, "Number of the first room.")
_DEFAULT = RoomRanges()
_SIZE_M_MIN = flags.DEFINE_list(
    "size_m_min",
    list(map(str, _DEFAULT.size_m_min)),
    "Length, width and height of the smallest rooms, in metres.",
)
_SIZE_M_MAX = flags.DEFINE_list(
    "size_m_max",
    list(map(str, _DEFAULT.size_m_max)),
    "Length, width and height of the largest rooms, in metres.",
)
_RT60_S_MIN = flags.DEFINE_float(
    "rt60_s_min", _DEFAULT.rt60_s_min, "Shortest reverberation time, in seconds."
)
_RT60_S_MAX = flags.DEFINE_float(
    "rt60_s_max", _DEFAULT.rt60_s_max, "Longest reverberation time, in seconds."
)
_DISTANCE_M_MIN = flags.DEFINE_float(
    "distance_m_min",
    _DEFAULT.distance_m_min,
    "Shortest distance of talker and microphone, in metres.",
)
_DISTANCE_M_MAX = flags.DEFINE_float(
    "distance_m_max",
    _DEFAULT.distance_m_max,
    "Longest distance of talker and microphone, in metres.",
)


def main(arguments: Sequence[str]) -> int:
    """Writes the impulse responses."""
    program.require_flags_only(arguments)
    written = room_responses.write_rooms(
        _OUTPUT_DIR.value,
        _COUNT.value,
        first=_FIRST.value,
        positions=_POSITIONS.value,
        sample_rate=_SAMPLE_RATE.value,
        seed=_SEED.value,
        ranges=_ranges(),
    )
    count = 0
    with progress_bar(_COUNT.value, "room") as bar:
        for _ in written:
            count += 1
            bar.update()
    print(f"{count} rooms with {_POSITIONS.value} positions each are in {_OUTPUT_DIR.value}.")
    return program.DONE


def _ranges() -> RoomRanges:
    return RoomRanges(
        size_m_min=_size(_SIZE_M_MIN),
        size_m_max=_size(_SIZE_M_MAX),
        rt60_s_min=_RT60_S_MIN.value,
        rt60_s_max=_RT60_S_MAX.value,
        distance_m_min=_DISTANCE_M_MIN.value,
        distance_m_max=_DISTANCE_M_MAX.value,
    )


def _size(flag: flags.FlagHolder[list[str]]) -> Point:
    try:
        length, width, height = map(float, flag.value)
    except ValueError as error:
        given = ",".join(flag.value)
        rule = f"`{flag.name}` must be three numbers, such as 20,15,6; received {given!r}."
        raise ConfigError(rule) from error
    return length, width, height


def entry_point() -> None:
    """Runs the program."""
    program.run(main, DESCRIPTION)


if __name__ == "__main__":
    entry_point()
