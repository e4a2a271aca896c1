"""`tfse-inspect-data`: hear and see the mixtures that a model is fed."""

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

DESCRIPTION = """Writes mixtures as WAV files with their pictures, and a table of them.

  tfse-inspect-data --data_dir=prepared --output_dir=mixtures --count=10

Give --config to hear what an experiment trains on; a setting that is given by its
own flag comes first. What made a loss NaN:

  tfse-inspect-data --data_dir=prepared --output_dir=bad --keys=runs/mine/bad_batches.json
"""

_DATA_DIR = flags.DEFINE_string("data_dir", None, "What tfse-prepare made.", required=True)
_OUTPUT_DIR = flags.DEFINE_string("output_dir", None, "Where the files go.", required=True)
_COUNT = flags.DEFINE_integer("count", 10, "How many mixtures, from the first on.")
_SPLIT = flags.DEFINE_enum(
    "split",
    "train",
    ["train", "valid", "test"],
    "train is the stream that a model trains on; the others are fixed sets.",
)
_KEYS = flags.DEFINE_list(
    "keys",
    [],
    "These mixtures and no others, by their keys, split/seed/epoch/index; or a file NAME.json that "
    'holds {"keys": [...]}, as a training run writes it. Settings come from the config.json beside '
    "it, unless --config is given.",
)
_PICTURES = flags.DEFINE_bool("pictures", True, "Draw waveforms and spectrograms too.")
_CONFIG = config_flags.DEFINE_config_file("config", None, "An experiment, a file of configs/.")
_SETTINGS = mixture_flags.define("unless the experiment differs")


def main(arguments: Sequence[str]) -> int:
    """Writes what the flags say and shows the table."""
    if len(arguments) > 1:
        raise ConfigError(f"Only flags are taken; received {arguments[1]!r}.")
    if _COUNT.value < 1:
        raise ConfigError(f"`count` must be above 0; received {_COUNT.value}.")
    # Imported here: TensorFlow takes seconds, and --help needs none of it.
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
    program.run(main, DESCRIPTION)


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
