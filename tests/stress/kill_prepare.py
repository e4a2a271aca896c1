"""Kills `tfse-prepare` with SIGKILL at random moments, again and again.

    python -m tests.stress.kill_prepare --kills=20 --seed=0
    python -m tests.stress.kill_prepare --kills=20 -- --clean_dir=speech --noise_dir=noise

After -- stand flags of tfse-prepare without --output_dir; without any, a tiny
synthetic corpus is prepared. The preparation runs once undisturbed. Then it is
started with one and the same command and killed until it has been killed as often
as was asked for: one time in four while it starts, otherwise while it writes; now
the process alone, now its workers too. At last it may come to its end. Asserted:

- at every kill it had something left to do;
- shards, index and table of what was left out are those of the undisturbed run;
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
    """A run that nobody kills: seconds until it writes, and from then to its end."""

    start_s: float
    write_s: float
    files: dict[str, str]


@dataclasses.dataclass
class Figures:
    """What the kills met: shards that were there at each one, None while it started."""

    shards: list[int]
    starting: int = 0
    faults: list[str] = dataclasses.field(default_factory=list)


def main() -> int:
    """Runs what the command line asks for; returns the exit code."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--kills", type=int, default=20)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("flags", nargs="*", help="of tfse-prepare, after --")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        place = pathlib.Path(folder)
        figures = kill(place, arguments.flags, arguments.kills, random.Random(arguments.seed))
    for fault in figures.faults:
        print(f"fault: {fault}")
    print(
        f"{len(figures.shards)} kills, {figures.starting} of them while it started; shards that "
        f"were there: {' '.join(map(str, figures.shards))}"
    )
    print(f"{len(figures.faults)} faults")
    return 1 if figures.faults else 0


def kill(folder: pathlib.Path, flags: Sequence[str], kills: int, chance: random.Random) -> Figures:
    """Prepares undisturbed, then with kills, and compares."""
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
    figures = Figures([])
    total = sum(name.endswith(".tfrecord") for name in undisturbed.files)
    for number in range(kills):
        # However quick the machine has become, something is left for the kills to come.
        quota = total * (number + 1) // (kills + 1)
        longest_s = 1.5 * undisturbed.write_s / kills
        is_early = chance.random() < 0.25
        moment_s = chance.uniform(0, undisturbed.start_s if is_early else longest_s)
        figures.starting += is_early
        kill_once(out, flags, moment_s, is_early, quota, chance.random() < 0.5, figures)
    ended = start(out, flags)
    if code := ended.wait():
        figures.faults.append(f"the last run ended with {code}")
    figures.faults += differences(undisturbed.files, files_of(out))
    return figures


def kill_once(
    out: pathlib.Path,
    flags: Sequence[str],
    moment_s: float,
    is_early: bool,
    quota: int,
    with_workers: bool,
    figures: Figures,
) -> None:
    """Starts it and kills it so long after its start, or after it has begun to write.

    Args:
        out: Where it writes.
        flags: Its flags but that.
        moment_s: The moment of the kill.
        is_early: Counted from the start, and no later than its first byte.
        quota: It is killed earlier when so many shards are there.
        with_workers: Kills its workers too.
        figures: Where the kill is noted.
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
    figures.shards.append(shards_of(out))
    if has_ended():
        figures.faults.append(f"it had ended before kill {len(figures.shards)}")
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
        raise SystemExit(f"tfse-prepare must come to its end; it ended with {code}")
    return Undisturbed(writing - begin, time.monotonic() - writing, files_of(out))


def start(out: pathlib.Path, flags: Sequence[str]) -> subprocess.Popen[bytes]:
    """Starts `tfse-prepare` in a session of its own, with its workers."""
    command = [sys.executable, "-m", "tfse.cli.prepare", *flags, f"--output_dir={out}"]
    silent = subprocess.DEVNULL
    return subprocess.Popen(command, stdout=silent, stderr=silent, start_new_session=True)


def unfinished(out: pathlib.Path) -> set[str]:
    """Returns the names of shards that were begun and did not get their own name."""
    return {path.name for path in (out / ".unfinished").glob("*.tfrecord.*.tmp")}


def shards_of(out: pathlib.Path) -> int:
    """Returns how many shards have their own name."""
    return len(list(out.glob("*.tfrecord")))


def wait(condition: Callable[[], bool], longest_s: float) -> None:
    """Waits until a condition holds, or for so long."""
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
    """Says how two folders differ."""
    return [
        f"{name}: {'other bytes' if name in wanted and name in found else 'on one side only'}"
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
