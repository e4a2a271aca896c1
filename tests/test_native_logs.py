from __future__ import annotations

import numpy as np
import soundfile

from tests.cli.programs import run_python
from tests.exporting.tiny_exports import tiny
from tfse.exporting.tflite import export_tflite

SCRIPT = """
import os, sys
from tfse import native_logs
try:
    with native_logs.hidden():
        os.write(2, b"native")
        print("python", file=sys.stderr)
        raise KeyError
except KeyError:
    os.write(2, b"native again")
    print(" and python", file=sys.stderr)
"""


def test_native_output_is_hidden_and_python_output_is_not() -> None:
    assert run_python("-c", SCRIPT).stderr == "python\nnative again and python\n"


THREADS = """
import os, sys, threading
from tfse import native_logs
entered, left = threading.Event(), threading.Event()
def hold():
    with native_logs.hidden():
        entered.set()
        left.wait()
thread = threading.Thread(target=hold)
thread.start()
entered.wait()
with native_logs.hidden():
    print("one ", end="", file=sys.stderr)
os.write(2, b"native")
left.set()
thread.join()
os.write(2, b"after")
"""


def test_two_threads_may_hide_at_once() -> None:
    assert run_python("-c", THREADS).stderr == "one after"


def test_standard_error_may_be_closed() -> None:
    script = "import os\nos.close(2)\nfrom tfse import native_logs\n"
    script += "with native_logs.hidden():\n    print('done')\n"
    assert run_python("-c", script).stdout == "done\n"


def test_libraries_are_quiet_in_python(tmp_path) -> None:
    (exported,) = export_tflite(tiny("lstm_irm"), tmp_path, ["float32"])
    script = "import sys, numpy as np, tfse\nfrom tfse.streaming import open_step\n"
    script += "tfse.enhance(np.zeros(800, np.float32), 16_000, open_step(sys.argv[1]))"
    assert run_python("-c", script, str(exported.path)).stderr == ""


def test_a_damaged_mp3_is_reported_by_its_note_only(tmp_path) -> None:
    path = tmp_path / "damaged.mp3"
    soundfile.write(path, 0.1 * np.random.default_rng(0).standard_normal(48_000), 16_000)
    data = bytearray(path.read_bytes())
    data[len(data) // 2 : len(data) // 2 + 700] = bytes(700)
    path.write_bytes(data)
    script = "import pathlib, sys\nfrom tfse.audio.file_source import FileSource\n"
    script += "with FileSource(pathlib.Path(sys.argv[1])) as source: list(source.blocks())"
    assert run_python("-c", script, str(path)).stderr == ""
