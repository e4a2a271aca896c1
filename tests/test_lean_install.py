"""Install of the runtime alone, in a fresh environment: no TensorFlow, and `tfse-enhance` works."""

from __future__ import annotations

import pathlib
import shutil
import subprocess
import sys

import numpy as np
import pytest
import soundfile

import tfse
from tests.waiting import HANGS_S

ROOT = pathlib.Path(__file__).parent.parent
# In a fresh environment these must not be there.
HEAVY = ("tensorflow", "keras", "librosa", "scipy", "ml_collections")


def run(*command: object) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [str(part) for part in command], capture_output=True, text=True, timeout=HANGS_S
    )


@pytest.fixture(scope="module")
def environment(tmp_path_factory: pytest.TempPathFactory) -> pathlib.Path:
    """Returns the folder of the programs of an environment made as the file says."""
    folder = tmp_path_factory.mktemp("lean")
    source = folder / "source"
    # pip builds inside the source folder.
    source.mkdir()
    for name in ("tfse", "configs"):
        shutil.copytree(ROOT / name, source / name)
    for name in ("setup.py", "pyproject.toml", "README.md"):
        shutil.copy(ROOT / name, source / name)
    assert run(sys.executable, "-m", "venv", folder / "venv").returncode == 0
    pip = [folder / "venv" / "bin" / "python", "-m", "pip", "install", "--quiet"]
    done = run(*pip, "-r", ROOT / "requirements-runtime.txt")
    if done.returncode:
        pytest.skip(f"packages cannot be installed here: {done.stderr.strip().splitlines()[-1]}")
    done = run(*pip, "--no-deps", source)
    assert done.returncode == 0, done.stderr
    return folder / "venv" / "bin"


def test_a_file_is_enhanced_without_tensorflow(
    environment: pathlib.Path, tmp_path: pathlib.Path
) -> None:
    noisy, output = ROOT / "demo" / "noisy.flac", tmp_path / "enhanced.flac"
    done = run(environment / "tfse-enhance", noisy, f"--output={output}")
    assert done.returncode == 0, done.stderr
    enhanced, rate = soundfile.read(output, dtype="float32")
    samples, _ = soundfile.read(noisy, dtype="float32")
    assert np.abs(enhanced - tfse.enhance(samples, rate)).max() <= 1 / 32768
    look = f"import importlib.util as u; print([n for n in {HEAVY} if u.find_spec(n)])"
    assert run(environment / "python", "-c", look).stdout == "[]\n"


def test_models_and_version_are_printed(environment: pathlib.Path) -> None:
    assert run(environment / "tfse-enhance", "--version").stdout == f"tfse {tfse.__version__}\n"
    listed = run(environment / "tfse-enhance", "--list_models").stdout
    assert [line.split()[0].rstrip(",") for line in listed.splitlines()] == tfse.pretrained_names()


@pytest.mark.parametrize(
    ("command", "package"),
    [
        (("tfse-train", "--config=dpcrn_small", "--data_dir=x", "--run_dir=y"), "ml_collections"),
        (
            ("tfse-enhance", ROOT / "demo" / "noisy.flac", "--engine=keras", "--output=x.wav"),
            "keras",
        ),
        (("tfse-export", "--model=lstm_irm", "--formats=float32", "--output_dir=x"), "keras"),
    ],
)
def test_what_needs_more_says_so_in_one_line(
    environment: pathlib.Path, command: tuple[object, ...], package: str
) -> None:
    done = run(environment / str(command[0]), *command[1:])
    assert done.returncode == 1
    (line,) = done.stderr.splitlines()
    assert f"needs the package {package}, which is not installed; `pip install tfse`" in line
