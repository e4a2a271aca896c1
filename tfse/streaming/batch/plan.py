"""Plan of a batch: the sources and their target files."""

from __future__ import annotations

import collections
import dataclasses
import glob
import pathlib
from collections.abc import Iterable, Sequence

from tfse.audio import folder_walk
from tfse.audio.ffmpeg import containers
from tfse.audio.ffmpeg.ffmpeg_process import is_available
from tfse.audio.folder_walk import Walk
from tfse.audio.layout import format_of
from tfse.errors import ConfigError
from tfse.streaming.options import PIPE, Targets

ENHANCED_SUFFIX = "_enhanced"
_EARLIER = "earlier results"
PassedOver = collections.Counter[str]
# Suffixes of containers whose name is not their usual suffix.
_SUFFIXES = {"OGG": ".ogg", "WAVEX": ".wav", "RF64": ".wav", "NIST": ".sph", "IRCAM": ".sf"}
# The noise of a video is sound alone.
_NOISE_SUFFIX = ".wav"


@dataclasses.dataclass(frozen=True)
class Task:
    """One recording and its target files."""

    source: pathlib.Path
    targets: Targets


@dataclasses.dataclass(frozen=True)
class Places:
    """Output locations as set by the user.

    Attributes:
        output: output file, for one recording only.
        output_dir: output folder; the structure of input folders is kept.
        in_place: every result replaces its recording.
        noise: a file for one recording, a folder for several; None for none.
        pictures: writes a PNG beside every result.
        format: container that sets the suffix of the results.
    """

    output: pathlib.Path | None = None
    output_dir: pathlib.Path | None = None
    in_place: bool = False
    noise: pathlib.Path | None = None
    pictures: bool = False
    format: str | None = None


@dataclasses.dataclass(frozen=True)
class Plan:
    """Tasks of a batch.

    Attributes:
        tasks: one per recording, in order.
        note: one line on the files passed over in folders; "" for none.
    """

    tasks: list[Task]
    note: str = ""


@dataclasses.dataclass(frozen=True)
class _Recording:
    """Recording and its relative path below an output folder."""

    source: pathlib.Path
    relative: pathlib.Path
    #: The folder that was walked; None for a file given by name.
    folder: pathlib.Path | None = None


def plan(inputs: Sequence[str], places: Places) -> Plan:
    """Returns a task for every recording, in order.

    Results of earlier runs, such as `x_enhanced.wav` beside `x.wav`, are passed over
    unless they are given by name.

    Args:
        inputs: files, folders, patterns such as `takes/*.wav`, and `-`. A file
            that does not exist gets a task, whose outcome reports it.
        places: output locations.

    Raises:
        ConfigError: a folder without recordings, places that exclude each other,
            two results for one file, or a result that would replace a recording.
    """
    _check_places(places)
    passed_over: PassedOver = collections.Counter()
    found = _unique(
        recording
        for text in inputs
        for recording in _expanded(text, places.output_dir, passed_over)
    )
    several = len(found) > 1 or found[0].folder is not None
    if several and places.output is not None:
        raise ConfigError(f"`output` takes one recording; received {len(found)}. Use `output_dir`.")
    tasks = [Task(recording.source, _targets(recording, places, several)) for recording in found]
    _check_collisions(tasks, places.in_place)
    return Plan(tasks, folder_walk.summary(passed_over))


def _check_places(places: Places) -> None:
    chosen = [name for name in ("output", "output_dir", "in_place") if getattr(places, name)]
    if len(chosen) > 1:
        raise ConfigError(
            "only one of `output`, `output_dir` and `in_place` can be given; received "
            f"{' and '.join(chosen)}."
        )
    if places.in_place and places.format:
        raise ConfigError("`in_place` keeps the format; received `format` too.")
    if places.output_dir is not None and places.output_dir.is_file():
        raise ConfigError(f"`output_dir` must be a folder; {places.output_dir} is a file.")


def _expanded(
    text: str, excluded: pathlib.Path | None, passed_over: PassedOver
) -> list[_Recording]:
    path = pathlib.Path(text)
    if path == PIPE or path.exists() or not glob.has_magic(text):
        return _below(path, excluded, passed_over)
    matches = [pathlib.Path(match) for match in sorted(glob.glob(text, recursive=True))]
    fresh = _without_results(matches, passed_over) or [path]
    return [recording for match in fresh for recording in _below(match, excluded, passed_over)]


