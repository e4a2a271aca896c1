"""Program runner: flags, exit codes, signals and one-line errors."""

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

import tfse
from tfse.cli import flag_errors, shipped_configs
from tfse.cli.help_page import Groups, help_page
from tfse.errors import ConfigError, TfseError
from tfse.terminal import one_line, os_error_line

DONE = 0
FAILED = 1
BAD_USAGE = 2
# Exit code after a signal: 128 plus its number.
SIGNALLED = 128
TERMINATED = SIGNALLED + signal.SIGTERM

HELP = frozenset(["-h", "-help", "--help", "-?", "--helpfull"])
VERSION = frozenset(["-version", "--version"])
_END_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
_END_MESSAGES = {
    signal.SIGTERM: "Terminated.",
    signal.SIGHUP: "Terminated: the terminal was closed.",
}
# The parser of a config file raises these for a missing file or field, or for a value
# of a wrong type.
_FLAG_ERRORS = (flags.Error, OSError, KeyError, AttributeError, TypeError, ValueError)


class Stopped(KeyboardInterrupt):
    """End of the program by a signal; partial files are removed on the way out.

    Attributes:
        number: of the signal.
    """

    def __init__(self, number: int) -> None:
        super().__init__()
        self.number = number


def _handle_signals() -> None:
    """Makes the first Ctrl-C, SIGTERM or SIGHUP raise an exception, and ignores later ones.

    A signal that is already ignored, such as SIGHUP under nohup, stays ignored.
    """
    for number in _END_SIGNALS:
        if signal.getsignal(number) is not signal.SIG_IGN:
            signal.signal(number, _stop)


def _stop(number: int, frame: FrameType | None) -> None:
    for each in _END_SIGNALS:
        signal.signal(each, signal.SIG_IGN)
    raise Stopped(number)


def run(
    main: Callable[[Sequence[str]], int | None],
    description: str = "",
    groups: Groups | None = None,
) -> NoReturn:
    """Parses the flags, calls `main` and ends the process with its exit code.

    0 for success, 1 for a failure, 2 for bad usage, 130 after Ctrl-C, 143 after SIGTERM,
    129 after SIGHUP. Errors that a user can correct are one line on stderr, without a
    traceback.

    Args:
        main: receives the program name and the arguments that are not flags; returns
            an exit code, None for 0.
        description: text of `--help` above the flags.
        groups: headings of `--help`, see `help_page`.
    """
    if HELP.intersection(sys.argv[1:]):
        _print_whole(_help(main, description, groups or {}))
        sys.exit(DONE)
    if VERSION.intersection(sys.argv[1:]):
        _print_whole(f"tfse {tfse.__version__}")
        sys.exit(DONE)
    _handle_signals()
    try:
        sys.exit(_run_guarded(main))
    except KeyboardInterrupt as stop:
        number = getattr(stop, "number", signal.SIGINT)
        # After SIGHUP there is no terminal.
        with contextlib.suppress(OSError):
            print(_END_MESSAGES.get(number, "Interrupted."), file=sys.stderr)
        sys.exit(SIGNALLED + number)


def _run_guarded(main: Callable[[Sequence[str]], int | None]) -> int:
    try:
        arguments = flags.FLAGS(shipped_configs.with_paths(sys.argv))
        _load_configs()
    except _FLAG_ERRORS as error:
        return _print_error(flag_errors.explained(error), BAD_USAGE)
    except Exception as error:
        return _print_error(flag_errors.of_config_file(error), BAD_USAGE)
    try:
        return main(arguments) or DONE
    except ConfigError as error:
        return _print_error(str(error), BAD_USAGE)
    except ModuleNotFoundError as error:
        return missing_package(error)
    except Exception as error:
        if not _is_expected(error):
            raise
        return _print_error(_message(error), FAILED)


def require_flags_only(arguments: Sequence[str]) -> None:
    """Checks that a program received flags alone.

    Args:
        arguments: the program name and the arguments that are not flags.

    Raises:
        ConfigError: there is an argument.
    """
    if len(arguments) > 1:
        raise ConfigError(f"Only flags are taken; received {arguments[1]!r}.")


def missing_package(error: ModuleNotFoundError) -> int:
    """Prints which package is missing, as where only the runtime is installed.

    Returns:
        The exit code.

    Raises:
        ModuleNotFoundError: it is a module of tfse itself.
    """
    package = (error.name or "").partition(".")[0]
    if package in ("", "tfse"):
        raise error
    return _print_error(
        f"this needs the package {package}, which is not installed; `pip install tfse` "
        "installs all but the extras.",
        FAILED,
    )


def _load_configs() -> None:
    """Raises the errors of config files, which are loaded on first use."""
    for name in flags.FLAGS:
        getattr(flags.FLAGS[name].value, "lock", None)


def _is_expected(error: Exception) -> bool:
    """Returns whether a user can correct an error; others are faults of the program."""
    tensorflow: Any = sys.modules.get("tensorflow")
    damaged = (tensorflow.errors.DataLossError,) if tensorflow else ()
    return isinstance(error, (TfseError, OSError, *damaged)) or bool(_data_error_in_graph(error))


def _data_error_in_graph(error: Exception) -> str:
    """Returns the message of a DataError that was raised inside a graph, "" for none.

    TensorFlow replaces it by its own error, with the traceback in the message.
    """
    tensorflow: Any = sys.modules.get("tensorflow")
    if not tensorflow or not isinstance(error, tensorflow.errors.OpError):
        return ""
    found = re.search(r"\bDataError: (.*)", error.message)
    return found.group(1) if found else ""


def _message(error: Exception) -> str:
    if isinstance(error, OSError):
        return os_error_line(error)
    return _data_error_in_graph(error) or str(error)


def _print_error(text: str, code: int) -> int:
    text = one_line(" ".join(text.split()))
    print(f"{os.path.basename(sys.argv[0])}: {text}", file=sys.stderr)
    return code


def _print_whole(text: str) -> None:
    try:
        print(text, flush=True)
    except BrokenPipeError:
        # `--help | head` is not an error. Python flushes again at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _help(main: Callable[[Sequence[str]], int | None], description: str, groups: Groups) -> str:
    # absl lists the flags of the started program under the name of its file.
    module = sys.argv[0] if main.__module__ == "__main__" else main.__module__
    return help_page(description, module, groups)
