from __future__ import annotations

import dataclasses
import json
import pathlib
import re
import shutil
import subprocess

import numpy as np
import pytest
import soundfile

from tests.cli.programs import run_module
from tfse.data.config import DataConfig
from tfse.data.pipeline import training_dataset

CONFIG = """
import types
from tfse.data.config import DataConfig

def get_config():
    return types.SimpleNamespace(data=DataConfig(segment_s=0.25, babble_probability=1.0))
"""


def run(folder: pathlib.Path, out: pathlib.Path, *flags: str) -> subprocess.CompletedProcess[str]:
    return run_module(
        "tfse.cli.inspect_data", f"--data_dir={folder}", f"--output_dir={out}", *flags
    )


def test_a_user_looks_at_two_mixtures(prepared: pathlib.Path, tmp_path: pathlib.Path) -> None:
    ended = run(prepared, tmp_path, "--count=2", "--segment_s=0.5", "--clean_probability=1")
    assert (ended.returncode, ended.stderr) == (0, "")
    heading, *rows, last = ended.stdout.splitlines()
    assert heading.split() == ["key", "snr_db", "level_dbfs", "length_s", "kind", "reverberant"]
    assert [row.split()[:2] for row in rows] == [["train/0/0/0", "inf"], ["train/0/0/1", "inf"]]
    assert last == f"2 mixtures are in {tmp_path}."
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        "table.csv",
        *(
            f"train-0-0-{number}{end}"
            for number in range(2)
            for end in ("-clean.wav", "-noise.wav", "-noisy.wav", ".png")
        ),
    ]
    assert soundfile.info(tmp_path / "train-0-0-1-noisy.wav").frames == 8000


def test_keys_and_an_experiment(prepared: pathlib.Path, tmp_path: pathlib.Path) -> None:
    (tmp_path / "experiment.py").write_text(CONFIG)
    ended = run(
        *(prepared, tmp_path / "out", f"--config={tmp_path}/experiment.py", "--nopictures"),
        *("--keys=train/5/1/2", "--clean_probability=0", "--reverb_probability=0"),
    )
    assert (ended.returncode, ended.stderr) == (0, "")
    row = ended.stdout.splitlines()[1].split()
    assert row[0] == "train/5/1/2"
    assert row[3:] == ["0.250", "babble", "no"]
    assert not list((tmp_path / "out").glob("*.png"))


@pytest.mark.parametrize(
    ("flags", "message"),
    [
        (["--count=0"], "`count` must be above 0; received 0."),
        (["--split=dev"], "value should be one of <train|valid|test>"),
        (["extra"], "Only flags are taken; received 'extra'."),
    ],
)
def test_bad_usage_is_one_line_and_2(
    tmp_path: pathlib.Path, flags: list[str], message: str
) -> None:
    ended = run(tmp_path, tmp_path / "out", *flags)
    assert (ended.returncode, ended.stdout, ended.stderr.count("\n")) == (2, "", 1)
    assert message in ended.stderr


def test_a_file_of_keys_reproduces_the_mixtures_of_the_run(
    prepared: pathlib.Path, tmp_path: pathlib.Path
) -> None:
    # The keys of batches from the pipeline, and the settings as a run writes them.
    config = DataConfig(segment_s=0.25, clean_probability=0.0, bucket_boundaries_s=(1.0, 2.0))
    batches = list(training_dataset(prepared, config, batch_size=3).take(2))
    noted = [key.decode() for batch in batches for key in batch["key"].numpy()]
    bad = tmp_path / "bad_batches.json"
    bad.write_text(json.dumps({"keys": [*noted, noted[0]], "steps": [1, 2]}))
    data = dataclasses.asdict(config)
    (tmp_path / "config.json").write_text(json.dumps({"data": data, "train": {}}))
    ended = run(prepared, tmp_path / "out", f"--keys={bad}")
    assert (ended.returncode, ended.stderr) == (0, "")
    assert [row.split()[0] for row in ended.stdout.splitlines()[1:-1]] == noted
    assert len(list((tmp_path / "out").glob("*.png"))) == 6
    for name in ("noisy", "clean", "noise"):
        stem = noted[4].replace("/", "-")
        samples, _ = soundfile.read(tmp_path / f"out/{stem}-{name}.wav", dtype="float32")
        np.testing.assert_array_equal(samples, batches[1][name][1])
    # Flags override the settings of the run; without these the defaults hold.
    ended = run(prepared, tmp_path / "own", f"--keys={bad}", "--segment_s=0.5", "--nopictures")
    assert ended.stdout.splitlines()[1].split()[3] == "0.500"
    (tmp_path / "config.json").unlink()
    ended = run(prepared, tmp_path / "default", f"--keys={bad}", "--nopictures")
    assert ended.stdout.splitlines()[1].split()[3] == "4.000"


def test_damage_has_a_line_and_too_much_damage_is_a_failure(
    prepared: pathlib.Path, tmp_path: pathlib.Path
) -> None:
    copy = shutil.copytree(prepared, tmp_path / "copy")
    for shard in copy.glob("speech-train-*"):
        data = bytearray(shard.read_bytes())
        data[5000] ^= 1
        shard.write_bytes(data)
    flags = ["--count=20", "--segment_s=0.5", "--nopictures"]
    ended = run(copy, tmp_path / "out", *flags)
    damaged = len(list(copy.glob("speech-train-*")))
    assert (ended.returncode, ended.stderr.count("\n")) == (0, damaged)
    assert len(ended.stdout.splitlines()) == 22
    ended = run(copy, tmp_path / "out", *flags, "--max_corrupt_records=1")
    assert (ended.returncode, ended.stdout, ended.stderr.count("\n")) == (1, "", 2)
    assert "More than 1 records are corrupt (`max_corrupt_records`)" in ended.stderr
    (copy / "speech-train-00000-of-00003.tfrecord").unlink()
    ended = run(copy, tmp_path / "out", *flags)
    assert (ended.returncode, ended.stdout, ended.stderr.count("\n")) == (1, "", 1)
    assert "speech-train-00000-of-00003.tfrecord is missing." in ended.stderr


@pytest.mark.parametrize("program", ["inspect_data", "evaluate"])
def test_help_lists_the_settings_of_mixtures(program: str) -> None:
    ended = run_module(f"tfse.cli.{program}", "--help")
    assert ended.returncode == 0
    assert re.search("--segment_s=NUMBER +Setting of the mixtures; 4.0 ", ended.stdout)
