"""Flags named in messages and documents: each must belong to the named program."""

from __future__ import annotations

import ast
import dataclasses
import functools
import pathlib
import re

import pytest

from tests.cli.programs import run_python
from tfse.training import ExperimentConfig

ROOT = pathlib.Path(__file__).parents[2]
PROGRAMS = {
    **{
        f"tfse-{name}": f"tfse.cli.{name}"
        for name in ("enhance", "evaluate", "export", "live", "prepare", "verify", "web")
    },
    "tfse-import": "tfse.cli.import_weights",
    "tfse-inspect-data": "tfse.cli.inspect_data",
    "tfse-simulate-rooms": "tfse.cli.simulate_rooms",
    "tfse-train": "tfse.cli.train",
    **{f"python export/{name}.py": name for name in ("to_saved_model", "to_tflite", "verify")},
}
DOCUMENTS = [ROOT / "README.md", *ROOT.glob("docs/**/*.md"), *ROOT.glob("runs/**/*.md")]
FLAG = re.compile(r"(?<![\w-])--([a-z][a-z0-9_]*(?:\.[a-z0-9_.]*[a-z0-9_])?)")
# Flags of absl, of the Beam runner after `--`, of TensorFlow Serving and git.
OTHERS = {
    "help",
    "helpfull",
    "version",
    "flink_master",
    "parallelism",
    "enable_batching",
    "porcelain",
}


@functools.cache
def flags_of(module: str) -> frozenset[str]:
    look = f"""
import sys
sys.path[:0] = {[str(ROOT), str(ROOT / "export")]}
import {module}
from absl import flags
print(*flags.FLAGS)
"""
    ended = run_python("-c", look)
    assert ended.returncode == 0, ended.stderr
    return frozenset(ended.stdout.split())


def is_setting(name: str) -> bool:
    """Returns whether a name such as `config.train.steps` is a field of an experiment."""
    kind: object = ExperimentConfig
    for field in name.split(".")[1:]:
        fields = {f.name: f.type for f in dataclasses.fields(kind)} if kind else {}
        if field not in fields:
            # The settings of a model depend on the model.
            return name.startswith("config.model.")
        kind = fields[field] if dataclasses.is_dataclass(fields[field]) else None
    return True


def is_flag(name: str, known: frozenset[str]) -> bool:
    if name.startswith("config."):
        return "config" in known and is_setting(name)
    # absl accepts --noNAME for a boolean flag.
    return name in known | OTHERS or (name.startswith("no") and name[2:] in known)


def commands(text: str) -> list[str]:
    """Returns the commands in code blocks and between backticks, continued lines joined."""
    blocks = re.findall(r"```bash\n(.*?)```", text, re.DOTALL)
    lines = [line for block in blocks for line in block.replace("\\\n", " ").splitlines()]
    return lines + re.findall(r"`([^`\n]+)`", re.sub(r"```.*?```", "", text, flags=re.DOTALL))


@pytest.mark.parametrize("program", PROGRAMS)
def test_documents_name_flags_of_the_program(program: str) -> None:
    unknown = []
    for document in DOCUMENTS:
        for command in commands(document.read_text(encoding="utf-8")):
            _, found, rest = command.partition(f"{program} ")
            names = FLAG.findall(rest.split(" | ")[0].split(" -- ")[0]) if found else []
            known = flags_of(PROGRAMS[program]) if names else frozenset()
            unknown += [(document.name, name) for name in names if not is_flag(name, known)]
    assert not unknown


def test_an_unknown_flag_is_found() -> None:
    (command,) = commands("```bash\ntfse-enhance a.wav \\\n  --modle=x\n```")
    assert FLAG.findall(command) == ["modle"]
    assert not is_flag("modle", flags_of("tfse.cli.enhance"))
    assert is_flag("model", flags_of("tfse.cli.enhance"))
    assert not is_setting("config.train.batchsize")


def test_messages_name_existing_flags() -> None:
    known = frozenset().union(*map(flags_of, PROGRAMS.values()))
    unknown = []
    for path in sorted((ROOT / "tfse").rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                names = FLAG.findall(node.value)
                unknown += [(path.name, name) for name in names if not is_flag(name, known)]
    assert not unknown
