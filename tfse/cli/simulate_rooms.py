"""`tfse-simulate-rooms`: impulse responses of small rooms, where a corpus has few."""

from __future__ import annotations

from collections.abc import Sequence

import tqdm
from absl import flags

from tfse.cli import program
from tfse.data import rooms
from tfse.errors import ConfigError

DESCRIPTION = """Writes impulse responses of simulated small rooms, and a table of them.

  tfse-simulate-rooms --output_dir=rooms --count=100
  tfse-prepare ... --rir_dir=rir,rooms --train_groups=simulated

A room depends on the seed and its number alone. All of them are one group, which
--train_groups keeps in training: what models are measured on are rooms that were
recorded.
"""

_OUTPUT_DIR = flags.DEFINE_string("output_dir", None, "Where the files go.", required=True)
_COUNT = flags.DEFINE_integer("count", 100, "How many rooms.")
_SAMPLE_RATE = flags.DEFINE_integer("sample_rate", 16_000, "Samples a second.")
_SEED = flags.DEFINE_integer("seed", 0, "Of all rooms.")
_RT60_S_MIN = flags.DEFINE_float("rt60_s_min", 0.15, "Shortest reverberation time, seconds.")
_RT60_S_MAX = flags.DEFINE_float("rt60_s_max", 0.5, "Longest reverberation time, seconds.")


def main(arguments: Sequence[str]) -> int:
    """Writes what the flags say."""
    if len(arguments) > 1:
        raise ConfigError(f"Only flags are taken; received {arguments[1]!r}.")
    written = rooms.write_rooms(
        _OUTPUT_DIR.value,
        _COUNT.value,
        sample_rate=_SAMPLE_RATE.value,
        seed=_SEED.value,
        rt60_s_min=_RT60_S_MIN.value,
        rt60_s_max=_RT60_S_MAX.value,
    )
    count = sum(1 for _ in tqdm.tqdm(written, total=_COUNT.value, unit="room", disable=None))
    print(f"{count} rooms are in {_OUTPUT_DIR.value}.")
    return program.DONE


def entry_point() -> None:
    """Runs the program."""
    program.run(main, DESCRIPTION)


if __name__ == "__main__":
    entry_point()
