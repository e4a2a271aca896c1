"""Decides, before any work, which file becomes which."""

from __future__ import annotations

import collections
import dataclasses
import glob
import pathlib
from collections.abc import Iterable, Sequence

from tfse.audio import folder_walk
from tfse.audio.folder_walk import Walk
from tfse.audio.layout import format_of
from tfse.errors import ConfigError
from tfse.streaming.options import PIPE, Targets

ENHANCED_SUFFIX = "_enhanced"
_EARLIER = "earlier results"
Passed = collections.Counter[str]
# Endings of containers whose name is not their usual ending.
_ENDINGS = {"OGG": ".ogg", "WAVEX": ".wav", "RF64": ".wav", "NIST": ".sph", "IRCAM": ".sf"}


@dataclasses.dataclass(frozen=True)
class Task:
    """One recording and what is to become of it."""

    source: pathlib.Path
    targets: Targets


@dataclasses.dataclass(frozen=True)
class Places:
    """Where results go, as the user said.

    Attributes:
        output: one file; for one recording only.
        output_dir: a folder; what comes from a folder keeps its structure.
        in_place: every result replaces its recording.
        noise: a file for one recording, and a folder else; None to leave it.
        pictures: a PNG goes beside every result.
        format: container that sets the ending of the results.
    """

    output: pathlib.Path | None = None
    output_dir: pathlib.Path | None = None
    in_place: bool = False
    noise: pathlib.Path | None = None
    pictures: bool = False
    format: str | None = None


@dataclasses.dataclass(frozen=True)
class Plan:
    """What is to be done.

    Attributes:
        tasks: one for each recording, in order.
        note: one line on what was passed over in folders; "" for nothing.
    """

    tasks: list[Task]
    note: str = ""


@dataclasses.dataclass(frozen=True)
class _Found:
    """A recording, and where it belongs below an output folder."""

    source: pathlib.Path
    relative: pathlib.Path
    #: The folder that was walked; None for a file that was named.
    folder: pathlib.Path | None = None


def plan(inputs: Sequence[str], places: Places) -> Plan:
    """Returns a task for every recording, in order.

    Results of earlier runs, as `x_enhanced.wav` beside `x.wav`, are passed over where they
    are not named themselves.

    Args:
        inputs: files, folders, patterns such as `takes/*.wav`, and `-`. A file
            that does not exist gets a task too, which will fail and say so.
        places: where the results go.

    Raises:
        ConfigError: a folder without recordings, places that exclude each other,
            two results in one file, or a result in the place of a recording.
    """
    _check_places(places)
    passed_over: Passed = collections.Counter()
    found = _unique(one for text in inputs for one in _found(text, places.output_dir, passed_over))
    several = len(found) > 1 or found[0].folder is not None
    if several and places.output is not None:
        raise ConfigError(f"`output` takes one recording; received {len(found)}. Use `output_dir`.")
    tasks = [Task(one.source, _targets(one, places, several)) for one in found]
    _check_collisions(tasks, places.in_place)
    return Plan(tasks, folder_walk.summary(passed_over))


def _check_places(places: Places) -> None:
    chosen = [name for name in ("output", "output_dir", "in_place") if getattr(places, name)]
    if len(chosen) > 1:
        raise ConfigError(f"results go to one place; received {' and '.join(chosen)}.")
    if places.in_place and places.format:
        raise ConfigError("`in_place` keeps the format; received `format` too.")
    if places.output_dir is not None and places.output_dir.is_file():
        raise ConfigError(f"`output_dir` must be a folder; {places.output_dir} is a file.")


def _found(text: str, excluded: pathlib.Path | None, passed_over: Passed) -> list[_Found]:
    path = pathlib.Path(text)
    if path == PIPE or path.exists() or not glob.has_magic(text):
        return _at(path, excluded, passed_over)
    matches = [pathlib.Path(match) for match in sorted(glob.glob(text, recursive=True))]
    fresh = _without_results(matches, passed_over) or [path]
    return [one for match in fresh for one in _at(match, excluded, passed_over)]


