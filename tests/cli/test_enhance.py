from __future__ import annotations

import glob
import json
import os
import pathlib
import signal
import subprocess
import sys

import numpy as np
import pytest
import soundfile
from absl import flags
from absl.testing import flagsaver

from tests.cli.programs import messages
from tests.streaming.tiny_streams import (
    RATE,
    identity,
    leftovers,
    lstm,
    lstm_step,
    noise,
    read,
    tones,
    write,
)
from tests.waiting import HANGS_S, wait_until
from tfse.cli import enhance, program
from tfse.errors import ConfigError
from tfse.streaming import EnhanceOptions, enhance_file
from tfse.streaming.batch.outcome import Existing

REPOSITORY = pathlib.Path(__file__).parents[2]
COMMAND = [sys.executable, "-m", "tfse.cli.enhance"]


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> pathlib.Path:
    folder = tmp_path_factory.mktemp("models")
    identity().save(folder / "identity.keras")
    lstm().save(folder / "lstm.keras")
    return folder


def run(*arguments: object) -> int:
    """Runs the program in this process."""
    with flagsaver.flagsaver():
        return enhance.main(flags.FLAGS(["tfse-enhance", *map(str, arguments)]))


def test_a_file(models: pathlib.Path, tmp_path: pathlib.Path) -> None:
    source = write(tmp_path / "x.wav", noise(20_000, 2), 44_100)
    assert run(source, f"--model={models}/lstm.keras") == program.DONE
    enhance_file(source, tmp_path / "wanted.wav", lstm_step())
    got, wanted = (tmp_path / name for name in ("x_enhanced.wav", "wanted.wav"))
    np.testing.assert_allclose(read(got), read(wanted), atol=1e-4)


def test_every_flag_of_a_result(models: pathlib.Path, tmp_path: pathlib.Path) -> None:
    source = write(tmp_path / "x.wav", noise(20_000), subtype="FLOAT")
    code = run(
        source,
        f"--model={models}/lstm.keras",
        f"--output_dir={tmp_path}/out",
        f"--noise_output={tmp_path}/rest.wav",
        f"--report={tmp_path}/report.json",
        "--mix=0.8",
        "--max_attenuation_db=12",
        "--format=flac",
        "--subtype=pcm_24",
        "--picture",
    )
    assert code == program.DONE
    result = tmp_path / "out" / "x.flac"
    options = EnhanceOptions(0.8, 12.0, format="FLAC", subtype="PCM_24")
    enhance_file(source, tmp_path / "wanted.flac", lstm_step(), options)
    np.testing.assert_allclose(read(result), read(tmp_path / "wanted.flac"), atol=1e-5)
    assert soundfile.info(result).subtype == "PCM_24"
    np.testing.assert_allclose(read(result) + read(tmp_path / "rest.wav"), read(source), atol=1e-5)
    assert (tmp_path / "out" / "x.flac.png").stat().st_size > 10_000
    report = json.loads((tmp_path / "report.json").read_text())
    assert report["files"][0]["status"] == "done"


@pytest.mark.parametrize("band", ["full", "model"])
def test_the_band(band: str, models: pathlib.Path, tmp_path: pathlib.Path) -> None:
    source = write(tmp_path / "x.wav", noise(20_000), 48_000)
    assert run(source, f"--model={models}/lstm.keras", f"--band={band}") == program.DONE
    enhance_file(source, tmp_path / "wanted.wav", lstm_step(), EnhanceOptions(band=band))
    np.testing.assert_allclose(
        read(tmp_path / "x_enhanced.wav"), read(tmp_path / "wanted.wav"), atol=1e-4
    )


