"""Runs a program: flags in, an exit code out, and one line when something is wrong."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Callable, Sequence
from typing import Any, NoReturn

from absl import flags

from tfse.errors import ConfigError, TfseError

DONE = 0
FAILED = 1
BAD_USAGE = 2
INTERRUPTED = 130
TERMINATED = 143

HELP = frozenset(["-h", "-help", "--help", "-?", "--helpfull"])
# What the parser of a config file raises for a file or a field that is not
# there, or for a value of a wrong type.
_FLAG_ERRORS = (flags.Error, OSError, KeyError, AttributeError, TypeError, ValueError)


def run(main: Callable[[Sequence[str]], int | None], description: str = "") -> NoReturn:
    """Parses the flags, calls `main` and ends the process with its exit code.

    0 when all was done, 1 when something failed, 2 for bad usage and 130 after
    Ctrl-C. What a user can put right is one line on stderr, never a traceback.

    Args:
        main: Takes the arguments that are no flags, the first of which is the
            program itself; returns an exit code, None for 0.
        description: What `--help` says above the flags.
    """
    # TensorFlow reads this when it is first imported, which programs do late. Its
    # native code logs errors at every start that are none; real ones are raised.
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    if HELP.intersection(sys.argv[1:]):
        _print_help(_help(main, description))
        sys.exit(DONE)
    try:
        sys.exit(_guarded(main))
    except KeyboardInterrupt:
        print("Interrupted.", file=sys.stderr)
        sys.exit(INTERRUPTED)


def _guarded(main: Callable[[Sequence[str]], int | None]) -> int:
    try:
        arguments = flags.FLAGS(sys.argv)
        _look_at_configs()
    except _FLAG_ERRORS as error:
        return _complain(error, BAD_USAGE)
    try:
        return main(arguments) or DONE
    except ConfigError as error:
        return _complain(error, BAD_USAGE)
    except Exception as error:
        if not _is_expected(error):
            raise
        return _complain(error, FAILED)


def _look_at_configs() -> None:
    """Has a config file that could not be loaded say so, which it does when it is used."""
    for name in flags.FLAGS:
        getattr(flags.FLAGS[name].value, "lock", None)


def _is_expected(error: Exception) -> bool:
    """Tells what a user can put right from what is a fault of the program."""
    tensorflow: Any = sys.modules.get("tensorflow")
    damaged = (tensorflow.errors.DataLossError,) if tensorflow else ()
    return isinstance(error, (TfseError, OSError, *damaged)) or bool(_told_in_graph(error))


def _told_in_graph(error: Exception) -> str:
    """Returns the line of a DataError that was raised inside a graph.

    TensorFlow makes another error of it, with the traceback in its message.
    """
    tensorflow: Any = sys.modules.get("tensorflow")
    if not tensorflow or not isinstance(error, tensorflow.errors.OpError):
        return ""
    told = re.search(r"\bDataError: (.*)", error.message)
    return told.group(1) if told else ""


def _complain(error: Exception, code: int) -> int:
    # A KeyError puts quotes around what it was told.
    text = str(error.args[0]) if isinstance(error, KeyError) else str(error)
    text = _told_in_graph(error) or text
    print(f"{os.path.basename(sys.argv[0])}: {' '.join(text.split())}", file=sys.stderr)
    return code


def _print_help(text: str) -> None:
    try:
        print(text, flush=True)
    except BrokenPipeError:
        # `--help | head`: the reader has what it wanted. Python flushes again at its end.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _help(main: Callable[[Sequence[str]], int | None], description: str) -> str:
    # absl knows the flags of the program that was started by the name of its file.
    module = sys.argv[0] if main.__module__ == "__main__" else main.__module__
    return f"{description.rstrip()}\n{flags.FLAGS.module_help(module)}"
