"""Structure of the packages: imports, flags, file sizes, and what runs without TensorFlow."""

import ast
import os
import pathlib
import subprocess
import sys

import pytest

ROOT = pathlib.Path(__file__).parent.parent
PACKAGE = ROOT / "tfse"

# A package may import those below it and itself.
PACKAGE_LAYERS = [
    {"cli"},
    # Verifying an export and evaluating a model run it, so they stand on streaming.
    {"training", "exporting", "importing", "evaluation", "web"},
    {"streaming"},
    {"losses", "metrics", "data"},
    {"models"},
    {"layers"},
    {"audio", "dsp", "picture"},
    {
        "csv_rows",
        "errors",
        "files",
        "interrupts",
        "isolated_call",
        "lazy_import",
        "native_logs",
        "pretrained",
        "terminal",
        "types",
    },
]
LEVEL = {name: -level for level, names in enumerate(PACKAGE_LAYERS) for name in names}
FILES = sorted(PACKAGE.rglob("*.py"))


def imported(path):
    """Yields the dotted names that a file imports."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and node.module:
            yield from ([f"tfse.{a.name}" for a in node.names] if node.module == "tfse" else [])
            yield node.module
        elif isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)


def part(name):
    """Returns the part of tfse that a dotted name belongs to."""
    pieces = name.split(".")
    return pieces[1] if len(pieces) > 1 and pieces[0] == "tfse" else None


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(ROOT)))
def test_imports_go_downwards_only(path):
    here = path.relative_to(PACKAGE).parts[0].removesuffix(".py")
    if here == "__init__":
        return
    assert here in LEVEL, f"{here} has no package layer; add it to PACKAGE_LAYERS"
    for name in imported(path):
        there = part(name)
        allowed = there is None or there == here or LEVEL[there] < LEVEL[here]
        assert allowed, f"{path.relative_to(ROOT)} may not import {name}"


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(ROOT)))
def test_flags_are_defined_in_programs_alone(path):
    if "cli" not in path.relative_to(PACKAGE).parts:
        assert not any(name.startswith("absl.flags") for name in imported(path))
        assert "flags.DEFINE" not in path.read_text(encoding="utf-8")


@pytest.mark.parametrize("floor", ["dsp", "layers", "models", "losses"])
def test_maths_runs_on_every_backend(floor):
    for path in (PACKAGE / floor).rglob("*.py"):
        names = set(imported(path))
        assert not any(n.split(".")[0].startswith("tensorflow") for n in names), path


def test_configs_and_exports_are_imported_by_nothing():
    for path in FILES:
        assert not {n.split(".")[0] for n in imported(path)} & {"configs", "export", "tests"}, path


def test_files_stay_small():
    sizes = {path: len(path.read_text(encoding="utf-8").splitlines()) for path in FILES}
    assert {str(path): size for path, size in sizes.items() if size > 400} == {}


# Where a GPU is lent there is Keras on JAX, and no TensorFlow.
_WITHOUT_TENSORFLOW = """
import importlib, pathlib, sys

class Refusal:
    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] in ("tensorflow", "tensorflow_io"):
            raise ImportError(f"{name} is not installed")

sys.meta_path.insert(0, Refusal())
import tfse.dsp, tfse.layers, tfse.losses, tfse.models, tfse.training
for path in sorted(pathlib.Path("configs").glob("*.py")):
    importlib.import_module(f"configs.{path.stem}").get_config().validate()
"""


def test_models_losses_and_configs_need_no_tensorflow():
    environment = {**os.environ, "KERAS_BACKEND": "jax", "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-c", _WITHOUT_TENSORFLOW]
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