def test_a_folder_with_a_bad_file(
    models: pathlib.Path, tmp_path: pathlib.Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in ("x.wav", "deep/y.wav"):
        write(tmp_path / "in" / name, noise(1000))
    (tmp_path / "in" / "bad.wav").write_bytes(b"")
    assert run(tmp_path / "in", f"--model={models}/identity.keras") == program.FAILED
    lines = messages(capsys.readouterr().err)
    assert len(lines) == 4
    assert f"{tmp_path}/in/bad.wav: failed: the file is empty" in lines
    assert lines[-1] == "2 of 3 are done."
    assert read(tmp_path / "in_enhanced" / "deep" / "y.wav").shape == (1000, 1)


def test_existing_results_are_kept_skipped_or_replaced(
    models: pathlib.Path, tmp_path: pathlib.Path, capsys: pytest.CaptureFixture[str]
) -> None:
    source = write(tmp_path / "x.wav", noise(1000))
    result = tmp_path / "x_enhanced.wav"
    result.write_bytes(b"mine")
    model = f"--model={models}/identity.keras"
    assert run(source, model) == program.FAILED
    assert (
        f"{source}: kept: {result} already exists; --overwrite replaces it"
        in capsys.readouterr().err
    )
    assert run(source, model, "--skip_existing") == program.DONE
    assert f"{source}: skipped: {result} already exists" in capsys.readouterr().err
    assert result.read_bytes() == b"mine"
    assert run(source, model, "--overwrite") == program.DONE
    assert read(result).shape == (1000, 1)


def test_in_place(models: pathlib.Path, tmp_path: pathlib.Path) -> None:
    source = write(tmp_path / "x.wav", noise(1000))
    before = read(source)
    assert run(source, f"--model={models}/lstm.keras", "--in_place") == program.DONE
    assert [path.name for path in tmp_path.iterdir()] == ["x.wav"]
    assert read(source).shape == before.shape
    assert np.abs(read(source) - before).max() > 0.01


def test_on_invalid(models: pathlib.Path, tmp_path: pathlib.Path) -> None:
    samples = noise(1000)
    samples[7] = np.nan
    source = write(tmp_path / "x.wav", samples, subtype="FLOAT")
    model = f"--model={models}/identity.keras"
    assert run(source, model) == program.FAILED
    assert run(source, model, "--on_invalid=zero") == program.DONE
    assert read(tmp_path / "x_enhanced.wav")[7] == pytest.approx(0, abs=1e-6)


REFUSED: list[tuple[list[str], str]] = [
    ([], "a file, a folder or - must be given"),
    (["a/x.wav", "b/x.wav", "--output_dir=o"], "every result needs its own file"),
    (["a/x.wav", "--mix=2"], "`mix` must be from 0 to 1; received 2.0"),
    (["a/x.wav", "--max_attenuation_db=-1"], "`max_attenuation_db` must not be negative"),
    (["a/x.wav", "--format=XYZ"], "that libsndfile writes; received XYZ"),
    (["a/x.wav", "--format=FLAC", "--subtype=FLOAT"], "received FLAC with FLOAT"),
    (["a/x.wav", "--overwrite", "--skip_existing"], "exclude each other"),
    (["a/x.wav", "--jobs=-1"], "`jobs` must not be negative; received -1"),
    (["a/x.wav", "--report=no/such/folder/r.json"], "must go into a folder that exists"),
    (["a/x.wav", "--raw_rate=16000"], "`raw_rate` is for standard input to standard output"),
    (["-", "--raw_rate=16000", "--in_place"], "`raw_rate` is for standard input to standard"),
    (["-", "--raw_rate=16000", "--raw_channels=0"], "`raw_channels` must be at least 1"),
]


@pytest.mark.parametrize(("arguments", "message"), REFUSED)
def test_bad_usage_is_refused_before_any_work(
    arguments: list[str],
    message: str,
    models: pathlib.Path,
    tmp_path: pathlib.Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(tmp_path)
    for name in ("a/x.wav", "b/x.wav"):
        write(tmp_path / name, noise(1000))
    before = sorted(tmp_path.rglob("*"))
    with pytest.raises(ConfigError) as error:
        run(*arguments, f"--model={models}/identity.keras")
    assert message in str(error.value)
    assert sorted(tmp_path.rglob("*")) == before


def test_all_cores_are_used_when_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    with flagsaver.flagsaver(jobs=0, in_place=True):
        flags.FLAGS(["tfse-enhance"])
        order = enhance._order()
    assert order.jobs == len(os.sched_getaffinity(0))
    assert order.existing is Existing.OVERWRITE


def test_help_needs_no_tensorflow() -> None:
    check = "import tfse.cli.enhance, tfse.cli.live, sys; sys.exit('tensorflow' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", check], cwd=REPOSITORY).returncode == 0


