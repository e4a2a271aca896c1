"""Command line of the JAX training: `python -m tools.jax_training COMMAND ...`."""

from __future__ import annotations

import functools
import importlib
import os
import sys
from collections.abc import Callable, Sequence

from tfse.cli import program
from tfse.errors import ConfigError, TfseError

# Command -> (its module, whether it runs Keras on JAX).
COMMANDS = {
    "pack": ("pack", False),
    "wheels": ("wheels", False),
    "unpack": ("unpack", False),
    "smoke": ("smoke", True),
    "train": ("train", True),
}
DESCRIPTION = """Trains a model on one accelerator that has JAX and no TensorFlow.

  python -m tools.jax_training pack --data_dir=prepared --output_dir=packed
  python -m tools.jax_training wheels --output_dir=wheels
  python -m tools.jax_training unpack --packed_dir=packed --store=store
  python -m tools.jax_training smoke --config=configs/dpcrn_large.py --store=store
  python -m tools.jax_training train --config=configs/dpcrn_large.py --data=store --output_dir=run

COMMAND --help lists the flags of a command. See README.md beside this program.
"""

Main = Callable[[Sequence[str]], int]


def run(arguments: Sequence[str]) -> None:
    """Runs the command that the arguments name, and ends the process with its exit code."""
    if len(arguments) < 2 or arguments[1] not in COMMANDS:
        _explain(arguments)
    name, on_jax = COMMANDS[arguments[1]]
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    if on_jax:
        # Keras reads this when it is imported, which the commands do.
        os.environ["KERAS_BACKEND"] = "jax"
        # With several threads, transforms on the CPU may deadlock (jaxlib 0.11.2 on two
        # cores). Accelerators are not affected.
        os.environ.setdefault("XLA_FLAGS", "--xla_cpu_multi_thread_eigen=false")
    command = importlib.import_module(f"tools.jax_training.commands.{name}")
    sys.argv = [f"jax_training {arguments[1]}", *arguments[2:]]
    program.run(_refusing(command.main), command.DESCRIPTION)


def _explain(arguments: Sequence[str]) -> None:
    if len(arguments) > 1 and arguments[1] in program.HELP:
        print(DESCRIPTION)
        sys.exit(program.DONE)
    received = repr(arguments[1]) if len(arguments) > 1 else "none"
    print(f"jax_training: COMMAND must be one of {sorted(COMMANDS)}; received {received}.", end=" ")
    print("See --help.")
    sys.exit(program.BAD_USAGE)


def _refusing(main: Main) -> Main:
    """Returns `main` with exit code 2 for every input that cannot be used."""

    @functools.wraps(main)
    def guarded(arguments: Sequence[str]) -> int:
        program.require_flags_only(arguments)
        try:
            return main(arguments)
        except (TfseError, OSError) as error:
            raise ConfigError(str(error)) from error

    return guarded


if __name__ == "__main__":
    run(sys.argv)
