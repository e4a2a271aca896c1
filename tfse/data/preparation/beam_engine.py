"""Beam engine: parallel work on Flink, Spark, Dataflow or this machine through Apache Beam."""

from __future__ import annotations

import contextlib
import io
from collections.abc import Callable, Sequence
from typing import Any, TypeVar

from tfse.errors import ConfigError, DataError

_In = TypeVar("_In")


def check(runner: str, options: Sequence[str]) -> None:
    """Checks that `run` can start.

    Raises:
        ConfigError: Beam is not installed, or does not take the options.
    """
    _options(runner, options)


def run(
    function: Callable[[_In], Any], items: Sequence[_In], runner: str, options: Sequence[str]
) -> None:
    """Calls a function with every item on the workers; return values are dropped.

    An engine may call it several times with one item, after a failure or to save time.

    Args:
        function: imported by name on the workers, so tfse must be installed there.
        items: picklable items.
        runner: name of the engine in Beam, such as "FlinkRunner".
        options: options of Beam and of the runner, as on a command line.

    Raises:
        ConfigError: Beam is not installed, or does not take the options.
        DataError: the engine failed.
    """
    settings = _options(runner, options)
    if not items:
        return
    try:
        state = _pipeline(function, items, runner, settings).run().wait_until_finish()
    # Engines raise exceptions of their own; any of them is reported in one line.
    except Exception as error:
        raise _failed(runner, f"{type(error).__name__}: {_one_line(error)}") from error
    if state != "DONE":
        raise _failed(runner, state)


def _pipeline(
    function: Callable[[_In], Any], items: Sequence[_In], runner: str, settings: Any
) -> Any:
    import apache_beam as beam

    pipeline = beam.Pipeline(runner=runner, options=settings)
    # Without the reshuffle one worker would process all items.
    parts = pipeline | "Items" >> beam.Create(items) | "Share out" >> beam.Reshuffle()
    _ = parts | "Work" >> beam.Map(function)
    return pipeline


def _options(runner: str, options: Sequence[str]) -> Any:
    try:
        from apache_beam.options.pipeline_options import PipelineOptions
    except ImportError as error:
        raise ConfigError(
            f"`runner` {runner} needs Apache Beam: pip install 'tfse[beam]' ({error})."
        ) from error
    # Beam's parser exits the program and prints its whole usage on stderr.
    stderr = io.StringIO()
    try:
        with contextlib.redirect_stderr(stderr):
            settings = PipelineOptions(list(options), runner=runner)
            settings.get_all_options()
    except SystemExit as error:
        reason = stderr.getvalue().strip().rpartition("error: ")[2]
        raise ConfigError(
            f"`runner_options` must be options of Beam; received {reason}."
        ) from error
    return settings


def _failed(runner: str, reason: str) -> DataError:
    return DataError(f"{runner} failed: {reason}. Run tfse-prepare again to resume.")


def _one_line(error: Exception) -> str:
    # For an error on a worker Beam returns the traceback; the last line is the error.
    text = str(error).strip()
    if "Traceback (most recent call last)" in text:
        text = text.splitlines()[-1]
    return " ".join(text.split()).rstrip(".:")
