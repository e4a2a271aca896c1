"""Preparation of folders of recordings as TFRecord shards, the work of `tfse-prepare`."""

from __future__ import annotations

import dataclasses
import functools
import hashlib
import json
import os
import pathlib
import shutil
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from tfse import csv_rows
from tfse.data.preparation import beam_engine
from tfse.data.preparation.convert import Conversion, Measured, measure
from tfse.data.preparation.corpus_layouts import FOLDER
from tfse.data.preparation.prepare_config import LOCAL, PrepareConfig
from tfse.data.preparation.recording_sources import Source, find_sources, too_deep
from tfse.data.preparation.split_file import (
    SPLITS_NAME,
    KnownSplits,
    read_split_file,
    write_split_file,
)
from tfse.data.preparation.splits import assign_splits
from tfse.data.preparation.worker_processes import parallel_map
from tfse.data.records import index
from tfse.errors import ConfigError, DataError
from tfse.files import write_json
from tfse.terminal import progress_bar

SKIPPED_NAME = "skipped.csv"
PLAN_NAME = "plan.json"

Skipped = tuple[str, str]


@dataclasses.dataclass(frozen=True)
class Prepared:
    """Result of `prepare`.

    Attributes:
        index: the index of the folder.
        skipped: path and reason of each skipped recording.
        was_there: the folder was already complete and nothing was written.
    """

    index: index.Index
    skipped: tuple[Skipped, ...]
    was_there: bool


def prepare(config: PrepareConfig, warn: Callable[[str], object] = lambda line: None) -> Prepared:
    """Writes shards, `skipped.csv`, `splits.csv` and, last, the index.

    After an interruption, the next call resumes with the missing shards; the bytes written
    depend on recordings and settings alone.

    Args:
        config: recordings and settings.
        warn: receives warnings about the folders, before anything is written.

    Raises:
        ConfigError: a setting is invalid, a folder is missing, the output folder
            holds data of other recordings or settings, or Beam is not installed.
        DataError: nothing is usable, existing data is damaged, an engine failed, or
            `splits_from` is not a split file.
    """
    config.validate()
    if config.runner != LOCAL:
        beam_engine.check(config.runner, config.runner_options)
    known = read_split_file(config.splits_from) if config.splits_from else KnownSplits()
    sources = _find(config, warn)
    plan = _digest(_settings(config, known), sources)
    # Workers of an engine have working directories of their own.
    folder = pathlib.Path(os.path.abspath(config.output_dir))
    if (folder / index.INDEX_NAME).exists():
        return _already_there(folder, plan)
    speech = [source for source in sources if source.set == "speech"]
    if config.speaker_pattern == FOLDER and (warning := too_deep(speech)):
        warn(warning)
    return _write(config, known, sources, plan, folder)


def _find(config: PrepareConfig, warn: Callable[[str], object]) -> list[Source]:
    folders = {"speech": config.clean_dirs, "noise": config.noise_dirs, "rir": config.rir_dirs}
    places = [pathlib.Path(place).resolve() for several in folders.values() for place in several]
    if len(set(places)) < len(places):
        raise ConfigError(f"Input folders must differ; received {', '.join(map(str, places))}.")
    return [
        source
        for name, several in folders.items()
        if several
        for source in find_sources(
            name,
            several,
            config.speaker_pattern,
            config.room_pattern,
            warn,
            config.noise_pattern,
        )
    ]


def _write(
    config: PrepareConfig,
    known: KnownSplits,
    sources: Sequence[Source],
    plan: str,
    folder: pathlib.Path,
) -> Prepared:
    # Imported here: TensorFlow takes seconds, and wrong folders are reported before that.
    from tfse.data.preparation import shards

    conversion = Conversion(config.sample_rate, config.encoding, config.min_s)
    with (
        parallel_map(config.jobs) as parallel,
        progress_bar(len(sources), "file") as bar,
    ):
        measured = list(parallel(functools.partial(measure, conversion=conversion), sources))
        usable = [entry for entry in measured if not entry.skipped]
        skipped = [(entry.source.path, entry.skipped) for entry in measured if entry.skipped]
        bar.skip(len(skipped))
        splits = _splits(config, known, usable)
        plans = shards.plan_shards(usable, splits, shard_s=config.shard_s, seed=config.seed)
        _begin(folder, plan)
        missing = shards.missing(plans, folder)
        bar.skip(sum(len(p.sources) for p in plans) - sum(len(p.sources) for p in missing))
        write = functools.partial(shards.write_shard, folder=folder, conversion=conversion)
        if config.runner == LOCAL:
            for shard in missing:
                write(shard, parallel=parallel, advance=bar.update)
        else:
            beam_engine.run(write, missing, config.runner, config.runner_options)
    entries, more = shards.collect(plans, folder)
    made = index.Index(
        config.sample_rate, config.encoding, plan, _settings(config, known), tuple(entries)
    )
    return _finish(made, folder, sorted(skipped + more))


