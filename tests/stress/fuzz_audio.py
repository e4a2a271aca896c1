"""Fuzz test of `tfse-enhance` with damaged files.

    python -m tests.stress.fuzz_audio --count=2000 --seed=0

Valid files of many formats are damaged: bytes are changed (more often in the
header), removed, duplicated, inserted and truncated. The program runs on each,
in a process that is kept until it dies. Asserted for each file:

- the process survives and answers within 20 s;
- the exit code is 0 and there is a complete, readable result of the length that
  the decoder returned, or it is 1 and there is no result; one line reports it;
- no partial file is left.
"""

from __future__ import annotations

import argparse
import collections
import contextlib
import dataclasses
import io
import multiprocessing
import os
import pathlib
import sys
import tempfile
import time
from multiprocessing.connection import Connection

import numpy as np
import soundfile

from tests.streaming.tiny_streams import leftovers, noise
from tfse.audio.sequential_file import SequentialFile

TIMEOUT_S = 20.0
STARTUP_S = 120.0
HEADER_BYTES = 64
MAX_BLOCK = 4096
SEEDS = [
    ("WAV", "PCM_U8", 16_000, 1),
    ("WAV", "PCM_16", 16_000, 1),
    ("WAV", "PCM_24", 48_000, 2),
    ("WAV", "FLOAT", 44_100, 1),
    ("WAV", "DOUBLE", 16_000, 2),
    ("WAV", "ALAW", 8_000, 1),
    ("WAV", "IMA_ADPCM", 16_000, 1),
    ("WAVEX", "PCM_16", 16_000, 6),
    ("RF64", "PCM_16", 16_000, 1),
    ("W64", "PCM_16", 16_000, 1),
    ("AIFF", "PCM_16", 22_050, 1),
    ("AU", "ULAW", 8_000, 1),
    ("CAF", "PCM_16", 16_000, 1),
    ("FLAC", "PCM_16", 16_000, 2),
    ("FLAC", "PCM_24", 48_000, 1),
    ("OGG", "VORBIS", 16_000, 1),
    ("OGG", "OPUS", 48_000, 2),
    ("MP3", "MPEG_LAYER_III", 44_100, 2),
]


@dataclasses.dataclass
class FuzzResults:
    """Results of a fuzz test."""

    exit_codes: collections.Counter[int] = dataclasses.field(default_factory=collections.Counter)
    reasons: collections.Counter[str] = dataclasses.field(default_factory=collections.Counter)
    faults: list[str] = dataclasses.field(default_factory=list)
    slowest_s: float = 0.0