def test_a_pipe_in_a_process_of_its_own(models: pathlib.Path, tmp_path: pathlib.Path) -> None:
    source = write(tmp_path / "x.flac", tones(9000, RATE))
    command = [*COMMAND, "-", f"--model={models}/identity.keras"]
    done = subprocess.run(
        command, input=source.read_bytes(), capture_output=True, cwd=REPOSITORY, check=True
    )
    (tmp_path / "y.flac").write_bytes(done.stdout)
    np.testing.assert_allclose(read(tmp_path / "y.flac"), read(source), atol=1e-6)
    lines = messages(done.stderr.decode())
    assert len(lines) == 1
    assert lines[0].startswith("- -> -: 0.56 s in ")


@pytest.mark.parametrize("locale", ["C", "C.UTF-8"])
def test_an_undecodable_name_does_not_end_the_batch(
    locale: str, models: pathlib.Path, tmp_path: pathlib.Path
) -> None:
    names = [os.fsdecode(b"\xe9.wav"), "a\nb.wav", "día.wav", "\x1b[2J.wav"]
    for name in names:
        os.rename(write(tmp_path / "x.wav", noise(900)), tmp_path / name)
    environment = {
        **os.environ,
        **{"PYTHONPATH": str(REPOSITORY), "LC_ALL": locale},
        **{"PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"},
    }
    command = [*COMMAND, ".", "--output_dir=out", f"--model={models}/identity.keras"]
    command += ["--report=report.json"]
    done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, check=True)
    lines = messages(done.stderr.decode())
    assert len(lines) == 5 and lines[-1] == "4 of 4 are done."
    assert b"\x1b" not in done.stderr
    assert sorted(os.listdir(tmp_path / "out")) == sorted(names)
    assert json.loads((tmp_path / "report.json").read_text())["done"] == 4


@pytest.mark.parametrize("jobs", [1, 2])
@pytest.mark.parametrize(
    ("number", "said"),
    [
        (signal.SIGINT, "Interrupted."),
        (signal.SIGTERM, "Terminated."),
        (signal.SIGHUP, "Terminated: the terminal was closed."),
    ],
)
def test_no_signal_leaves_a_partial_file(
    number: int, said: str, jobs: int, models: pathlib.Path, tmp_path: pathlib.Path
) -> None:
    for name in ("x.wav", "y.wav"):
        write(tmp_path / "in" / name, np.zeros(1000 * RATE, np.float32))
    command = [*COMMAND, "in", f"--model={models}/lstm.keras", f"--jobs={jobs}"]
    environment = {**os.environ, "PYTHONPATH": str(REPOSITORY)}
    with subprocess.Popen(
        command, cwd=tmp_path, env=environment, stderr=subprocess.PIPE, text=True
    ) as process:
        parts = f"{tmp_path}/in_enhanced/.tfse-*.part"
        wait_until(
            lambda: len(glob.glob(parts, include_hidden=True)) == jobs or process.poll() is not None
        )
        process.send_signal(number)
        _, stderr = process.communicate(timeout=HANGS_S)
    assert process.returncode == 128 + number
    assert messages(stderr) == [said]
    assert not leftovers(tmp_path)
    # On a busy machine one of two jobs may have finished before the other started.
    results = list((tmp_path / "in_enhanced").iterdir())
    assert all(soundfile.info(path).frames == 1000 * RATE for path in results)
    assert len(results) < 2
