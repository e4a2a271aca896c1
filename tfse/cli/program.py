"""Runs a program: flags in, an exit code out, and one line when something is wrong."""

from __future__ import annotations

import contextlib
import os
import re
import signal
import sys
from collections.abc import Callable, Sequence
from types import FrameType
from typing import Any, NoReturn

from absl import flags

from tfse.cli import flag_errors
from tfse.errors import ConfigError, TfseError
from tfse.terminal import one_line, os_error_line

DONE = 0
FAILED = 1
BAD_USAGE = 2
# A program that a signal ended: 128 and the number of the signal.
SIGNALLED = 128
TERMINATED = SIGNALLED + signal.SIGTERM

HELP = frozenset(["-h", "-help", "--help", "-?", "--helpfull"])
_ENDING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
_SAID = {signal.SIGTERM: "Terminated.", signal.SIGHUP: "Terminated: the terminal was closed."}
# What the parser of a config file raises for a file or a field that is not
# there, or for a value of a wrong type.
_FLAG_ERRORS = (flags.Error, OSError, KeyError, AttributeError, TypeError, ValueError)


class Stopped(KeyboardInterrupt):
    """A signal asked the program to end; what is half-written is removed on the way out.

    Attributes:
        number: of the signal.
    """

    def __init__(self, number: int) -> None:
        super().__init__()
        self.number = number


def _end_cleanly() -> None:
    """Has Ctrl-C, SIGTERM and SIGHUP end the program as an exception does, the first of them only.

    A signal that is ignored, as SIGHUP under nohup, stays ignored.
    """
    for number in _ENDING:
        if signal.getsignal(number) is not signal.SIG_IGN:
            signal.signal(number, _stop)


def _stop(number: int, frame: FrameType | None) -> None:
    for each in _ENDING:
        signal.signal(each, signal.SIG_IGN)
    raise Stopped(number)


def run(main: Callable[[Sequence[str]], int | None], description: str = "") -> NoReturn:
    """Parses the flags, calls `main` and ends the process with its exit code.

    0 when all was done, 1 when something failed, 2 for bad usage, 130 after
    Ctrl-C, 143 after SIGTERM, 129 after SIGHUP. What a user can put right is one line on
    stderr, never a traceback.

    Args:
        main: takes the arguments that are no flags, the first of which is the
            program itself; returns an exit code, None for 0.
        description: what `--help` says above the flags.
    """
    if HELP.intersection(sys.argv[1:]):
        _print_help(_help(main, description))
        sys.exit(DONE)
    _end_cleanly()
    try:
        sys.exit(_guarded(main))
    except KeyboardInterrupt as stop:
        number = getattr(stop, "number", signal.SIGINT)
        # The terminal of a SIGHUP is gone.
        with contextlib.suppress(OSError):
            print(_SAID.get(number, "Interrupted."), file=sys.stderr)
        sys.exit(SIGNALLED + number)


def _guarded(main: Callable[[Sequence[str]], int | None]) -> int:
    try:
        arguments = flags.FLAGS(sys.argv)
        _look_at_configs()
    except _FLAG_ERRORS as error:
        return _complain(flag_errors.explained(error), BAD_USAGE)
    except Exception as error:
        return _complain(flag_errors.of_config_file(error), BAD_USAGE)
    try:
        return main(arguments) or DONE
    except ConfigError as error:
        return _complain(str(error), BAD_USAGE)
    except Exception as error:
        if not _is_expected(error):
            raise
        return _complain(_words(error), FAILED)


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


def _words(error: Exception) -> str:
    if isinstance(error, OSError):
        return os_error_line(error)
    return _told_in_graph(error) or str(error)


def _complain(text: str, code: int) -> int:
    text = one_line(" ".join(text.split()))
    print(f"{os.path.basename(sys.argv[0])}: {text}", file=sys.stderr)
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
