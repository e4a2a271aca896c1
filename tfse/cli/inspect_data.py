"""Program `tfse-inspect-data`: writes training mixtures to listen to and look at."""

from __future__ import annotations

import dataclasses
import pathlib
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from absl import flags
from ml_collections import config_flags

from tfse.cli import mixture_flags, program
from tfse.data.config import DataConfig
from tfse.data.key_file import read_keys, run_settings
from tfse.errors import ConfigError

if TYPE_CHECKING:
    from tfse.data.mixer import Mixture

DESCRIPTION = """Writes mixtures as WAV files with pictures and a table.

  tfse-inspect-data --data_dir=prepared --output_dir=mixtures --count=10

Use --config for the mixtures of an experiment; flags override its settings.
The mixtures that made a loss NaN:

  tfse-inspect-data --data_dir=prepared --output_dir=bad --keys=runs/mine/bad_batches.json
"""

_DATA_DIR = flags.DEFINE_string("data_dir", None, "Output folder of tfse-prepare.", required=True)
_OUTPUT_DIR = flags.DEFINE_string("output_dir", None, "Folder of the files.", required=True)
_COUNT = flags.DEFINE_integer("count", 10, "Number of mixtures, from the first one.")
_SPLIT = flags.DEFINE_enum(
    "split",
    "train",
    ["train", "valid", "test"],
    "train is the stream of training mixtures; the others are fixed sets.",
)
_KEYS = flags.DEFINE_list(
    "keys",
    [],
    "Only these mixtures, by their keys, split/seed/epoch/index; or a file NAME.json with "
    '{"keys": [...]}, as a training run writes it. Settings come from the config.json beside '
    "it, unless --config is given.",
)
_PICTURES = flags.DEFINE_bool("pictures", True, "Draw waveforms and spectrograms.")
_CONFIG = config_flags.DEFINE_config_file("config", None, "Experiment: a shipped config or a file.")
_SETTINGS = mixture_flags.define("unless the experiment differs")


def main(arguments: Sequence[str]) -> int:
    """Writes the mixtures and prints their table."""
    program.require_flags_only(arguments)
    if _COUNT.value < 1:
        raise ConfigError(f"`count` must be above 0; received {_COUNT.value}.")
    # Imported here: TensorFlow takes seconds, and --help does not need it.
    from tfse.data.preview import COLUMNS, write_mixtures
    from tfse.data.records.summary import table

    config = _config()
    rows = write_mixtures(
        _mixtures(config), _OUTPUT_DIR.value, config.sample_rate, pictures=_PICTURES.value
    )
    print(table([COLUMNS, *rows]))
    print(f"{len(rows)} mixtures are in {_OUTPUT_DIR.value}.")
    return program.DONE


def entry_point() -> None:
    """Runs the program."""
    program.run(main, DESCRIPTION, {"Mixtures": list(_SETTINGS)})


def _key_file() -> pathlib.Path | None:
    given = _KEYS.value
    return pathlib.Path(given[0]) if len(given) == 1 and given[0].endswith(".json") else None


def _config() -> DataConfig:
    experiment, keys = _CONFIG.value, _key_file()
    if experiment is not None:
        config = experiment.data
    else:
        config = (run_settings(keys) if keys else None) or DataConfig()
    return dataclasses.replace(config, **mixture_flags.given(_SETTINGS))


def _mixtures(config: DataConfig) -> Iterator[Mixture]:
    from tfse.data import pipeline
    from tfse.data.preview import unbatched

    if _KEYS.value:
        file = _key_file()
        return pipeline.mixtures(_DATA_DIR.value, config, read_keys(file) if file else _KEYS.value)
    if _SPLIT.value == "train":
        stream = pipeline.training_dataset(_DATA_DIR.value, config, batch_size=1)
        return unbatched(stream.take(_COUNT.value))
    fixed = pipeline.fixed_dataset(
        _DATA_DIR.value, config, _SPLIT.value, batch_size=1, count=_COUNT.value
    )
    return unbatched(fixed)


if __name__ == "__main__":
    entry_point()
