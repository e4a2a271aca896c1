"""Command `wheels`: download of the packages that the device machine lacks."""

from __future__ import annotations

import importlib.metadata
import pathlib
import shlex
import subprocess
import sys
from collections.abc import Sequence

from absl import flags

from tfse.errors import ConfigError

DESCRIPTION = """Downloads the wheels that a machine with JAX and without Keras lacks.

  python -m tools.jax_training wheels --output_dir=work_area/wheels

Prints the command; with --noprint_only, the default, also runs it.
"""

# Keras and what it imports, the reader of audio, and the flags of configs. NumPy, JAX,
# h5py, rich, absl-py, PyYAML, packaging and ml-dtypes must be installed there.
PACKAGES = ("keras", "namex", "optree", "ml_collections", "soundfile", "cffi", "pycparser")
# Versions that must equal those of this environment, which reads the `.keras` files.
PINNED = ("keras",)
PLATFORMS = ("manylinux_2_28", "manylinux_2_27", "manylinux_2_17", "manylinux2014", "manylinux1")

_OUTPUT_DIR = flags.DEFINE_string("output_dir", None, "Folder of the wheels.", required=True)
_PYTHON = flags.DEFINE_string("device_python", "3.12", "Python of the machine.")
_MACHINE = flags.DEFINE_string("machine", "x86_64", "Processor of the machine.")
_PRINT_ONLY = flags.DEFINE_bool("print_only", False, "Only prints the command.")


def command(folder: pathlib.Path, python: str, machine: str) -> list[str]:
    """Returns the command that downloads the wheels."""
    platforms = [f"--platform={name}_{machine}" for name in PLATFORMS]
    return [
        *(sys.executable, "-m", "pip", "download", "--quiet", "--no-deps"),
        *("--only-binary=:all:", f"--python-version={python}", "--implementation=cp"),
        *platforms,
        f"--dest={folder}",
        *(_requirement(name) for name in PACKAGES),
    ]


def _requirement(name: str) -> str:
    return f"{name}=={importlib.metadata.version(name)}" if name in PINNED else name


def main(arguments: Sequence[str]) -> int:
    """Downloads the wheels."""
    folder = pathlib.Path(_OUTPUT_DIR.value)
    words = command(folder, _PYTHON.value, _MACHINE.value)
    print(shlex.join(words))
    if _PRINT_ONLY.value:
        return 0
    # Two versions of one package would make the installation fail.
    for old in folder.glob("*.whl"):
        old.unlink()
    if subprocess.run(words, check=False).returncode:
        raise ConfigError("pip could not download every wheel; its own message is above.")
    for wheel in sorted(folder.glob("*.whl")):
        print(f"{wheel.stat().st_size / 1e6:6.2f} MB  {wheel.name}")
    return 0
