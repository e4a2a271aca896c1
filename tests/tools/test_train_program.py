"""Commands `train`, `smoke` and `wheels`, run as a user does."""

import os
import signal
import subprocess
import sys

import pytest

from tests import instances
from tests.tools.programs import ROOT, XLA_FLAGS, jax_training, run
from tests.waiting import HANGS_S, wait_until
from tfse import models


def train(config, store, folder, *more):
    flags = (f"--config={config}", f"--data={store}", f"--output_dir={folder}")
    return jax_training("train", *flags, *more)


def until_stopped(config, store, folder, *more):
    """Trains until a first checkpoint is there, then sends SIGTERM."""
    command = [sys.executable, "-m", "tools.jax_training", "train", "--minutes=10", *more]
    command += [f"--config={config}", f"--data={store}", f"--output_dir={folder}"]
    environment = {**os.environ, "XLA_FLAGS": XLA_FLAGS}
    process = subprocess.Popen(
        [*command, "--report_s=0.1"], cwd=ROOT, env=environment, stderr=subprocess.PIPE
    )
    wait_until(lambda: (folder / "last.keras").exists() or process.poll() is not None)
    process.send_signal(signal.SIGTERM)
    _, errors = process.communicate(timeout=HANGS_S)
    return process.returncode, errors


def test_a_signal_ends_it_with_a_checkpoint_that_another_resumes(config, store, cache, tmp_path):
    cached = f"--compilation_cache={cache}"
    code, errors = until_stopped(config, store, tmp_path / "first", cached)
    assert code == 143, errors
    assert {path.name for path in (tmp_path / "first").iterdir()} == {"last.keras", "history.csv"}
    more = (f"--init_from={tmp_path}/first/last.keras", "--minutes=0.02", "--report_s=0.5")
    result = train(config, store, tmp_path / "second", *more, cached)
    assert result.returncode == 0, result.stderr
    rows = (tmp_path / "second" / "history.csv").read_text().splitlines()
    assert len(rows) >= 3


def test_bad_inputs_are_one_line(config, store, tmp_path):
    other = tmp_path / "other.keras"
    models.build(instances.tiny_dpcrn(mask="polar")).save(other)
    out = tmp_path / "out"
    cases = [
        (train(config, store, out, f"--init_from={other}"), "init_from"),
        (train(config, store, out, "--widen"), "--init_from is missing"),
        (train(config, tmp_path / "nothing", out), "`data` must be a store"),
    ]
    for result, told in cases:
        assert result.returncode == 2, result.stderr
        assert told in result.stderr and len(result.stderr.splitlines()) == 1, result.stderr
    assert not out.exists()


def test_smoke_prints_a_line_for_each_batch_size(config, store, cache):
    flags = (f"--config={config}", f"--data={store}", "--seconds=0.4", "--batch_sizes=4")
    result = jax_training("smoke", *flags, f"--compilation_cache={cache}")
    assert result.returncode == 0, result.stderr
    assert "batch 4: compiled in" in result.stdout and "s of audio per s" in result.stdout


def test_wheels_prints_the_command():
    result = run("-m", "tools.jax_training", "wheels", "--output_dir=x", "--print_only")
    assert "pip download" in result.stdout and "keras==3." in result.stdout


@pytest.mark.parametrize("arguments", [(), ("walk",), ("train", "extra")])
def test_bad_usage_is_one_line(arguments):
    result = jax_training(*arguments)
    assert result.returncode == 2
    assert len((result.stderr + result.stdout).splitlines()) == 1
