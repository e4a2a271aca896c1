from __future__ import annotations

import os
import pathlib
import re
import subprocess
import sys

import pytest

import tfse
from tests.cli.programs import run_module, run_python
from tests.waiting import HANGS_S

PROGRAM = """
import sys
from absl import flags
from ml_collections import config_flags
from tfse.cli import program
from tfse.errors import ConfigError, DataError

NUMBER = flags.DEFINE_integer("number", 1, "A number.")
CONFIG = config_flags.DEFINE_config_file("config", None, "A config.")

def main(arguments):
    {body}

program.run(main, "What it does.")
"""

# Runs inside a graph, whose errors TensorFlow replaces by its own.
IN_GRAPH = """
    import tensorflow as tf
    graph = tf.function(lambda: tf.numpy_function(fail, [], tf.int32))
    return graph()

def fail():
    """


def test_help_into_a_pipe_that_closes_is_no_error() -> None:
    reader, writer = os.pipe()
    os.close(reader)
    with os.fdopen(writer, "wb") as closed:
        command = [sys.executable, "-m", "tfse.cli.enhance", "--help"]
        ended = subprocess.run(command, stdout=closed, stderr=subprocess.PIPE, timeout=HANGS_S)
    assert (ended.returncode, ended.stderr) == (0, b"")


@pytest.mark.parametrize(
    ("body", "code", "line"),
    [
        ("return None", 0, ""),
        ("return 1", 1, ""),
        ("raise ConfigError('a rule;\\n  received 3.')", 2, "-c: a rule; received 3.\n"),
        ("raise DataError('damaged.')", 1, "-c: damaged.\n"),
        ("open('/nowhere/file')", 1, "-c: no such file or directory: /nowhere/file\n"),
        (f"{IN_GRAPH}raise DataError('damaged.')", 1, "-c: damaged.\n"),
        ("raise KeyboardInterrupt", 130, "Interrupted.\n"),
    ],
)
def test_an_end_is_a_code_and_at_most_one_line(body: str, code: int, line: str) -> None:
    ended = run_python("-c", PROGRAM.format(body=body))
    assert (ended.returncode, ended.stderr, ended.stdout) == (code, line, "")


def test_a_fault_of_the_program_keeps_its_traceback() -> None:
    ended = run_python("-c", PROGRAM.format(body="raise RuntimeError('a bug')"))
    assert ended.returncode == 1
    assert "Traceback" in ended.stderr
    assert "a bug" in ended.stderr


def test_a_fault_in_a_graph_keeps_its_traceback() -> None:
    ended = run_python("-c", PROGRAM.format(body=f"{IN_GRAPH}raise RuntimeError('a bug')"))
    assert ended.returncode == 1
    assert "Traceback" in ended.stderr


@pytest.mark.parametrize(
    ("flag", "message"),
    [
        ("--number=x", "flag --number=x: invalid literal"),
        ("--nummer=3", "Unknown command line flag 'nummer'"),
        (
            "--config=/nowhere.py",
            "`--config` must be a file that exists or one of deepfilternet3, ",
        ),
    ],
)
def test_bad_usage_is_2(flag: str, message: str) -> None:
    ended = run_python("-c", PROGRAM.format(body="print('ran')"), flag)
    assert (ended.returncode, ended.stdout, ended.stderr.count("\n")) == (2, "", 1)
    assert message in ended.stderr


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("def get_config(:", r"cannot be read: SyntaxError: .*config\.py:1\)\.$"),
        ("\nimport nomodule", r"cannot be read: ModuleNotFoundError: .*config\.py:2\)\.$"),
        ("def get_config():\n    1 / 0", r"cannot be read: ZeroDivisionError: .*config\.py:2\)\.$"),
        ("x = 1", r"must define `get_config\(\)`; it does not\.$"),
    ],
)
def test_a_fault_in_a_config_file_is_one_line(
    content: str, message: str, tmp_path: pathlib.Path
) -> None:
    config = tmp_path / "config.py"
    config.write_text(content)
    ended = run_python("-c", PROGRAM.format(body="print(CONFIG.value)"), f"--config={config}")
    assert (ended.returncode, ended.stdout, ended.stderr.count("\n")) == (2, "", 1)
    assert re.search(message, ended.stderr)


@pytest.mark.parametrize(
    ("setting", "message"),
    [
        (
            "train.batchsize=3",
            "`batchsize` is not a setting of TrainConfig; did you mean batch_size?",
        ),
        ("trian.steps=3", "`trian` is not a setting of ExperimentConfig; did you mean train?"),
        ("data.zzz=1", "`zzz` is not a setting of DataConfig; there are sample_rate, "),
        ("train.batch_size=x", "--config.train.batch_size=x: invalid literal"),
    ],
)
def test_an_unknown_setting_is_reported_with_the_likely_one(setting: str, message: str) -> None:
    config = pathlib.Path(__file__).parents[2] / "configs/dpcrn_small.py"
    ended = run_module(
        "tfse.cli.train", f"--config={config}", f"--config.{setting}", "--data_dir=x", "--run_dir=y"
    )
    assert (ended.returncode, ended.stderr.count("\n")) == (2, 1)
    assert message in ended.stderr


def test_a_missing_required_flag_is_named() -> None:
    ended = run_module("tfse.cli.train")
    assert ended.stderr == "train.py: `--data_dir` must be given; see --help.\n"


def test_flags_and_the_rest_arrive() -> None:
    body = "print(NUMBER.value, arguments[1:])"
    ended = run_python("-c", PROGRAM.format(body=body), "--number=7", "file")
    assert ended.stdout == "7 ['file']\n"


@pytest.mark.parametrize("name", ["prepare", "inspect_data"])
def test_help_is_on_stdout_and_needs_no_tensorflow(name: str) -> None:
    ended = run_module(f"tfse.cli.{name}", "--help")
    assert (ended.returncode, ended.stderr) == (0, "")
    assert "--output_dir" in ended.stdout
    look = f"import sys, tfse.cli.{name}; sys.exit('tensorflow' in sys.modules)"
    assert run_python("-c", look).returncode == 0


def test_a_shipped_config_is_found_by_its_name(tmp_path: pathlib.Path) -> None:
    flags = ("--data_dir=x", f"--run_dir={tmp_path / 'run'}")
    for config in (["--config=dpcrn_small"], ["--config", "dpcrn_small"]):
        ended = run_module("tfse.cli.train", *config, *flags)
        assert (
            ended.stderr
            == "train.py: `data_dir` must be a folder that tfse-prepare made; received x.\n"
        )


def test_the_version_is_printed() -> None:
    ended = run_module("tfse.cli.enhance", "--version")
    assert (ended.returncode, ended.stdout) == (0, f"tfse {tfse.__version__}\n")


@pytest.mark.parametrize("name", ["enhance", "evaluate", "export", "prepare", "verify"])
def test_every_flag_of_help_is_in_a_group(name: str) -> None:
    ended = run_module(f"tfse.cli.{name}", "--help")
    headings = re.findall(r"^(\w[\w ]*):$", ended.stdout, re.MULTILINE)
    assert len(headings) > 1
    assert "Other" not in headings


def test_a_missing_package_is_one_line() -> None:
    body = "raise ModuleNotFoundError('No module', name='keras.src')"
    ended = run_python("-c", PROGRAM.format(body=body))
    assert (ended.returncode, ended.stderr.count("\n")) == (1, 1)
    assert "-c: this needs the package keras, which is not installed;" in ended.stderr
