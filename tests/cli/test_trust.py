"""Flag --trust_saved_model: without it no program loads a SavedModel."""

from __future__ import annotations

import json
import pathlib
import pickle

import numpy as np
import pytest
from absl import flags
from absl.testing import flagsaver

from tests.cli.programs import run_module
from tests.exporting.tiny_exports import ROOT
from tests.streaming.exports import export_saved_model
from tests.streaming.tiny_streams import identity, noise, read, write
from tfse.cli import enhance, model_flag, program
from tfse.errors import ModelError
from tfse.evaluation.sources.systems import models
from tfse.exporting import metadata
from tfse.exporting.verification import variants
from tfse.streaming import enhance_file
from tfse.streaming.steps.trust import TrustedFolder


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> pathlib.Path:
    return export_saved_model(identity(), tmp_path_factory.mktemp("served") / "identity" / "1")


def run(*arguments: object) -> int:
    with flagsaver.flagsaver():
        return enhance.main(flags.FLAGS(["tfse-enhance", *map(str, arguments)]))


def test_a_model_folder_is_refused_without_the_flag(
    folder: pathlib.Path, tmp_path: pathlib.Path
) -> None:
    source = write(tmp_path / "x.wav", noise(4_000))
    for module, arguments in {
        "tfse.cli.enhance": [source],
        "tfse.cli.evaluate": [
            f"--clean_dir={tmp_path}",
            f"--noisy_dir={tmp_path}",
            "--output_dir=o",
        ],
    }.items():
        ended = run_module(module, *arguments, f"--model={folder}")
        assert ended.returncode == program.FAILED, ended.stderr
        assert "loaded only with --trust_saved_model" in ended.stderr.splitlines()[-1]
    assert not (tmp_path / "x_enhanced.wav").exists()


def test_with_the_flag_it_enhances_on_several_processes_too(
    folder: pathlib.Path, tmp_path: pathlib.Path
) -> None:
    takes = tmp_path / "takes"
    takes.mkdir()
    for name in ("a.wav", "b.wav"):
        write(takes / name, noise(4_000))
    report = tmp_path / "report.json"
    trusted = (f"--model={folder}", "--trust_saved_model", "--jobs=2", f"--report={report}")
    assert run(takes, *trusted) == program.DONE
    wanted = read(takes / "a.wav")
    np.testing.assert_allclose(read(tmp_path / "takes_enhanced" / "a.wav"), wanted, atol=1e-4)
    assert json.loads(report.read_text())["model"] == str(folder)


def test_the_flag_makes_the_path_a_trusted_one(folder: pathlib.Path) -> None:
    with flagsaver.flagsaver(**{model_flag.NAME: str(folder), model_flag.TRUST_NAME: True}):
        chosen = pickle.loads(pickle.dumps(model_flag.value()))
    assert isinstance(chosen, TrustedFolder)
    assert chosen == str(folder)
    assert not isinstance(model_flag.value(), TrustedFolder)


def test_systems_and_exports_need_trust(
    folder: pathlib.Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(ModelError, match="--trust_saved_model"):
        models([str(folder)])
    (system,) = models([str(folder)], trust_saved_model=True)
    assert system.open().hop_length == 256
    model = identity()
    fields = {"model": model.name, "weights_sha256": metadata.weights_hash(model)}
    monkeypatch.setattr(variants, "read_from_saved_model", lambda _: fields)
    with pytest.raises(ModelError, match="--trust_saved_model"):
        variants.found_in([folder.parent], model)
    assert len(variants.found_in([folder.parent], model, trust_saved_model=True)) == 2


def test_python_needs_trust_for_files(folder: pathlib.Path, tmp_path: pathlib.Path) -> None:
    source, target = write(tmp_path / "x.wav", noise(4_000)), tmp_path / "y.wav"
    with pytest.raises(ModelError, match="trust_saved_model=True"):
        enhance_file(source, target, folder)
    assert not target.exists()
    enhance_file(source, target, folder, trust_saved_model=True)
    np.testing.assert_allclose(read(target), read(source), atol=1e-4)


def test_help_names_the_flag() -> None:
    assert "trust_saved_model" in run_module("tfse.cli.enhance", "--help").stdout


@pytest.mark.parametrize(
    "page",
    [
        "docs/how-to/enhance.md",
        "docs/how-to/stream.md",
        "docs/how-to/evaluate.md",
        "docs/how-to/export.md",
        "export/serving/README.md",
    ],
)
def test_the_pages_that_offer_folders_name_the_flag(page: str) -> None:
    assert "--trust_saved_model" in (ROOT / page).read_text(encoding="utf-8")
