from __future__ import annotations

import os
import pathlib
import re
import signal
import socket
import subprocess
import sys
import urllib.request

import pytest
from absl import flags
from absl.testing import flagsaver

from tests.cli.programs import run_module
from tests.streaming.tiny_streams import identity, noise, write
from tests.waiting import HANGS_S
from tfse.cli import program, web
from tfse.errors import ConfigError, ModelError
from tfse.web.service import listed


@pytest.mark.parametrize(
    ("number", "code", "message"),
    [(signal.SIGINT, program.DONE, ""), (signal.SIGTERM, program.TERMINATED, "Terminated.\n")],
)
def test_a_signal_ends_it_and_removes_all_files(
    tmp_path: pathlib.Path, number: signal.Signals, code: int, message: str
) -> None:
    temporary = tmp_path / "temporary"
    temporary.mkdir()
    model = tmp_path / "identity.keras"
    identity().save(model)
    source = write(tmp_path / "a.wav", noise(16_000))
    process = subprocess.Popen(
        [sys.executable, "-m", "tfse.cli.web", f"--model={model}", "--noopen_browser"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "TMPDIR": str(temporary)},
    )
    assert process.stdout is not None
    line = process.stdout.readline()
    found = re.fullmatch(r"Open (http://127\.0\.0\.1:\d+/\S+/) in a browser.*\n", line)
    assert found is not None, line
    request = urllib.request.Request(f"{found[1]}recordings?name=a.wav", source.read_bytes())
    with urllib.request.urlopen(request) as response:
        assert response.status == 201
    assert len(list(temporary.rglob("source.wav"))) == 1
    process.send_signal(number)
    out, err = process.communicate(timeout=HANGS_S)
    assert (process.returncode, out, err) == (code, "", message)
    assert list(temporary.iterdir()) == []


def test_a_port_in_use_is_one_line() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        ended = run_module("tfse.cli.web", f"--port={port}", "--noopen_browser")
    assert ended.returncode == program.FAILED
    assert ended.stderr == "web.py: address already in use\n"


def test_bad_usage_is_refused_before_anything_starts() -> None:
    for arguments, error in (
        (["a.wav"], ConfigError),
        (["--port=70000"], ConfigError),
        (["--max_mb=0"], ConfigError),
        (["--keep_minutes=-1"], ConfigError),
        (["--model=missing"], ModelError),
    ):
        with flagsaver.flagsaver(), pytest.raises(error):
            web.main(flags.FLAGS(["tfse-web", *arguments]))


def test_a_path_is_listed_by_its_file_name() -> None:
    assert listed(["a", "b"], "b") == {"b": "b", "a": "a"}
    assert listed(["a"], "/runs/mine.keras") == {"mine.keras": "/runs/mine.keras", "a": "a"}
