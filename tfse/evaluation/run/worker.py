"""Worker process: loads models and scorers once, then measures until its connection closes."""

from __future__ import annotations

import contextlib
import dataclasses
import os
import sys
import time
from collections.abc import Sequence
from multiprocessing.connection import Connection

import numpy as np

from tfse import interrupts
from tfse.errors import TfseError
from tfse.evaluation.run.onnx_scorers import ScorerFile
from tfse.evaluation.run.scoring import Tools, enhanced, measure, sounds_of
from tfse.evaluation.sources.recordings import Recording, Sound
from tfse.evaluation.sources.systems import System

_WARM_UP_S = 1.0


@dataclasses.dataclass(frozen=True)
class Setup:
    """Models and scorers that a process loads.

    Attributes:
        systems: systems; those with a path are models.
        scorers: ONNX scorers.
    """

    systems: Sequence[System]
    scorers: Sequence[ScorerFile] = ()


@dataclasses.dataclass(frozen=True)
class Task:
    """Task of a process.

    Attributes:
        recording: recording to measure.
        systems: labels of the systems to measure it with.
        wants_sounds: asks for sounds instead of rows.
    """

    recording: Recording
    systems: tuple[str, ...]
    wants_sounds: bool = False


@dataclasses.dataclass(frozen=True)
class Ready:
    """First answer of a process.

    Attributes:
        loaded: loading time of each model and scorer, seconds.
        has_tensorflow: whether TensorFlow is loaded.
        processor_s: processor time so far, with imports, seconds.
    """

    loaded: dict[str, float]
    has_tensorflow: bool
    processor_s: float


@dataclasses.dataclass(frozen=True)
class LoadFailure:
    """Answer instead of `Ready`: a model or scorer could not be loaded."""

    error: TfseError


@dataclasses.dataclass(frozen=True)
class Done:
    """Last answer to a task, with the available sounds if they were asked for."""

    sounds: dict[str, Sound] | None = None


def main(connection: Connection, setup: Setup) -> None:
    """Runs the process until the other side closes the connection."""
    # The parent alone handles Ctrl-C.
    interrupts.ignore()
    try:
        tools, ready = _loaded(setup)
    except TfseError as error:
        connection.send(LoadFailure(error))
        return
    connection.send(ready)
    # The connection closes when the parent ends for any reason.
    with contextlib.suppress(EOFError, BrokenPipeError, ConnectionResetError):
        while True:
            _answer(connection, connection.recv(), tools)


def _answer(connection: Connection, task: Task, tools: Tools) -> None:
    sounds = None
    if task.wants_sounds:
        # Faults are in the rows already.
        try:
            sounds = sounds_of(task.recording, task.systems, tools)
        except Exception:
            sounds = None
    else:
        for row in measure(task.recording, task.systems, tools):
            connection.send(row)
    connection.send(Done(sounds))


def _loaded(setup: Setup) -> tuple[Tools, Ready]:
    loaded: dict[str, float] = {}
    steps = {}
    for system in setup.systems:
        if system.path is not None:
            began = time.perf_counter()
            steps[system.label] = step = system.open()
            # The first call compiles, which must not count in a real-time factor.
            warm_up = np.zeros(round(_WARM_UP_S * step.sample_rate), np.float32)
            enhanced(Sound(warm_up, step.sample_rate), step)
            loaded[system.label] = time.perf_counter() - began
    scorers = []
    for file in setup.scorers:
        began = time.perf_counter()
        scorers.append(file.open())
        loaded[file.path.name] = time.perf_counter() - began
    return Tools(steps, scorers), Ready(loaded, "tensorflow" in sys.modules, time.process_time())


def one_thread() -> dict[str, str]:
    """Returns the environment of a process that computes with one thread.

    Results then do not depend on the number of processes, and processes do not compete
    for cores.
    """
    names = ["OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"]
    names += ["TF_NUM_INTRAOP_THREADS", "TF_NUM_INTEROP_THREADS"]
    return {**os.environ, **dict.fromkeys(names, "1")}
