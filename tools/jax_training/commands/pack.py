"""Command `pack`: prepared data as a pack of parts."""

from __future__ import annotations

import pathlib
from collections.abc import Sequence

from absl import flags
from ml_collections import config_flags

from tfse.data.config import DataConfig

DESCRIPTION = """Packs the training split of prepared data, and a few validation mixtures.

  python -m tools.jax_training pack --data_dir=prepared --output_dir=packed --part_mb=38

Speech and noise become Ogg Opus, room impulse responses and validation mixtures FLAC.
Needs TensorFlow.
"""

_CONFIG = config_flags.DEFINE_config_file(
    "config", None, "Experiment whose data settings the validation mixtures have."
)
_DATA_DIR = flags.DEFINE_string("data_dir", None, "Output folder of tfse-prepare.", required=True)
_OUTPUT_DIR = flags.DEFINE_string("output_dir", None, "Folder of the pack.", required=True)
_PART_MB = flags.DEFINE_float("part_mb", 38.0, "Largest size of a part, MB (10^6 bytes).", 1.0)
_KBPS = flags.DEFINE_float("kbps", 38.0, "Bit rate of speech and noise, kbit/s; 36 at least.")
_CHUNK_S = flags.DEFINE_float("chunk_s", 300.0, "Audio per file, seconds.", 1.0)
_VALID_MIXTURES = flags.DEFINE_integer("valid_mixtures", 32, "Validation mixtures.", 0)
_VALID_S = flags.DEFINE_float("valid_s", 3.0, "Length of each without --config, seconds.", 0.5)


def main(arguments: Sequence[str]) -> int:
    """Packs the data."""
    from tools.jax_training.pack_format import part_folder
    from tools.jax_training.packing import MEGABYTE, PackSettings, pack

    settings = PackSettings(_PART_MB.value, _KBPS.value, _CHUNK_S.value, _VALID_MIXTURES.value)
    folder = pathlib.Path(_OUTPUT_DIR.value)
    parts = pack(pathlib.Path(_DATA_DIR.value), folder, _data(), settings)
    for part in parts:
        size = sum(file.bytes for file in part.files) / MEGABYTE
        hours = sum(sum(file.samples) for file in part.files) / part.sample_rate / 3600
        print(f"{part_folder(folder, part.part)}: {size:.1f} MB, {hours:.2f} h")
    return 0


def _data() -> DataConfig:
    if _CONFIG.value is None:
        return DataConfig(segment_s=_VALID_S.value)
    from tools.jax_training import options

    return options.experiment(_CONFIG.value).data
