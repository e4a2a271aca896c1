"""Program `tfse-train`: trains a model on prepared data."""

from __future__ import annotations

import sys
from collections.abc import Sequence

from absl import flags
from ml_collections import config_flags

from tfse.cli import program
from tfse.errors import ConfigError

DESCRIPTION = """Trains a model.

  tfse-train --config=dpcrn_small --data_dir=prepared --run_dir=runs/dpcrn_small

Every setting of the config is a flag: --config.train.batch_size=8. Started again
with the same --run_dir, the training resumes. After SIGTERM it writes a checkpoint
and exits with 143.
"""

_CONFIG = config_flags.DEFINE_config_file("config", None, "Experiment: a shipped config or a file.")
_DATA_DIR = flags.DEFINE_string("data_dir", None, "Output folder of tfse-prepare.", required=True)
_RUN_DIR = flags.DEFINE_string("run_dir", "", "Folder of models, checkpoints and logs.")
_DRY_RUN = flags.DEFINE_bool(
    "dry_run", False, "Builds everything, runs two steps, prints the cost and writes nothing."
)
_INIT_FROM = flags.DEFINE_string(
    "init_from", "", "Starts with the weights of this .keras file or shipped model."
)
_WIDEN = flags.DEFINE_bool(
    "widen",
    False,
    "The model of --init_from is a narrower DPCRN or FastEnhancer: its units are repeated to fill "
    "this model, which computes the same function at the start.",
)
_STRATEGY = flags.DEFINE_enum(
    "strategy",
    "auto",
    ["auto", "mirrored", "multi_worker", "one_device"],
    "auto uses the machines of TF_CONFIG, else all GPUs, else one device.",
)
_VIRTUAL_CPUS = flags.DEFINE_integer(
    "num_virtual_cpus", 0, "Splits the CPU, to try --strategy=mirrored without GPUs.", 0
)


def main(arguments: Sequence[str]) -> int:
    """Trains the model of the config."""
    program.require_flags_only(arguments)
    if _CONFIG.value is None:
        raise ConfigError("`--config` must be given, such as --config=dpcrn_small.")
    from tfse.training import ExperimentConfig, Terminated, Trainer, make_strategy
    from tfse.training.dry_run import dry_run

    if not isinstance(_CONFIG.value, ExperimentConfig):
        raise ConfigError(
            "`get_config()` of the config file must return an ExperimentConfig; received a "
            f"{type(_CONFIG.value).__name__}."
        )
    if not (_RUN_DIR.value or _DRY_RUN.value):
        raise ConfigError("`--run_dir` must be given, or --dry_run.")
    strategy = make_strategy(_STRATEGY.value, _VIRTUAL_CPUS.value)
    if _DRY_RUN.value:
        print(dry_run(_CONFIG.value, _DATA_DIR.value, strategy, _INIT_FROM.value, _WIDEN.value))
        return program.DONE
    trainer = Trainer(
        _CONFIG.value, _DATA_DIR.value, _RUN_DIR.value, strategy, _INIT_FROM.value, _WIDEN.value
    )
    try:
        trainer.train()
    except Terminated as stop:
        print(stop, file=sys.stderr)
        return program.TERMINATED
    print(f"The best model is {_RUN_DIR.value}/best.keras.")
    return program.DONE


def entry_point() -> None:
    """Runs the program."""
    program.run(main, DESCRIPTION)


if __name__ == "__main__":
    entry_point()
