from __future__ import annotations

import csv
import json
import os
import pathlib
import signal
import subprocess
import sys
from collections.abc import Iterator

import numpy as np
import pesq
import pystoi
import pytest
import soundfile

from tests.cli.programs import messages, run_module
from tests.data.corpus import voice
from tests.evaluation.small_sets import RATE, clean, noisy, write, write_pairs
from tests.streaming.exports import export_saved_model, export_tflite
from tests.streaming.tiny_streams import lstm
from tests.waiting import HANGS_S, wait_until

PROGRAM = "tfse.cli.evaluate"
ROOT = pathlib.Path(__file__).parents[2]
PAIRS = ROOT.parent / "shared" / "corpus" / "pairs" / "vbd_p287"


def run(*arguments: object) -> subprocess.CompletedProcess[str]:
    return run_module(PROGRAM, *arguments)


def rows(folder: pathlib.Path) -> dict[tuple[str, str], dict[str, str]]:
    with (folder / "per_file.csv").open(newline="", encoding="utf-8") as file:
        return {(row["file"], row["system"]): row for row in csv.DictReader(file)}


def report(folder: pathlib.Path) -> dict[str, object]:
    value: dict[str, object] = json.loads((folder / "report.json").read_text())
    return value


@pytest.fixture(scope="module")
def hostile(tmp_path_factory: pytest.TempPathFactory) -> Iterator[pathlib.Path]:
    """Good files, and files with every kind of fault."""
    folder = tmp_path_factory.mktemp("hostile")
    nan = noisy(0)
    nan[100] = np.nan
    silence = np.zeros(RATE, np.float32)
    dc = np.full(RATE, 0.1, np.float32)
    pairs: dict[str, tuple[np.ndarray, np.ndarray | None]] = {
        "good_1": (clean(1), noisy(1)),
        "silent_reference": (silence, noisy(0)),
        "silent_estimate": (clean(0), silence),
        "dc": (dc, dc * 0.5),
        "nan": (clean(0), nan),
        "tenth": (clean(0)[4000:5600], noisy(0)[4000:5600]),
        "length": (clean(0), noisy(0)[:-1]),
        "missing": (clean(0), None),
        "identical": (clean(0), clean(0)),
        "good_2": (clean(2), noisy(2)),
    }
    for name, (reference, estimate) in pairs.items():
        write(folder / "ref" / f"{name}.wav", reference)
        if estimate is not None:
            write(folder / "est" / f"{name}.wav", estimate)
    write(folder / "ref" / "rate.wav", clean(0))
    write(folder / "est" / "rate.wav", clean(0, 1.0, 8000), 8000)
    write(folder / "ref" / "broken.wav", clean(0))
    (folder / "est" / "broken.wav").write_bytes(b"RIFF....")
    write(folder / "est" / "stranger.wav", clean(0))
    yield folder


WANTED = {
    "silent_reference": "the reference must not be silent",
    "dc": "the reference must not be constant; all 16000 samples are 0.1",
    "silent_estimate": "the estimate must not be silent",
    "nan": "the estimate must be finite; sample 100 is not",
    "length": "must have the same length; received 16000 and 15999 samples",
    "missing": "the estimate: no file of this name",
    "rate": "must have one sample rate; received 16000 and 8000 Hz",
    "broken": "the estimate: not readable as audio",
    "stranger": "the reference: no file of this name",
}