def main() -> int:
    """Runs the test of the command line; returns 1 after a fault."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--count", type=int, default=2000)
    parser.add_argument("--seed", type=int, default=0)
    arguments = parser.parse_args()
    began = time.perf_counter()
    results = fuzz(arguments.count, arguments.seed)
    codes = ", ".join(f"{n} ended with {code}" for code, n in sorted(results.exit_codes.items()))
    print(f"{arguments.count} files: {codes}; slowest {results.slowest_s:.2f} s")
    for reason, count in results.reasons.most_common():
        print(f"{count:6} {reason}")
    print(f"{len(results.faults)} faults, {time.perf_counter() - began:.0f} s")
    print("\n".join(results.faults))
    return 1 if results.faults else 0


def fuzz(count: int, seed: int) -> FuzzResults:
    """Runs the program on damaged files, each determined by the seed and its number."""
    results = FuzzResults()
    valid = [encoded(*kind) for kind in SEEDS]
    with tempfile.TemporaryDirectory() as folder, Program(pathlib.Path(folder)) as program:
        for number in range(count):
            generator = np.random.default_rng([seed, number])
            kind = int(generator.integers(len(valid)))
            source = program.folder / f"{number}.{SEEDS[kind][0].lower()}"
            source.write_bytes(damaged(valid[kind], generator))
            fault = judged(program, source, results)
            if fault:
                results.faults.append(f"seed {seed}, number {number}, {SEEDS[kind]}: {fault}")
            for path in program.folder.iterdir():
                if path.is_file():
                    path.unlink()
    return results


def encoded(format: str, subtype: str, rate: int, channels: int) -> bytes:
    """Returns a file of half a second of noise."""
    file = io.BytesIO()
    soundfile.write(file, noise(rate // 2, channels), rate, subtype, format=format)
    return file.getvalue()


def damaged(content: bytes, generator: np.random.Generator) -> bytes:
    """Returns the file with one to eight damages."""
    for _ in range(int(generator.integers(1, 9))):
        content = damaged_once(content, generator)
    return content


def damaged_once(content: bytes, generator: np.random.Generator) -> bytes:
    end = len(content) if generator.random() < 0.5 else min(HEADER_BYTES, len(content))
    at = int(generator.integers(end + 1))
    some = int(generator.integers(1, 9))
    match int(generator.integers(6)):
        case 0 | 1:
            return content[:at] + generator.bytes(some) + content[at + some :]
        case 2:
            extreme = bytes([int(generator.choice([0x00, 0x7F, 0x80, 0xFF]))]) * some
            return content[:at] + extreme + content[at + some :]
        case 3:
            return content[:at] + content[at + some :]
        case 4:
            return content[:at] + content[at : at + some * 16] + content[at:]
        case _:
            return content[: int(generator.integers(len(content) + 1))]


def judged(program: Program, source: pathlib.Path, results: FuzzResults) -> str:
    """Runs the program on a file and returns its fault, "" for none."""
    began = time.perf_counter()
    answer = program.run(source)
    results.slowest_s = max(results.slowest_s, time.perf_counter() - began)
    if isinstance(answer, str):
        return answer
    code, stderr = answer
    results.exit_codes[code] += 1
    lines = stderr.splitlines()
    if len(lines) != 1:
        return f"{len(lines)} lines: {stderr!r}"
    reason = lines[0].partition(": ")[2] if code else "done"
    results.reasons[reason.translate(str.maketrans("", "", "0123456789"))[:90]] += 1
    return wrong_files(source, code)


def wrong_files(source: pathlib.Path, code: int) -> str:
    """Returns the fault of the files that a run left, "" for none."""
    folder = source.parent
    if leftovers(folder):
        return "a partial file is left"
    results = [path for path in folder.iterdir() if "_enhanced" in path.name]
    if len(results) != (code == 0) or code not in (0, 1):
        return f"exit code {code} with {len(results)} results"
    if not results:
        return ""
    try:
        missing = decoded(source) - soundfile.info(results[0]).frames
    except soundfile.SoundFileError as error:
        return f"the result cannot be read: {error}"
    # Block formats such as ADPCM pad the last block.
    return "" if -MAX_BLOCK < missing <= 0 else f"{missing} samples are missing"


def decoded(path: pathlib.Path) -> int:
    """Returns the number of samples that the decoder returns, whatever the header says."""
    total = 0
    with SequentialFile(path) as file:
        while block := len(file.read(1000, dtype="float32")):
            total += block
    return total


class Program:
    """`tfse-enhance` in a process that is restarted when it dies or hangs."""

    def __init__(self, folder: pathlib.Path) -> None:
        self.folder = folder / "files"
        self.folder.mkdir()
        self._model = folder / "identity.keras"

    def __enter__(self) -> Program:
        self._start()
        return self

    def __exit__(self, *_: object) -> None:
        self._process.kill()
        self._process.join()

    def run(self, source: pathlib.Path) -> tuple[int, str] | str:
        """Returns the exit code and standard error, or the fault."""
        try:
            self._pipe.send(str(source))
            if self._pipe.poll(TIMEOUT_S):
                return self._pipe.recv()
            fault = f"no answer within {TIMEOUT_S:.0f} s"
        except (EOFError, OSError):
            self._process.join()
            fault = f"the process died: {self._process.exitcode}"
        self.__exit__()
        self._start()
        return fault

    def _start(self) -> None:
        context = multiprocessing.get_context("spawn")
        self._pipe, other = context.Pipe()
        self._process = context.Process(target=serve, args=(other, self._model))
        self._process.start()
        other.close()
        if not self._pipe.poll(STARTUP_S) or self._pipe.recv() != "ready":
            raise RuntimeError("the program did not start")


def serve(pipe: Connection, model: pathlib.Path) -> None:
    """Runs the program for every received path, as the console script does."""
    os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
    from tests.streaming.tiny_streams import identity, identity_step
    from tfse.streaming.batch import run_batch

    if not model.exists():
        identity().save(model)
    # The model is not tested here, and loading it would take most of the time.
    run_batch.opened = lambda _: identity_step()
    silence_native_errors()
    pipe.send("ready")
    while True:
        pipe.send(program(pipe.recv(), model))


def program(source: str, model: pathlib.Path) -> tuple[int, str]:
    """Returns the exit code and standard error."""
    from absl.testing import flagsaver

    from tfse.cli import enhance

    sys.argv = ["tfse-enhance", source, f"--model={model}"]
    stderr = io.StringIO()
    with contextlib.redirect_stderr(stderr), flagsaver.flagsaver():
        try:
            enhance.entry_point()
        except SystemExit as end:
            return int(end.code or 0), stderr.getvalue()
    raise AssertionError("unreachable: a program ends with an exit code")


def silence_native_errors() -> None:
    """Hides the messages that the MP3 decoder writes directly to standard error."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), 2)


if __name__ == "__main__":
    sys.exit(main())
