"""Kill test of `tfse-prepare` with SIGKILL at random moments.

    python -m tests.stress.kill_prepare --kills=20 --seed=0
    python -m tests.stress.kill_prepare --kills=20 -- --clean_dir=speech --noise_dir=noise

After -- are flags of tfse-prepare without --output_dir; without any, a tiny
synthetic corpus is prepared. The preparation runs once undisturbed. Then it is
started repeatedly with the same command and killed, one time in four while it
starts, otherwise while it writes, with or without its workers. The last run is
not killed. Asserted:

- at every kill there was work left;
- shards, index and table of skipped recordings are those of the undisturbed run;
- there is no other file.
"""

from __future__ import annotations

import argparse
import dataclasses
import hashlib
import os
import pathlib
import random
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence

from tests.data.corpus import write_corpus

POLL_S = 0.005


@dataclasses.dataclass(frozen=True)
class Undisturbed:
    """A run without kills: seconds until it writes, and from then to its end."""

    start_s: float
    write_s: float
    files: dict[str, str]


@dataclasses.dataclass
class KillResults:
    """Results of the kills: number of shards at each, and kills during the start."""

    shards: list[int]
    starting: int = 0
    faults: list[str] = dataclasses.field(default_factory=list)


def main() -> int:
    """Runs the test of the command line; returns the exit code."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--kills", type=int, default=20)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("flags", nargs="*", help="of tfse-prepare, after --")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        place = pathlib.Path(folder)
        results = kill(place, arguments.flags, arguments.kills, random.Random(arguments.seed))
    for fault in results.faults:
        print(f"fault: {fault}")
    print(
        f"{len(results.shards)} kills, {results.starting} of them during the start; shards at "
        f"each: {' '.join(map(str, results.shards))}"
    )
    print(f"{len(results.faults)} faults")
    return 1 if results.faults else 0


def kill(
    folder: pathlib.Path, flags: Sequence[str], kills: int, chance: random.Random
) -> KillResults:
    """Prepares undisturbed and with kills, and compares the files."""
    if not flags:
        write_corpus(folder / "corpus")
        flags = synthetic_flags(folder / "corpus")
    undisturbed = run_undisturbed(folder / "undisturbed", flags)
    print(
        f"undisturbed: {undisturbed.start_s:.1f} s until it writes, {undisturbed.write_s:.1f} s "
        f"to its end, {len(undisturbed.files)} files",
        flush=True,
    )
    out = folder / "killed"
    results = KillResults([])
    total = sum(name.endswith(".tfrecord") for name in undisturbed.files)
    for number in range(kills):
        # Even on a machine that has become faster, work is left for later kills.
        quota = total * (number + 1) // (kills + 1)
        longest_s = 1.5 * undisturbed.write_s / kills
        is_early = chance.random() < 0.25
        moment_s = chance.uniform(0, undisturbed.start_s if is_early else longest_s)
        results.starting += is_early
        kill_once(out, flags, moment_s, is_early, quota, chance.random() < 0.5, results)
    ended = start(out, flags)
    if code := ended.wait():
        results.faults.append(f"the last run ended with {code}")
    results.faults += differences(undisturbed.files, files_of(out))
    return results


def kill_once(
    out: pathlib.Path,
    flags: Sequence[str],
    moment_s: float,
    is_early: bool,
    quota: int,
    with_workers: bool,
    results: KillResults,
) -> None:
    """Starts the program and kills it some time after its start or its first write.

    Args:
        out: output folder.
        flags: flags other than the output folder.
        moment_s: time of the kill.
        is_early: counts the time from the start, and kills at the first write at the latest.
        quota: number of shards at which it is killed earlier.
        with_workers: kills its workers too.
        results: results that the kill is added to.
    """
    begun = unfinished(out)
    process = start(out, flags)

    def has_ended() -> bool:
        return process.poll() is not None

    def writes() -> bool:
        return bool(unfinished(out) - begun) or has_ended()

    wait(writes, moment_s if is_early else 600.0)
    if not is_early:
        wait(lambda: has_ended() or shards_of(out) >= quota, moment_s)
    results.shards.append(shards_of(out))
    if has_ended():
        results.faults.append(f"it had ended before kill {len(results.shards)}")
    elif with_workers:
        os.killpg(process.pid, signal.SIGKILL)
    else:
        process.kill()
    process.wait()


def run_undisturbed(out: pathlib.Path, flags: Sequence[str]) -> Undisturbed:
    """Prepares without a kill."""
    begin = time.monotonic()
    process = start(out, flags)
    wait(lambda: bool(unfinished(out)) or process.poll() is not None, 600.0)
    writing = time.monotonic()
    if code := process.wait():
        raise SystemExit(f"The undisturbed tfse-prepare failed with exit code {code}.")
    return Undisturbed(writing - begin, time.monotonic() - writing, files_of(out))


def start(out: pathlib.Path, flags: Sequence[str]) -> subprocess.Popen[bytes]:
    """Starts `tfse-prepare` in a session of its own, with its workers."""
    command = [sys.executable, "-m", "tfse.cli.prepare", *flags, f"--output_dir={out}"]
    silent = subprocess.DEVNULL
    return subprocess.Popen(command, stdout=silent, stderr=silent, start_new_session=True)


def unfinished(out: pathlib.Path) -> set[str]:
    """Returns the temporary names of unfinished shards."""
    return {path.name for path in (out / ".unfinished").glob("*.tfrecord.*.tmp")}


def shards_of(out: pathlib.Path) -> int:
    """Returns the number of finished shards."""
    return len(list(out.glob("*.tfrecord")))


def wait(condition: Callable[[], bool], longest_s: float) -> None:
    """Waits until a condition holds, or for the longest time."""
    end = time.monotonic() + longest_s
    while not condition() and time.monotonic() < end:
        time.sleep(POLL_S)


def files_of(folder: pathlib.Path) -> dict[str, str]:
    """Returns the checksum of every file below a folder, by its path."""
    return {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    } | {str(path.relative_to(folder)): "folder" for path in folder.rglob("*") if path.is_dir()}


def differences(wanted: dict[str, str], found: dict[str, str]) -> list[str]:
    """Returns the differences of two folders."""
    return [
        f"{name}: {'other bytes' if name in wanted and name in found else 'in one folder only'}"
        for name in sorted(wanted.keys() | found.keys())
        if wanted.get(name) != found.get(name)
    ]


def synthetic_flags(corpus: pathlib.Path) -> list[str]:
    """Returns flags that make many small shards."""
    folders = {"clean": "speech", "noise": "noise", "rir": "rir"}
    sizes = ["--valid_fraction=0.3", "--test_fraction=0.2", "--shard_mb=0.02", "--jobs=2"]
    return [*(f"--{name}_dir={corpus / of}" for name, of in folders.items()), *sizes]


if __name__ == "__main__":
    sys.exit(main())
