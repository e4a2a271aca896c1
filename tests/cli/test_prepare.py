from __future__ import annotations

import json
import pathlib
import subprocess

import numpy as np
import pytest
import soundfile

from tests.cli.programs import run_module, run_python


def run(corpus: pathlib.Path, out: pathlib.Path, *flags: str) -> subprocess.CompletedProcess[str]:
    folders = [f"--clean_dir={corpus}/speech", f"--noise_dir={corpus}/noise"]
    return run_module("tfse.cli.prepare", *folders, f"--output_dir={out}", *flags)


def test_a_user_prepares_twice(corpus: pathlib.Path, tmp_path: pathlib.Path) -> None:
    out, bad = tmp_path / "out", tmp_path / "bad"
    bad.mkdir()
    soundfile.write(bad / "silent.wav", np.zeros(16000), 16000)
    flags = [f"--rir_dir={corpus}/rir", "--jobs=2", "--train_groups=ann?,bela"]
    flags += [f"--clean_dir={corpus}/speech,{bad}", "--valid_fraction=0.3", "--encoding=flac"]
    first = run(corpus, out, *flags)
    assert (first.returncode, first.stderr) == (0, "")
    lines = first.stdout.splitlines()
    assert lines[0].split()[:2] == ["set", "split"]
    assert len(lines) == 1 + 9 + 2
    assert lines[-2:] == [
        f"1 recordings were left out: see {out}/skipped.csv.",
        f"{out} is complete.",
    ]
    index = json.loads((out / "index.json").read_text())
    assert index["encoding"] == "flac"
    sides = {r["group"]: s["split"] for s in index["shards"] for r in s["records"]}
    assert (sides["anna"], sides["bela"]) == ("train", "train")
    second = run(corpus, out, *flags)
    assert (second.returncode, second.stderr) == (0, "")
    assert second.stdout.splitlines()[:-1] == lines[:-1]
    assert second.stdout.endswith(f"{out} was complete already.\n")
    other = run(corpus, out, *flags, "--seed=1")
    assert (other.returncode, other.stdout) == (2, "")
    assert other.stderr.startswith(f"prepare.py: {out} holds data of other recordings or settings")


def test_a_librispeech_folder_warns_without_a_speaker_pattern(tmp_path: pathlib.Path) -> None:
    rng = np.random.default_rng(0)
    speech = (f"speech/{s}/{c}/{s}-{c}-0000.wav" for s in (11, 12, 13) for c in (1, 2, 3, 4))
    for name in (*speech, *(f"noise/{n}.wav" for n in range(10))):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        soundfile.write(tmp_path / name, 0.1 * rng.standard_normal(16000), 16000)
    plain = run(tmp_path, tmp_path / "plain")
    assert plain.returncode == 0
    assert plain.stderr.startswith(
        "warning: 12 of 12 recordings of speech lie more than one folder"
    )
    named = run(tmp_path, tmp_path / "named", "--speaker_pattern=librispeech")
    assert (named.returncode, named.stderr) == (0, "")
    index = json.loads((tmp_path / "named" / "index.json").read_text())
    groups = [r["group"] for s in index["shards"] if s["set"] == "speech" for r in s["records"]]
    assert sorted(set(groups)) == ["11", "12", "13"]


@pytest.mark.parametrize(
    ("flags", "message"),
    [
        (["--clean_dir=/nowhere"], "There is no input folder /nowhere."),
        (["--splits_from=/nowhere"], "`splits_from` must be a file; received /nowhere"),
        (["--room_pattern=("], "`room_pattern` must be a regular expression; received '('"),
        (["--encoding=mp3"], "value should be one of <pcm16|flac>"),
        (["--jobs=-1"], "`jobs` must not be negative; received -1."),
        (["--test_fraction=1"], "must leave something to training; received 0.1 and 1.0."),
        (["extra"], "Only flags are taken; received 'extra'."),
    ],
)
def test_bad_usage_is_one_line_and_writes_nothing(
    corpus: pathlib.Path, tmp_path: pathlib.Path, flags: list[str], message: str
) -> None:
    ended = run(corpus, tmp_path / "out", *flags)
    assert (ended.returncode, ended.stdout, ended.stderr.count("\n")) == (2, "", 1)
    assert message in ended.stderr
    assert not (tmp_path / "out").exists()


def test_folders_must_be_given() -> None:
    ended = run_module("tfse.cli.prepare", "--output_dir=/tmp")
    assert ended.returncode == 2
    assert "--clean_dir" in ended.stderr
    assert "--noise_dir" in ended.stderr


def test_workers_need_no_tensorflow() -> None:
    look = (
        "import sys, tfse.data.preparation.convert, tfse.data.preparation.worker_processes\n"
        "sys.exit('tensorflow' in sys.modules)"
    )
    assert run_python("-c", look).returncode == 0
