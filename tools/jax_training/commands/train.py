"""Command `train`: training of a config on a store."""

from __future__ import annotations

import pathlib
import time
from collections.abc import Sequence

from absl import flags
from ml_collections import config_flags

from tfse.cli import program
from tfse.errors import ConfigError

DESCRIPTION = """Trains a model with JAX for some minutes.

  python -m tools.jax_training train --config=configs/dpcrn_large.py --data=store \\
      --output_dir=run --minutes=9 --schedule=cosine

Every setting of the config is a flag: --config.train.batch_size=64. Each minute it
validates and writes last.keras, with the averaged weights, and a line of history.csv.
After SIGTERM it does so once more and exits with 143.
"""

# Start of the process.
_BEGAN = time.monotonic()
# Longest duration of the last validation and checkpoint, seconds.
_RESERVE_S = 15.0

_CONFIG = config_flags.DEFINE_config_file("config", None, "The experiment, a file of configs/.")
_DATA = flags.DEFINE_string("data", None, "Store that `unpack` made.", required=True)
_OUTPUT_DIR = flags.DEFINE_string("output_dir", None, "Folder of model and history.", required=True)
_MINUTES = flags.DEFINE_float("minutes", 0.0, "Duration without compilation; 0: no limit.", 0)
_WITHIN_S = flags.DEFINE_float("within_s", 0.0, "Duration of the whole command; 0: no limit.", 0)
_STEPS = flags.DEFINE_integer("steps", 0, "Number of steps; 0: no limit.", 0)
_SCHEDULE = flags.DEFINE_enum(
    "schedule",
    "cosine",
    ["config", "constant", "cosine"],
    "Learning-rate schedule; cosine and constant follow the time or --steps, config the config.",
)
_INIT_FROM = flags.DEFINE_string("init_from", "", "Model with the initial weights.")
_WIDEN = flags.DEFINE_bool(
    "widen", False, "The model of --init_from is narrower: its units are repeated to fill this one."
)
_REPORT_S = flags.DEFINE_float("report_s", 60.0, "Interval of reports, seconds.", 0.01)
_CACHE = flags.DEFINE_string("compilation_cache", "", "Folder of compiled programs.")
_CUDNN = flags.DEFINE_bool("cudnn", False, "Lets cuDNN run forward recurrent layers.")


def main(arguments: Sequence[str]) -> int:
    """Trains the experiment."""
    from tfse.training.warm_start import load_source
    from tools.jax_training import options
    from tools.jax_training.session import open_session
    from tools.jax_training.training import Plan, Training

    config = options.experiment(_CONFIG.value)
    options.use_cache(_CACHE.value)
    session = open_session(config, pathlib.Path(_DATA.value), cudnn=_CUDNN.value)
    session.begin(load_source(_INIT_FROM.value, _WIDEN.value))
    state = session.learner.initial_state()
    start = time.monotonic()
    step = session.compiled_step(state)
    print(f"Compiled in {time.monotonic() - start:.1f} s.", flush=True)
    plan = Plan(_seconds(), _steps(config.train.steps), _SCHEDULE.value, _REPORT_S.value)
    done = Training(session, pathlib.Path(_OUTPUT_DIR.value), plan).run(state, step)
    print(f"The model is {_OUTPUT_DIR.value}/last.keras.")
    return program.DONE if done else program.TERMINATED


def _seconds() -> float | None:
    """Returns the limit of the time of the steps."""
    limits = [60 * _MINUTES.value] if _MINUTES.value else []
    if _WITHIN_S.value:
        left = _WITHIN_S.value - (time.monotonic() - _BEGAN) - _RESERVE_S
        if left <= 0:
            raise ConfigError(
                f"`within_s` must leave time to train; {_WITHIN_S.value:.0f} s are over."
            )
        limits.append(left)
    return min(limits) if limits else None


def _steps(configured: int) -> int | None:
    if _STEPS.value:
        return _STEPS.value
    is_limited = _MINUTES.value or _WITHIN_S.value
    return None if is_limited and _SCHEDULE.value != "config" else configured
