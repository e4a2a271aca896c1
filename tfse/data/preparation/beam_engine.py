"""Does work on an engine that Apache Beam knows: Flink, Spark, Dataflow, or this machine."""

from __future__ import annotations

import contextlib
import io
from collections.abc import Callable, Sequence
from typing import Any, TypeVar

from tfse.errors import ConfigError, DataError

_In = TypeVar("_In")


def check(runner: str, options: Sequence[str]) -> None:
    """Looks whether `run` could begin.

    Raises:
        ConfigError: Beam is not installed, or does not take the options.
    """
    _options(runner, options)


def run(
    function: Callable[[_In], Any], items: Sequence[_In], runner: str, options: Sequence[str]
) -> None:
    """Calls a function with every item, each on some worker; what it returns is dropped.

    An engine may call it several times with one item, after a failure or to win time.

    Args:
        function: found by its name on the workers, so tfse must be installed there.
        items: what can be pickled.
        runner: Beam's name of the engine, such as "FlinkRunner".
        options: options of Beam and of the runner, as on a command line.

    Raises:
        ConfigError: Beam is not installed, or does not take the options.
        DataError: the engine did not come to its end.
    """
    settings = _options(runner, options)
    if not items:
        return
    try:
        state = _pipeline(function, items, runner, settings).run().wait_until_finish()
    # An engine fails in ways of its own; whichever it was, it is told in a line.
    except Exception as error:
        raise _failed(runner, f"{type(error).__name__}: {_in_a_line(error)}") from error
    if state != "DONE":
        raise _failed(runner, state)


def _pipeline(
    function: Callable[[_In], Any], items: Sequence[_In], runner: str, settings: Any
) -> Any:
    import apache_beam as beam

    pipeline = beam.Pipeline(runner=runner, options=settings)
    # Without the reshuffle one worker would do all that it has just been given.
    parts = pipeline | "Items" >> beam.Create(items) | "Share out" >> beam.Reshuffle()
    # The pipeline keeps what is added to it.
    _ = parts | "Work" >> beam.Map(function)
    return pipeline


def _options(runner: str, options: Sequence[str]) -> Any:
    try:
        from apache_beam.options.pipeline_options import PipelineOptions
    except ImportError as error:
        raise ConfigError(
            f"`runner` {runner} needs Apache Beam: pip install 'tfse[beam]'; received {error}."
        ) from error
    # Beam's parser ends the program, with all that it knows on stderr.
    words = io.StringIO()
    try:
        with contextlib.redirect_stderr(words):
            settings = PipelineOptions(list(options), runner=runner)
            settings.get_all_options()
    except SystemExit as error:
        reason = words.getvalue().strip().rpartition("error: ")[2]
        raise ConfigError(f"`runner_options` must be Beam's; received {reason}.") from error
    return settings


def _failed(runner: str, reason: str) -> DataError:
    return DataError(
        f"{runner} must come to its end; received {reason}. Started again, tfse-prepare goes on."
    )


def _in_a_line(error: Exception) -> str:
    # Of an error on a worker Beam gives the traceback; what happened stands last.
    words = str(error).strip()
    if "Traceback (most recent call last)" in words:
        words = words.splitlines()[-1]
    return " ".join(words.split()).rstrip(".:")