def test_a_hostile_set_ends_with_1_and_a_row_for_everything(
    hostile: pathlib.Path, tmp_path: pathlib.Path
) -> None:
    ended = run(
        f"--reference_dir={hostile}/ref",
        f"--estimate_dir={hostile}/est",
        f"--output_dir={tmp_path}",
    )
    assert (ended.returncode, ended.stderr) == (1, "")
    found = {name.removesuffix(".wav"): row for (name, _), row in rows(tmp_path).items()}
    assert len(found) == 13
    for name, fault in WANTED.items():
        assert fault in found[name]["fault"], name
        assert found[name]["pesq_wb"] == ""
    assert "PESQ needs 0.25 s" in found["tenth"]["reasons"]
    assert "a copy of it" in found["identical"]["reasons"]
    assert float(found["identical"]["pesq_wb"]) > 4.6
    for number in (1, 2):
        row = found[f"good_{number}"]
        assert float(row["pesq_wb"]) == pesq.pesq(RATE, clean(number), noisy(number), "wb")
        assert float(row["stoi"]) == pystoi.stoi(clean(number), noisy(number), RATE)
        assert row["fault"] == row["reasons"] == ""
    figures = report(tmp_path)["figures"]
    assert isinstance(figures, dict)
    stoi = figures["means"]["est"]["stoi"]
    values = [float(row["stoi"]) for row in found.values() if row["stoi"]]
    assert (stoi["n"], stoi["of"]) == (len(values), 13)
    assert stoi["mean"] == pytest.approx(np.mean(values))
    assert f"({stoi['n']} of 13)" in ended.stdout
    assert "missing.wav, est, most metrics: the estimate: no file of this name" in ended.stdout


@pytest.fixture(scope="module")
def variants(tmp_path_factory: pytest.TempPathFactory) -> pathlib.Path:
    folder = tmp_path_factory.mktemp("variants")
    lstm().save(folder / "m.keras")
    export_saved_model(lstm(), folder / "served" / "m" / "1")
    export_tflite(folder / "m.tflite")
    return folder


def test_every_variant_of_a_model_in_one_report(
    variants: pathlib.Path, tmp_path: pathlib.Path
) -> None:
    write_pairs(tmp_path, 2)
    (tmp_path / "m.csv").write_text("file,snr_db,noise,reverberant\n0,3,rain,no\n1,12,rain,yes\n")
    ended = run(
        f"--model={variants}/m.keras,{variants}/served/m,{variants}/m.tflite",
        "--trust_saved_model",
        *(f"--clean_dir={tmp_path}/clean", f"--noisy_dir={tmp_path}/noisy"),
        *(f"--metadata={tmp_path}/m.csv", f"--output_dir={tmp_path}/out", "--jobs=1"),
    )
    assert (ended.returncode, messages(ended.stderr)) == (0, [])
    found = rows(tmp_path / "out")
    assert {system for _, system in found} == {"noisy", "m.keras", "m", "m.tflite"}
    for name in ("0.wav", "1.wav"):
        keras, saved = (float(found[name, system]["si_sdr_db"]) for system in ("m.keras", "m"))
        assert keras == pytest.approx(saved, abs=1e-3)
    value = report(tmp_path / "out")
    figures = value["figures"]
    assert isinstance(figures, dict)
    assert list(figures["groups"]["snr"]) == ["0 to 5 dB", "10 to 15 dB"]
    assert list(figures["groups"]["reverberation"]) == ["in a room", "no room"]
    assert "m.keras" in ended.stdout.splitlines()[4]


def test_a_folder_of_estimates_beside_a_model(
    variants: pathlib.Path, tmp_path: pathlib.Path
) -> None:
    write_pairs(tmp_path, 2)
    ended = run(
        *(f"--model={variants}/m.tflite", f"--estimate_dir={tmp_path}/clean"),
        *(f"--reference_dir={tmp_path}/clean", f"--noisy_dir={tmp_path}/noisy"),
        *(f"--output_dir={tmp_path}/out", "--jobs=1"),
    )
    assert (ended.returncode, ended.stderr) == (0, "")
    found = rows(tmp_path / "out")
    assert {system for _, system in found} == {"noisy", "m.tflite", "clean"}
    assert all(float(found[name, "clean"]["stoi"]) > 0.999 for name in ("0.wav", "1.wav"))
    assert all(float(found[name, "m.tflite"]["stoi"]) < 0.999 for name in ("0.wav", "1.wav"))


