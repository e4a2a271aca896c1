"""Whole processes: two machines, SIGKILL, SIGTERM, a full disk, and dry runs."""

import json
import signal

import numpy as np
import pytest

from tests import instances
from tests.stress import kill_training
from tests.training.processes import (
    TINY,
    Running,
    arguments_of,
    history,
    start_cluster,
    train,
    wait_for_checkpoint,
)

SETTINGS = ("train.ema_decay=0.9", "train.checkpoint_every=1")


@pytest.fixture(scope="module")
def alone(prepared, tmp_path_factory):
    """A run of one process that nobody disturbed."""
    run_dir = tmp_path_factory.mktemp("alone") / "run"
    train(arguments_of(TINY, prepared, run_dir, *SETTINGS))
    return run_dir


def test_a_run_that_is_killed_resumes_as_if_it_were_not(alone, prepared, tmp_path):
    arguments = arguments_of(TINY, prepared, tmp_path / "run", *SETTINGS)
    causes = kill_training.train_and_kill(arguments, tmp_path / "run", kills=2, seed=0)
    assert sum(causes.values()) == 2
    kill_training.assert_equal(alone, tmp_path / "run")


def test_two_machines_stop_together_and_take_the_steps_of_one(alone, prepared, tmp_path):
    run_dir = tmp_path / "run"
    arguments = arguments_of(TINY, prepared, run_dir, *SETTINGS)
    machines = start_cluster(arguments, machines=2)
    wait_for_checkpoint(run_dir, machines[0])
    # To the machine that writes nothing: the chief is told with the next step.
    machines[1].send(signal.SIGTERM)
    said = [machine.finish() for machine in machines]
    assert [machine.poll() for machine in machines] == [143, 143], said
    said = train(arguments, machines=2)
    assert "Resuming from step" in said[0]
    # The chief alone speaks of validations and keeps a start in run.json.
    assert ["validation:" in text for text in said] == [True, False]
    starts = json.loads((run_dir / "run.json").read_text())["starts"]
    assert [each["strategy"]["replicas"] for each in starts] == [2, 2]
    one, two = history(alone), history(run_dir)
    assert [row["step"] for row in two] == [2, 4, 6]
    for mine, theirs in zip(one, two, strict=True):
        np.testing.assert_allclose(list(theirs.values()), list(mine.values()), rtol=1e-4)


def test_sigterm_and_a_full_disk_cost_nothing(alone, prepared, tmp_path):
    settings = ("train.ema_decay=0.9", "train.checkpoint_every=0")
    run_dir = tmp_path / "run"
    arguments = arguments_of(TINY, prepared, run_dir, *settings)
    running = Running(arguments)
    wait_for_checkpoint(run_dir, running)
    running.send(signal.SIGTERM)
    said = running.finish()
    assert running.poll() == 143, said
    (line,) = [line for line in said.splitlines() if line.startswith("Stopped at step")]
    step = int(line.split()[3].rstrip(";"))
    kept = sorted(path.name for path in run_dir.glob("checkpoints/*"))
    assert kept[-1] == f"step-{step:010d}.npz"

    size = min(path.stat().st_size for path in run_dir.glob("checkpoints/*"))
    running = Running(arguments, largest_file=size // 2)
    said = running.finish()
    assert running.poll() == 1, said
    assert "cannot be written" in said.splitlines()[-1] and "Traceback" not in said
    assert sorted(path.name for path in run_dir.glob("checkpoints/*")) == kept

    train(arguments)
    kill_training.assert_equal(alone, run_dir)


def test_a_folder_that_is_a_file_is_one_line(prepared, tmp_path):
    (tmp_path / "file").write_text("no folder")
    running = Running(arguments_of(TINY, prepared, tmp_path / "file"))
    said = running.finish()
    assert running.poll() == 2
    assert "`run_dir` must be a folder that can be written" in said.splitlines()[-1]
    assert "Traceback" not in said


def test_a_shipped_model_is_widened_by_flag(prepared):
    flags = ["--config=configs/dpcrn_medium.py", "--data_dir", str(prepared), "--dry_run"]
    flags += ["--config.train.batch_size=1", "--config.data.segment_s=0.5"]
    (said,) = train([*flags, "--init_from=dpcrn_small", "--widen"])
    assert "103 of 103 weights are loaded from dpcrn_small, widened." in said


def test_dry_run_says_what_it_costs_and_writes_nothing(prepared, tmp_path):
    flags = ["--dry_run", "--init_from=lstm_irm", "train.accumulation_steps=2"]
    before = {path: path.stat().st_mtime_ns for path in prepared.iterdir()}
    (said,) = train(arguments_of(TINY, prepared, tmp_path / "run", *flags))
    rows = dict(line.split("  ", 1) for line in said.splitlines() if "  " in line)
    assert {"latency", "multiply-accumulates", "memory", "time per epoch"} <= set(rows)
    assert int(rows["parameters"].replace(",", "")) == instances.MODELS["lstm_irm"]().count_params()
    # Nothing of the shipped model fits into one of 33 bins.
    assert "0 of 10 weights are loaded from lstm_irm." in said
    assert "steps of 8" in rows["epoch"]
    assert list(tmp_path.iterdir()) == []
    assert {path: path.stat().st_mtime_ns for path in prepared.iterdir()} == before
