from __future__ import annotations

from tests.cli.programs import run_python

SCRIPT = """
import os, sys
from tfse.cli import native_logs
try:
    with native_logs.hidden():
        os.write(2, b"native")
        print("python", file=sys.stderr)
        raise KeyError
except KeyError:
    os.write(2, b"native again")
    print(" and python", file=sys.stderr)
"""


def test_native_words_are_hidden_and_python_s_are_not() -> None:
    assert run_python("-c", SCRIPT).stderr == "python\nnative again and python\n"
