"""Isolated call: a function in a subprocess with limits of time and memory.

For compiled code of others with content from elsewhere: it can raise anything, abort, run for
ever or fill the memory, and the caller goes on.

    python -m tfse.isolated_call CALL.pickle RESULT.npy
"""

from __future__ import annotations

import contextlib
import os
import pathlib
import pickle
import resource
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable
from typing import Any

import numpy as np

#: Address space of the process; TensorFlow alone maps some gigabytes.
LARGEST_ADDRESS_SPACE = 16 << 30
LARGEST_FILE = 1 << 30
# Of a message, in characters, and of what is read of the output, in bytes.
_LONGEST_REASON = 300
_LAST_BYTES = 1 << 14
# Exit code for an exception, whose message is the last line.
_RAISED = 3


class CallFailed(Exception):
    """The function returned nothing; the message says why, as the end of a sentence."""


def isolated_call(
    function: Callable[..., Any], *arguments: Any, timeout_s: float
) -> np.ndarray[Any, Any]:
    """Calls a function in a subprocess.

    Args:
        function: of a module, so that the subprocess can import it; returns an array.
        arguments: of the function; they are pickled.
        timeout_s: after which the subprocess is ended.

    Returns:
        The array.

    Raises:
        CallFailed: the function raised an exception, died or did not end in time.
    """
    with tempfile.TemporaryDirectory(prefix="tfse-call-") as folder:
        call, result, printed = (
            pathlib.Path(folder) / name for name in ("call.pickle", "result.npy", "printed")
        )
        call.write_bytes(pickle.dumps((function, arguments)))
        _run(call, result, printed, timeout_s)
        return np.asarray(np.load(result, allow_pickle=False))


def _run(call: pathlib.Path, result: pathlib.Path, printed: pathlib.Path, limit: float) -> None:
    command = [sys.executable, "-m", __name__, str(call), str(result)]
    environment = {**os.environ, "CUDA_VISIBLE_DEVICES": "", "TF_CPP_MIN_LOG_LEVEL": "3"}
    try:
        with printed.open("wb") as file:
            code = subprocess.run(
                command, env=environment, stdout=file, stderr=file, timeout=limit, check=False
            ).returncode
    except subprocess.TimeoutExpired as error:
        raise CallFailed(f"did not end within {limit:g} s") from error
    if code == _RAISED:
        raise CallFailed(_last_line(printed))
    if code:
        name = f"by {signal.Signals(-code).name}" if code < 0 else f"with code {code}"
        raise CallFailed(f"was ended {name}")


def _last_line(printed: pathlib.Path) -> str:
    with printed.open("rb") as file:
        file.seek(max(0, printed.stat().st_size - _LAST_BYTES))
        return file.read().decode(errors="replace").rstrip().rpartition("\n")[2]


def _main(call: str, result: str) -> None:
    _limit(resource.RLIMIT_AS, LARGEST_ADDRESS_SPACE)
    _limit(resource.RLIMIT_FSIZE, LARGEST_FILE)
    _limit(resource.RLIMIT_CORE, 0)
    try:
        function, arguments = pickle.loads(pathlib.Path(call).read_bytes())
        np.save(result, np.asarray(function(*arguments)), allow_pickle=False)
    except Exception as error:
        print(f"\n{_explained(error)}", file=sys.stderr, flush=True)
        # At once: what compiled code does at its end may print more, or abort.
        os._exit(_RAISED)


def _limit(kind: int, limit: int) -> None:
    _, hard = resource.getrlimit(kind)
    if hard != resource.RLIM_INFINITY:
        limit = min(limit, hard)
    # macOS has a limit of the address space, but refuses to set it.
    with contextlib.suppress(OSError, ValueError):
        resource.setrlimit(kind, (limit, hard))


def _explained(error: Exception) -> str:
    """Returns what was raised, in one line; of a missing module, the package that has it."""
    if isinstance(error, ModuleNotFoundError) and error.name:
        package = error.name.partition(".")[0].replace("_", "-")
        return f"is not installed: pip install {package}"
    text = " ".join(str(error).split()).rstrip(".")
    if len(text) > _LONGEST_REASON:
        text = f"{text[:_LONGEST_REASON]} [...]"
    return f"failed: {text}" if isinstance(error, ImportError) else _named(error, text)


def _named(error: Exception, text: str) -> str:
    return f"failed: {type(error).__name__}{f': {text}' if text else ''}"


if __name__ == "__main__":
    _main(*sys.argv[1:])
