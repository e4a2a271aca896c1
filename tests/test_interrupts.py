"""Ctrl-C while processes start."""

from __future__ import annotations

from tests.cli.programs import run_python

# A child that takes Ctrl-C as its very first instruction, and a parent that gets one in the
# block and handles it after it.
SCRIPT = """
import os, signal, subprocess, sys
from tfse import interrupts
CHILD = '''
import os, signal
os.kill(os.getpid(), signal.SIGINT)
from tfse import interrupts
interrupts.ignore()
os.kill(os.getpid(), signal.SIGINT)
print("child is done", flush=True)
'''
signal.signal(signal.SIGINT, signal.default_int_handler)
try:
    with interrupts.blocked():
        os.kill(os.getpid(), signal.SIGINT)
        child = subprocess.Popen([sys.executable, "-c", CHILD])
        print("block is done", flush=True)
except KeyboardInterrupt:
    print("interrupted", flush=True)
child.wait()
"""


def test_a_starting_process_takes_no_interrupt_and_the_parent_loses_none() -> None:
    ended = run_python("-c", SCRIPT)
    assert ended.stdout.splitlines() == ["block is done", "interrupted", "child is done"]
    assert ended.stderr == ""