def test_a_tflite_file_needs_no_tensorflow(variants: pathlib.Path, tmp_path: pathlib.Path) -> None:
    write_pairs(tmp_path, 1)
    ended = run(
        *(f"--model={variants}/m.tflite", f"--clean_dir={tmp_path}/clean"),
        *(f"--noisy_dir={tmp_path}/noisy", f"--output_dir={tmp_path}/out"),
    )
    assert ended.returncode == 0
    run_of = report(tmp_path / "out")["run"]
    assert isinstance(run_of, dict)
    assert [process["tensorflow"] for process in run_of["processes"]] == [False]


def test_mixtures_of_prepared_data(
    prepared: pathlib.Path, variants: pathlib.Path, tmp_path: pathlib.Path
) -> None:
    flags = (
        f"--model={variants}/m.tflite",
        f"--test_data={prepared}",
        "--split=valid",
        "--count=3",
    )
    flags += ("--segment_s=1", "--reverb_probability=1", "--snr_db_min=0", "--snr_db_max=4")
    first = run(*flags, f"--output_dir={tmp_path}/a", "--jobs=1")
    assert messages(first.stderr) == []
    assert first.returncode in (0, 1)
    found = rows(tmp_path / "a")
    assert [key for key, _ in found][::2] == [f"valid/0/0/{number}" for number in range(3)]
    for row in found.values():
        assert 0 <= float(row["snr_db_of_mixture"]) <= 4
        assert row["reverberant"] == "yes" and row["seconds"] == "1.0"
    run(*flags, f"--output_dir={tmp_path}/b", "--jobs=2")
    one, two = (report(tmp_path / name) for name in "ab")
    assert one.pop("run") != two.pop("run")
    assert one == two
    other = run(*flags[:-1], "--snr_db_max=5", f"--output_dir={tmp_path}/a")
    assert other.returncode == 2
    assert "source.mixtures.snr_db_max was 4.0 and is 5.0" in other.stderr
    assert other.stderr.count("\n") == 1


def test_ctrl_c_keeps_what_is_done(tmp_path: pathlib.Path) -> None:
    write_pairs(tmp_path, 20)
    flags = [f"--reference_dir={tmp_path}/clean", f"--estimate_dir={tmp_path}/noisy"]
    flags += [f"--output_dir={tmp_path}/out", "--jobs=1", "--worst=0"]
    command = [sys.executable, "-m", PROGRAM, *flags]
    process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)
    journal = tmp_path / "out" / "journal.jsonl"

    def has_rows() -> bool:
        assert process.poll() is None
        return journal.exists() and journal.read_bytes().count(b"\n") > 2

    wait_until(has_rows)
    os.kill(process.pid, signal.SIGINT)
    _, said = process.communicate(timeout=HANGS_S)
    assert (process.returncode, said) == (130, "Interrupted.\n")
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["journal.jsonl"]
    done = journal.read_bytes().count(b"\n") - 1
    assert 2 <= done < 20
    ended = run(*flags)
    assert ended.returncode == 0
    run_of = report(tmp_path / "out")["run"]
    assert isinstance(run_of, dict) and run_of["rows_measured"] == 20 - done


@pytest.mark.skipif(not PAIRS.is_dir(), reason="the corpus is not in ../shared")
def test_real_pairs_agree_with_the_libraries_called_by_hand(tmp_path: pathlib.Path) -> None:
    ended = run(
        *(f"--reference_dir={PAIRS}/clean", f"--estimate_dir={PAIRS}/noisy"),
        *(f"--output_dir={tmp_path}", "--worst=0"),
    )
    assert ended.returncode == 0
    found = rows(tmp_path)
    assert len(found) == 6
    for (name, _), row in found.items():
        reference, estimate = (
            soundfile.read(PAIRS / kind / name)[0] for kind in ("clean", "noisy")
        )
        for metric, mode in (("pesq_wb", "wb"), ("pesq_nb", "nb")):
            assert float(row[metric]) == pesq.pesq(RATE, reference, estimate, mode)
        assert float(row["stoi"]) == pytest.approx(
            pystoi.stoi(reference, estimate, RATE), abs=1e-12
        )
        assert float(row["estoi"]) == pytest.approx(
            pystoi.stoi(reference, estimate, RATE, extended=True), abs=1e-6
        )


