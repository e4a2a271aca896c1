"""A process that measures: it loads everything once and answers until it is told to end."""

from __future__ import annotations

import contextlib
import dataclasses
import os
import signal
import sys
import time
from collections.abc import Sequence
from multiprocessing.connection import Connection

import numpy as np

from tfse.errors import TfseError
from tfse.evaluation.run.onnx_scorers import ScorerFile
from tfse.evaluation.run.scoring import Tools, enhanced, listen, measure
from tfse.evaluation.sources.recordings import Recording, Sound
from tfse.evaluation.sources.systems import System

_WARM_UP_S = 1.0


@dataclasses.dataclass(frozen=True)
class Setup:
    """What a process loads.

    Attributes:
        systems: those with a path are models.
        scorers: ONNX files that score.
    """

    systems: Sequence[System]
    scorers: Sequence[ScorerFile] = ()


@dataclasses.dataclass(frozen=True)
class Task:
    """What a process is asked for.

    Attributes:
        recording: to measure, or to listen to.
        systems: under which.
        listens: asks for the sound and not for rows.
    """

    recording: Recording
    systems: tuple[str, ...]
    listens: bool = False


@dataclasses.dataclass(frozen=True)
class Ready:
    """The first answer of a process.

    Attributes:
        loaded: what it has loaded, and how long that took, in s.
        has_tensorflow: whether TensorFlow is among it.
        processor_s: what the processor has worked for it so far, imports included.
    """

    loaded: dict[str, float]
    has_tensorflow: bool
    processor_s: float


@dataclasses.dataclass(frozen=True)
class Refused:
    """Instead of `Ready`: something could not be loaded."""

    error: TfseError


@dataclasses.dataclass(frozen=True)
class Done:
    """The last answer to a task; `sounds` are those that were asked for, if they could be had."""

    sounds: dict[str, Sound] | None = None


def main(connection: Connection, setup: Setup) -> None:
    """Loads, answers, and ends when the other side closes the connection."""
    # The parent alone answers Ctrl-C.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        tools, ready = _loaded(setup)
    except TfseError as error:
        connection.send(Refused(error))
        return
    connection.send(ready)
    # The connection ends with the parent, however that ends.
    with contextlib.suppress(EOFError, BrokenPipeError, ConnectionResetError):
        while True:
            _answer(connection, connection.recv(), tools)


def _answer(connection: Connection, task: Task, tools: Tools) -> None:
    sounds = None
    if task.listens:
        # A row says already what cannot be had.
        try:
            sounds = listen(task.recording, task.systems, tools)
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
            # The first call compiles, and is nobody's real-time factor.
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
    """Returns the environment in which a process computes with one thread.

    So figures do not depend on how many processes there are, and processes do
    not take each other's cores.
    """
    names = ["OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"]
    names += ["TF_NUM_INTRAOP_THREADS", "TF_NUM_INTEROP_THREADS"]
    return {**os.environ, **dict.fromkeys(names, "1")}
