"""Program `tfse-simulate-rooms`: writes impulse responses of simulated rooms."""

from __future__ import annotations

from collections.abc import Sequence

from absl import flags

from tfse.cli import program
from tfse.data.rooms import room_responses
from tfse.terminal import progress_bar

DESCRIPTION = """Writes impulse responses of simulated rooms and a table.

  tfse-simulate-rooms --output_dir=rooms --count=500
  tfse-prepare ... --rir_dir=rir,rooms --train_groups='simulated*'

Rooms are boxes of 2.5 x 2.5 x 2.2 to 20 x 15 x 6 m with random surface materials. Each has a
folder, simulated-00000, with one file per position of talker and microphone, 0.3 to 6 m apart,
and is one group; --train_groups keeps all of them in training, so that models are measured on
recorded rooms. A room depends only on the seed and its number.
"""

_OUTPUT_DIR = flags.DEFINE_string("output_dir", None, "Folder of the files.", required=True)
_COUNT = flags.DEFINE_integer("count", 100, "Number of rooms.")
_POSITIONS = flags.DEFINE_integer("positions", 4, "Positions of talker and microphone per room.")
_SAMPLE_RATE = flags.DEFINE_integer("sample_rate", 16_000, "Sample rate, in Hz.")
_SEED = flags.DEFINE_integer("seed", 0, "Seed of all rooms.")
_RT60_S_MIN = flags.DEFINE_float("rt60_s_min", 0.15, "Shortest reverberation time, in seconds.")
_RT60_S_MAX = flags.DEFINE_float("rt60_s_max", 1.2, "Longest reverberation time, in seconds.")


def main(arguments: Sequence[str]) -> int:
    """Writes the impulse responses."""
    program.require_flags_only(arguments)
    written = room_responses.write_rooms(
        _OUTPUT_DIR.value,
        _COUNT.value,
        positions=_POSITIONS.value,
        sample_rate=_SAMPLE_RATE.value,
        seed=_SEED.value,
        rt60_s_min=_RT60_S_MIN.value,
        rt60_s_max=_RT60_S_MAX.value,
    )
    count = 0
    with progress_bar(_COUNT.value, "room") as bar:
        for _ in written:
            count += 1
            bar.update()
    print(f"{count} rooms with {_POSITIONS.value} positions each are in {_OUTPUT_DIR.value}.")
    return program.DONE


def entry_point() -> None:
    """Runs the program."""
    program.run(main, DESCRIPTION)


if __name__ == "__main__":
    entry_point()