def _finish(made: index.Index, folder: pathlib.Path, skipped: Sequence[Skipped]) -> Prepared:
    _write_skipped(folder / SKIPPED_NAME, skipped)
    if missing := {"speech", "noise"} - {shard.set for shard in made.shards if shard.records}:
        _discard(folder, made.shards)
        raise DataError(
            f"There is no usable {' and no usable '.join(sorted(missing))}; "
            f"{folder / SKIPPED_NAME} has the reasons."
        )
    made.check_separation()
    write_split_file(folder / SPLITS_NAME, made)
    index.write_index(folder, made)
    shutil.rmtree(folder / index.UNFINISHED)
    return Prepared(made, tuple(skipped), was_there=False)


def _splits(
    config: PrepareConfig, known: KnownSplits, usable: Sequence[Measured]
) -> dict[str, dict[str, str]]:
    seconds: dict[str, dict[str, float]] = defaultdict(lambda: defaultdict(float))
    for entry in usable:
        seconds[entry.source.set][entry.source.group] += entry.seconds
    return {
        name: assign_splits(
            groups,
            config.fractions,
            seed=config.seed,
            name=name,
            train_groups=config.train_groups,
            known=known.of.get(name),
        )
        for name, groups in seconds.items()
    }


def _settings(config: PrepareConfig, known: KnownSplits) -> dict[str, Any]:
    """Returns the settings, with a checksum of the known splits if there are any."""
    return {**config.settings(), **({"splits_from": known.checksum} if known.of else {})}


def _digest(settings: Mapping[str, Any], sources: Sequence[Source]) -> str:
    """Returns a checksum of everything that the written bytes depend on."""
    inputs = [(s.set, s.id, s.group, s.file_bytes) for s in sources]
    plan = json.dumps([index.FORMAT, settings, inputs], sort_keys=True)
    return hashlib.sha256(plan.encode()).hexdigest()


def _already_there(folder: pathlib.Path, plan: str) -> Prepared:
    found = index.read_index(folder)
    if found.plan != plan:
        raise _holds_other_data(folder)
    # A preparation that was killed between its last two steps leaves its notes.
    shutil.rmtree(folder / index.UNFINISHED, ignore_errors=True)
    index.verify_checksums(folder, found)
    rows = csv_rows.decode((folder / SKIPPED_NAME).read_bytes())[1:]
    skipped = tuple((path, reason) for path, reason in rows)
    return Prepared(found, skipped, was_there=True)


def _begin(folder: pathlib.Path, plan: str) -> None:
    """Stores the plan, or checks that an unfinished preparation here has the same."""
    note = folder / index.UNFINISHED / PLAN_NAME
    if note.exists():
        if json.loads(note.read_text(encoding="utf-8")) != plan:
            raise _holds_other_data(folder)
        _clear(note.parent)
        return
    note.parent.mkdir(parents=True, exist_ok=True)
    write_json(note, plan)


def _clear(unfinished: pathlib.Path) -> None:
    """Removes unfinished shards, which would fill the disk after many kills."""
    for path in unfinished.glob("*.tmp"):
        path.unlink()


def _holds_other_data(folder: pathlib.Path) -> ConfigError:
    return ConfigError(
        f"{folder} holds data of other recordings or settings; choose an empty `output_dir`."
    )


def _write_skipped(path: pathlib.Path, skipped: Sequence[Skipped]) -> None:
    path.write_bytes(csv_rows.encode([("path", "reason"), *skipped]))


def _discard(folder: pathlib.Path, entries: Sequence[index.ShardEntry]) -> None:
    """Removes what was written, so that the next run may have other settings."""
    for entry in entries:
        (folder / entry.file).unlink()
    shutil.rmtree(folder / index.UNFINISHED)