REFUSED = [
    ([], "--output_dir"),
    (["--output_dir=o"], "either `--model` or `--reference_dir`"),
    (["--output_dir=o", "--model=lstm_irm"], "needs either `--test_data` or `--clean_dir`"),
    (["--output_dir=o", "--reference_dir=a"], "must be given together"),
    (
        ["--output_dir=o", "--model=lstm_irm", "--reference_dir=a", "--estimate_dir=a"],
        "`--model` beside `--estimate_dir` needs one `--noisy_dir`",
    ),
    (
        [
            *("--output_dir=o", "--model=lstm_irm", "--reference_dir=a", "--noisy_dir=a"),
            "--estimate_dir=lstm_irm",
        ],
        "must have distinct names; received ['lstm_irm', 'lstm_irm']",
    ),
    (
        ["--output_dir=o", "--model=nothing", "--clean_dir=a", "--noisy_dir=a"],
        "received 'nothing'",
    ),
    (
        ["--output_dir=o", "--model=lstm_irm", "--clean_dir=no", "--noisy_dir=a"],
        "There is no folder of recordings no.",
    ),
    (
        ["--output_dir=o", "--model=lstm_irm", "--clean_dir=a", "--noisy_dir=a", "--count=3"],
        "`--count` is a setting of mixtures",
    ),
    (
        ["--output_dir=o", "--model=lstm_irm", "--clean_dir=a", "--noisy_dir=a", "--split=test"],
        "`--split` is a setting of mixtures",
    ),
    (
        ["--output_dir=o", "--model=lstm_irm", "--test_data=a", "--metadata=m.csv"],
        "takes neither folders nor `--metadata`",
    ),
    (
        ["--output_dir=o", "--reference_dir=a", "--estimate_dir=a", "--jobs=-1"],
        "`jobs` must not be negative",
    ),
    (
        ["--output_dir=o", "--reference_dir=a", "--estimate_dir=a,a"],
        "must name every folder once",
    ),
    (
        ["--output_dir=o", "--reference_dir=a", "--estimate_dir=a", "--dnsmos_model=no.onnx"],
        "must be an ONNX file; received no.onnx",
    ),
    (["--output_dir=o", "more"], "Only flags are taken; received 'more'"),
]


@pytest.mark.parametrize(("arguments", "message"), REFUSED)
def test_bad_usage_is_one_line_before_any_work(
    arguments: list[str],
    message: str,
    tmp_path: pathlib.Path,
) -> None:
    for folder in ("a", "lstm_irm"):
        write(tmp_path / folder / "x.wav", voice(0, 1.0).astype(np.float32))
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    ended = subprocess.run(
        [sys.executable, "-m", PROGRAM, *arguments],
        cwd=tmp_path,
        env=environment,
        capture_output=True,
        text=True,
        timeout=HANGS_S,
    )
    assert message in ended.stderr
    assert (ended.returncode, ended.stdout, ended.stderr.count("\n")) == (2, "", 1)
    assert not (tmp_path / "o").exists()


def test_data_that_were_never_prepared_are_one_line(tmp_path: pathlib.Path) -> None:
    ended = run("--model=lstm_irm", f"--test_data={tmp_path}", f"--output_dir={tmp_path}/o")
    assert "has no index.json" in ended.stderr
    assert (ended.returncode, ended.stdout, ended.stderr.count("\n")) == (1, "", 1)
    assert not (tmp_path / "o").exists()