def _at(path: pathlib.Path, excluded: pathlib.Path | None, passed_over: Passed) -> list[_Found]:
    if not path.is_dir():
        return [_Found(path, pathlib.Path(path.name))]
    without = None if excluded is None else excluded.resolve()
    walk = Walk(
        path,
        is_recording=lambda file: format_of(file) is not None,
        enters=lambda folder: folder.resolve() != without and not _is_result(folder),
    )
    fresh = _without_results(list(walk), walk.passed_over)
    passed_over.update(walk.passed_over)
    if not fresh:
        told = walk.summary()
        raise ConfigError(
            f"a folder must hold recordings; there is none in {path}{told and f' ({told})'}."
        )
    return [_Found(source, source.relative_to(path), path) for source in fresh]


def _without_results(found: Sequence[pathlib.Path], passed_over: Passed) -> list[pathlib.Path]:
    fresh = [path for path in found if not _is_result(path)]
    if len(fresh) < len(found):
        passed_over[_EARLIER] += len(found) - len(fresh)
    return fresh


def _is_result(path: pathlib.Path) -> bool:
    """Tells whether an earlier run made a file or folder from one that is there."""
    original = path.stem.removesuffix(ENHANCED_SUFFIX)
    return original != path.stem and path.with_name(f"{original}{path.suffix}").exists()


def _unique(found: Iterable[_Found]) -> list[_Found]:
    return list({one.source.resolve(): one for one in found}.values())


def _targets(one: _Found, places: Places, several: bool) -> Targets:
    enhanced = _enhanced(one, places)
    noise = places.noise
    if noise is not None and (several or noise.is_dir()):
        noise = noise / one.relative.with_suffix(enhanced.suffix)
    if not places.pictures:
        return Targets(enhanced, noise)
    if enhanced == PIPE:
        raise ConfigError("a picture goes beside its result; give standard input an `output`.")
    return Targets(enhanced, noise, enhanced.with_name(f"{enhanced.name}.png"))


def _enhanced(one: _Found, places: Places) -> pathlib.Path:
    if places.output is not None:
        return places.output
    if one.source == PIPE:
        if places.in_place or places.output_dir is not None:
            raise ConfigError("standard input has no name; give it an `output`.")
        return PIPE
    if places.in_place:
        return one.source
    return _with_ending(_default(one, places.output_dir), places.format)


def _default(one: _Found, output_dir: pathlib.Path | None) -> pathlib.Path:
    if output_dir is not None:
        return output_dir / one.relative
    if one.folder is not None:
        folder = one.folder if one.folder.name else one.folder.resolve()
        return folder.with_name(folder.name + ENHANCED_SUFFIX) / one.relative
    return one.source.with_name(f"{one.source.stem}{ENHANCED_SUFFIX}{one.source.suffix}")


def _with_ending(path: pathlib.Path, container: str | None) -> pathlib.Path:
    if container is None or format_of(path) == container.upper():
        return path
    return path.with_suffix(_ENDINGS.get(container.upper(), f".{container.lower()}"))


def _check_collisions(tasks: Sequence[Task], in_place: bool) -> None:
    sources = {task.source.resolve(): task.source for task in tasks}
    owners: dict[pathlib.Path, pathlib.Path] = {}
    for task in tasks:
        for target in task.targets.all():
            place = target.resolve()
            if place in owners:
                raise ConfigError(
                    f"every result needs a file of its own; {owners[place]} and {task.source} "
                    f"would both become {target}."
                )
            owners[place] = task.source
            replaces_itself = in_place and target == task.targets.enhanced
            if place in sources and target != PIPE and not replaces_itself:
                raise ConfigError(
                    f"a result must not replace a recording, unless in place; {target} would "
                    f"replace {sources[place]}."
                )
