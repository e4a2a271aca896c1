"""Kill test of `tfse-prepare` with a few kills, and a death at every step of a preparation."""

from __future__ import annotations

import pathlib
import random
import shutil
from collections.abc import Callable

import pytest

from tests.data.corpus import settings, write_corpus
from tests.stress import kill_prepare
from tfse.data.preparation.prepare import prepare

STEPS = [(pathlib.Path, "replace"), (pathlib.Path, "unlink"), (shutil, "rmtree")]


class Killed(BaseException):
    """Death of a preparation, which no code catches."""


def test_kills_leave_no_trace(tmp_path: pathlib.Path) -> None:
    results = kill_prepare.kill(tmp_path, [], kills=3, chance=random.Random(3))
    assert results.faults == []
    assert len(results.shards) == 3


def test_a_death_at_any_step_leaves_no_trace(
    tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_corpus(tmp_path / "corpus")
    out = tmp_path / "out"
    prepare(settings(tmp_path / "corpus", tmp_path / "undisturbed"))
    steps_left = [0]

    def dying(step: Callable[..., object]) -> Callable[..., object]:
        def die(*arguments: object, **named: object) -> object:
            result = step(*arguments, **named)
            steps_left[0] -= 1
            if steps_left[0] == 0:
                raise Killed
            return result

        return die

    for owner, name in STEPS:
        monkeypatch.setattr(owner, name, dying(getattr(owner, name)))
    deaths = 0
    while True:
        # The next step that was not reached yet, and sometimes a later one.
        steps_left[0] = 1 + deaths % 5
        try:
            if prepare(settings(tmp_path / "corpus", out)).was_there:
                break
        except Killed:
            deaths += 1
            assert deaths < 200, "the preparation must make progress"
    assert deaths > 13, "more deaths than shards"
    found = kill_prepare.files_of(out)
    assert kill_prepare.differences(kill_prepare.files_of(tmp_path / "undisturbed"), found) == []


def test_a_difference_is_detected() -> None:
    wanted, found = {"a": "1", "b": "2", "d": "4"}, {"a": "1", "b": "3", "c": "5"}
    assert kill_prepare.differences(wanted, found) == [
        *("b: other bytes", "c: in one folder only", "d: in one folder only")
    ]
