from __future__ import annotations

import json
import os
import pathlib
from typing import Any

import numpy as np
import pytest

from tests.streaming.tiny_streams import Stateless, identity_step, leftovers, noise, read, write
from tfse.errors import ModelError
from tfse.streaming.batch.outcome import Existing, Order, Status
from tfse.streaming.batch.plan import Places, Task, plan
from tfse.streaming.batch.report import line, total_s, write_report
from tfse.streaming.batch.run_batch import run_batch
from tfse.types import Samples

DEADLY = 0.9


class Fragile(Stateless):
    """Step that can be pickled, and that ends its process at loud samples."""

    def __call__(self, noisy: Samples, state: None) -> tuple[Samples, None]:
        if np.abs(noisy).max() > DEADLY:
            os._exit(9)
        return noisy / 2, None


@pytest.fixture
def takes(tmp_path: pathlib.Path) -> list[Task]:
    for index in range(4):
        write(tmp_path / "in" / f"{index}.wav", noise(3000 + index))
    (tmp_path / "in" / "1.wav").write_text("no audio")
    return plan([str(tmp_path / "in")], Places(output_dir=tmp_path / "out")).tasks


def statuses(tasks: list[Task], order: Order) -> dict[str, str]:
    return {o.task.source.name: o.status.value for o in run_batch(tasks, order)}


@pytest.mark.parametrize("jobs", [1, 2])
def test_a_bad_file_does_not_end_the_batch(jobs: int, takes: list[Task]) -> None:
    seconds: list[float] = []
    outcomes = list(run_batch(takes, Order(Fragile(), jobs=jobs), seconds.append))
    assert len(outcomes) == 4
    failed = [outcome for outcome in outcomes if outcome.status is Status.FAILED]
    assert [outcome.task.source.name for outcome in failed] == ["1.wav"]
    assert failed[0].reason == "not readable as audio: format not recognised"
    for outcome in set(outcomes) - set(failed):
        enhanced, noisy = read(outcome.task.targets.enhanced), read(outcome.task.source)
        np.testing.assert_allclose(enhanced, noisy / 2, atol=1 / 32768)
    assert sum(seconds) == pytest.approx(9005 / 16_000)


def test_a_process_that_dies_fails_one_file(takes: list[Task]) -> None:
    deadly = np.full(3000, 0.95, np.float32)
    write(takes[2].source, deadly)
    order = Order(Fragile(), jobs=2)
    outcomes = {o.task.source.name: o for o in run_batch(takes, order)}
    assert outcomes["2.wav"].reason == "the process died while working on it"
    assert {name: o.status.value for name, o in outcomes.items()} == {
        "0.wav": "done",
        "1.wav": "failed",
        "2.wav": "failed",
        "3.wav": "done",
    }
    assert not takes[2].targets.enhanced.exists()


def test_existing_results(takes: list[Task]) -> None:
    mine = takes[0].targets.enhanced
    mine.parent.mkdir()
    mine.write_bytes(b"mine")
    step = identity_step()
    assert statuses(takes, Order(step)) == {
        "0.wav": "kept",
        "1.wav": "failed",
        "2.wav": "done",
        "3.wav": "done",
    }
    assert statuses(takes, Order(step, existing=Existing.SKIP)) == {
        "0.wav": "skipped",
        "1.wav": "failed",
        "2.wav": "skipped",
        "3.wav": "skipped",
    }
    assert mine.read_bytes() == b"mine"
    assert statuses(takes, Order(step, existing=Existing.OVERWRITE))["0.wav"] == "done"
    assert read(mine).shape == (3000, 1)


def test_a_missing_model_ends_the_batch_at_once(takes: list[Task]) -> None:
    with pytest.raises(ModelError, match="received 'no_such_model'"):
        run_batch(takes, Order("no_such_model", jobs=2))


def test_a_fault_of_the_program_is_the_outcome_of_one_file(
    takes: list[Task], monkeypatch: pytest.MonkeyPatch
) -> None:
    def faulty(*_: Any, **__: Any) -> None:
        raise ZeroDivisionError("division\nby zero")

    monkeypatch.setattr("tfse.streaming.batch.run_batch.enhance_to", faulty)
    outcomes = list(run_batch(takes[:1], Order(identity_step())))
    assert outcomes[0].reason == "ZeroDivisionError: division by zero"


def test_the_report_and_the_lines(takes: list[Task], tmp_path: pathlib.Path) -> None:
    takes[3].targets.enhanced.parent.mkdir()
    takes[3].targets.enhanced.touch()
    takes[2].source.write_bytes(takes[2].source.read_bytes()[:-1000])
    outcomes = list(run_batch(takes, Order(identity_step())))
    write_report(outcomes, "identity", tmp_path / "report.json")
    report = json.loads((tmp_path / "report.json").read_text())

    assert {name: report[name] for name in ("model", "done", "failed", "kept", "skipped")} == {
        "model": "identity",
        "done": 2,
        "failed": 1,
        "kept": 1,
        "skipped": 0,
    }
    done, failed, truncated, kept = report["files"]
    assert done["audio_s"] == pytest.approx(3000 / 16_000)
    assert done["speed"] == pytest.approx(done["audio_s"] / done["time_s"], rel=0.2)
    assert (done["reason"], done["notes"]) == (None, [])
    assert failed["reason"] == "not readable as audio: format not recognised"
    assert failed["audio_s"] is failed["time_s"] is failed["speed"] is None
    assert truncated["notes"] == ["the header claims 6004 bytes of audio, 5004 are there"]
    assert kept["status"] == "kept"

    lines = [line(outcome) for outcome in outcomes]
    assert "times real time" in lines[0]
    assert lines[1].endswith("1.wav: failed: not readable as audio: format not recognised")
    assert lines[2].endswith("; note: the header claims 6004 bytes of audio, 5004 are there")
    assert lines[3].endswith("--overwrite replaces it, --skip_existing skips it")
    assert not leftovers(tmp_path)


def test_the_length_of_a_batch_counts_what_can_be_read(takes: list[Task]) -> None:
    assert total_s(takes) == pytest.approx((3000 + 3002 + 3003) / 16_000)
