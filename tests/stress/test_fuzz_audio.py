"""Fuzz test of a few files; the program runs thousands on demand."""

from __future__ import annotations

import os
import pathlib
import signal

import pytest

from tests.streaming.tiny_streams import noise, write
from tests.stress import fuzz_audio
from tests.waiting import HANGS_S


def test_damaged_files_cause_no_fault() -> None:
    results = fuzz_audio.fuzz(count=60, seed=1)
    assert results.faults == []
    # Both outcomes occur, or the damage would test nothing.
    assert results.exit_codes[0] > 5
    assert results.exit_codes[1] > 5


def test_a_fault_is_detected(tmp_path: pathlib.Path) -> None:
    source = write(tmp_path / "x.wav", noise(5000))
    result = tmp_path / "x_enhanced.wav"
    assert fuzz_audio.wrong_files(source, 0) == "exit code 0 with 0 results"
    assert fuzz_audio.wrong_files(source, 1) == ""
    result.write_bytes(source.read_bytes())
    assert fuzz_audio.wrong_files(source, 0) == ""
    assert fuzz_audio.wrong_files(source, 1) == "exit code 1 with 1 results"
    write(result, noise(4999))
    assert fuzz_audio.wrong_files(source, 0) == "1 samples are missing"
    result.write_bytes(b"")
    assert fuzz_audio.wrong_files(source, 0).startswith("the result cannot be read")
    (tmp_path / ".tfse-1.part").touch()
    assert fuzz_audio.wrong_files(source, 0) == "a partial file is left"


def test_a_death_and_a_hang_are_detected(
    tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fuzz_audio, "TIMEOUT_S", 0.2)
    with fuzz_audio.Program(tmp_path) as program:
        os.kill(program._process.pid, signal.SIGSTOP)
        assert program.run(tmp_path / "x.wav") == "no answer within 0 s"
        monkeypatch.setattr(fuzz_audio, "TIMEOUT_S", HANGS_S)
        program._process.kill()
        monkeypatch.setattr(program, "_start", lambda: None)
        assert program.run(tmp_path / "x.wav") == f"the process died: -{signal.SIGKILL:d}"