def _below(
    path: pathlib.Path, excluded: pathlib.Path | None, passed_over: PassedOver
) -> list[_Recording]:
    if not path.is_dir():
        return [_Recording(path, pathlib.Path(path.name))]
    excluded_path = None if excluded is None else excluded.resolve()
    reads_media = is_available()
    walk = Walk(
        path,
        is_recording=lambda file: (
            format_of(file) is not None or (reads_media and containers.is_media(file))
        ),
        enters=lambda folder: folder.resolve() != excluded_path and not _is_result(folder),
    )
    fresh = _without_results(list(walk), walk.passed_over)
    passed_over.update(walk.passed_over)
    if not fresh:
        ignored = walk.summary()
        raise ConfigError(f"there are no recordings in {path}{ignored and f' ({ignored})'}.")
    return [_Recording(source, source.relative_to(path), path) for source in fresh]


def _without_results(found: Sequence[pathlib.Path], passed_over: PassedOver) -> list[pathlib.Path]:
    fresh = [path for path in found if not _is_result(path)]
    if len(fresh) < len(found):
        passed_over[_EARLIER] += len(found) - len(fresh)
    return fresh


def _is_result(path: pathlib.Path) -> bool:
    """Returns whether a path is the result of an earlier run from an existing path."""
    original = path.stem.removesuffix(ENHANCED_SUFFIX)
    return original != path.stem and path.with_name(f"{original}{path.suffix}").exists()


def _unique(found: Iterable[_Recording]) -> list[_Recording]:
    return list({recording.source.resolve(): recording for recording in found}.values())


def _targets(recording: _Recording, places: Places, several: bool) -> Targets:
    enhanced = _enhanced(recording, places)
    noise = places.noise
    if noise is not None and (several or noise.is_dir()):
        suffix = _NOISE_SUFFIX if containers.is_known(enhanced) else enhanced.suffix
        noise = noise / recording.relative.with_suffix(suffix)
    if not places.pictures:
        return Targets(enhanced, noise)
    if enhanced == PIPE:
        raise ConfigError("a picture is written beside its result; use `output` with a pipe.")
    return Targets(enhanced, noise, enhanced.with_name(f"{enhanced.name}.png"))


def _enhanced(recording: _Recording, places: Places) -> pathlib.Path:
    if places.output is not None:
        return places.output
    if recording.source == PIPE:
        if places.in_place or places.output_dir is not None:
            raise ConfigError("standard input has no file name; use `output`.")
        return PIPE
    if places.in_place:
        return recording.source
    return _with_suffix(_default(recording, places.output_dir), places.format)


def _default(recording: _Recording, output_dir: pathlib.Path | None) -> pathlib.Path:
    if output_dir is not None:
        return output_dir / recording.relative
    if recording.folder is not None:
        folder = recording.folder if recording.folder.name else recording.folder.resolve()
        return folder.with_name(folder.name + ENHANCED_SUFFIX) / recording.relative
    source = recording.source
    return source.with_name(f"{source.stem}{ENHANCED_SUFFIX}{source.suffix}")


def _with_suffix(path: pathlib.Path, container: str | None) -> pathlib.Path:
    if container is None or format_of(path) == container.upper():
        return path
    return path.with_suffix(_SUFFIXES.get(container.upper(), f".{container.lower()}"))


def _check_collisions(tasks: Sequence[Task], in_place: bool) -> None:
    sources = {task.source.resolve(): task.source for task in tasks}
    owners: dict[pathlib.Path, pathlib.Path] = {}
    for task in tasks:
        for target in task.targets.all():
            place = target.resolve()
            if place in owners:
                raise ConfigError(
                    f"every result needs its own file; {owners[place]} and {task.source} "
                    f"would both become {target}."
                )
            owners[place] = task.source
            replaces_itself = in_place and target == task.targets.enhanced
            if place in sources and target != PIPE and not replaces_itself:
                raise ConfigError(
                    f"a result must not replace a recording without `in_place`; {target} would "
                    f"replace {sources[place]}."
                )
