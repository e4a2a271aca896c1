from __future__ import annotations

import dataclasses
import os
import pathlib
import signal
from typing import Any

import pytest

from tests.evaluation.small_sets import Pairs
from tfse.errors import ModelError
from tfse.evaluation.run.worker import Setup, Task
from tfse.evaluation.run.worker_pool import Pool
from tfse.evaluation.sources.systems import NOISY, System

SETUP = Setup([System(NOISY)])


def test_long_recordings_wait_for_memory() -> None:
    # Two of them would need more than any machine has: they come one after another.
    tasks = [
        Task(dataclasses.replace(one, seconds=1e9), (NOISY,)) for one in Pairs(3).recordings([0, 1])
    ]
    with Pool(SETUP, jobs=2) as pool:
        answers = list(pool.run(tasks))
        assert len(answers) == 4
        assert len(pool.loads) == 1


def test_tasks_are_made_when_they_are_needed() -> None:
    made = []

    def tasks() -> Any:
        for one in Pairs(6).recordings(range(6)):
            made.append(one.index)
            yield Task(one, (NOISY,))

    with Pool(SETUP, jobs=1) as pool:
        next(pool.run(tasks()))
        # One is worked on, one is ready.
        assert made == [0, 1]


@dataclasses.dataclass(frozen=True)
class Exploding(System):
    def open(self) -> Any:
        os.kill(os.getpid(), signal.SIGKILL)


def test_a_model_that_kills_its_process_is_an_error() -> None:
    exploding = Exploding("x", pathlib.Path("x"), "x")
    (recording,) = Pairs(1).recordings([0])
    with (
        pytest.raises(ModelError, match=r"loads the models died \(signal 9, SIGKILL\)"),
        Pool(Setup([exploding]), jobs=1) as pool,
    ):
        list(pool.run([Task(recording, ("x",))]))
