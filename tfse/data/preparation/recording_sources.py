"""Recording sources: recordings in folders, and the group that each of them belongs to.

A group must be in one split: all speech of one person, all clips of one noise recording, all
impulse responses of one room.
"""

from __future__ import annotations

import dataclasses
import pathlib
import re
from collections.abc import Callable, Sequence

from tfse.audio.folder_walk import Walk
from tfse.data.preparation.corpus_layouts import FOLDER, NAMES, Speaker, matched, speaker_rule
from tfse.errors import ConfigError

SUFFIXES = (
    *(".aif", ".aiff", ".aifc", ".au", ".caf", ".flac", ".mp3", ".nist", ".oga", ".ogg"),
    *(".opus", ".rf64", ".snd", ".sph", ".w64", ".wav"),
)
# Folders named after one room, in which all their files were measured.
ROOM_PATTERN = r"(?:^|/)([^/]*_room(?:_[^/]*)?|r3vival_[^/]*)/[^/]+$"
# ESC-50 names its clips FOLD-ID-TAKE.ogg (or FOLD-ID-TAKE-CLASS.wav); clips of
# one freesound ID are cut from one recording.
_ESC50_NAME = re.compile(r"\d-(\d+)-[A-Z](?:-\d+)?")
_CHANNEL = re.compile(r"[-_]?(?:ch|channel)[-_]?\d+$", re.IGNORECASE)
_POSITION = re.compile(r"[-_ ]?(?:pos|position)[-_ ]?\d+$", re.IGNORECASE)
# A take of one recording or room: `bg_noise2`, `radiator_5`, `rain (3)`. Longer numbers count
# the files of a collection, as in `noise-free-sound-0001`.
_TAKE = re.compile(r"(?:(?<=[A-Za-z]{3})|[-_ ])\(?\d{1,2}\)?$")
_SIMULATED = re.compile(r"simulated-[0-9]+")
_CLARITY_ROOM = re.compile(r"brir_(R\d+)_.*")


@dataclasses.dataclass(frozen=True)
class Source:
    """One recording in a folder.

    Attributes:
        set: "speech", "noise" or "rir".
        path: path of the file.
        id: name of the given folder and path below it, independent of the place of the
            folder, so that moved data is prepared into the same bytes.
        group: group that must be in one split.
        kind: name of the folder that contains the file.
        file_bytes: size of the file.
    """

    set: str
    path: str
    id: str
    group: str
    kind: str
    file_bytes: int


def find_sources(
    name: str,
    folders: Sequence[str],
    speaker_pattern: str = FOLDER,
    room_pattern: str = ROOM_PATTERN,
    warn: Callable[[str], object] = lambda line: None,
    noise_pattern: str = "",
) -> list[Source]:
    """Returns all recordings below folders, in the order of their ids.

    Args:
        name: set of the recordings: "speech", "noise" or "rir".
        folders: folders to search, see `tfse.audio.folder_walk.Walk`.
        speaker_pattern: regular expression, searched for in the ids of speech; its
            first group is the speaker. Or the name of a corpus, see
            `corpus_layouts.speaker_rule`.
        room_pattern: the same for rooms; where it does not match, `group_of` is used.
        warn: receives a line on skipped files.
        noise_pattern: the same for noise recordings; "" for `group_of` alone.

    Raises:
        ConfigError: a folder is missing or given twice, a pattern is invalid, that of
            speakers does not match, or there are no recordings.
    """
    rules: dict[str, Speaker] = {"rir": matched("room_pattern", room_pattern)}
    if noise_pattern:
        rules["noise"] = matched("noise_pattern", noise_pattern)
    if name == "speech":
        rules[name] = speaker_rule(speaker_pattern, [pathlib.Path(folder) for folder in folders])
    sources = []
    for label, folder in _labelled(folders).items():
        walk = Walk(folder, lambda path: path.suffix.lower() in SUFFIXES)
        for path in sorted(walk):
            source_id = f"{label}/{path.relative_to(folder).as_posix()}"
            group = _group(name, path, source_id, rules.get(name), speaker_pattern)
            size = path.stat().st_size
            sources.append(Source(name, str(path), source_id, group, path.parent.name, size))
        if line := walk.summary():
            warn(f"{name} folder {folder}: {line}")
    if not sources:
        raise ConfigError(
            f"There are no {name} recordings that libsndfile reads in {', '.join(folders)}."
        )
    return sources


def group_of(name: str, path: pathlib.Path) -> str:
    """Returns the group of a noise recording or a room impulse response, from its file name.

    Noise: the recording. It is the ID in names such as FOLD-ID-TAKE of ESC-50, where
    several clips may share one, otherwise the file name without the number of its take, of
    one or two digits (`bg_noise2`, `radiator_5`).
    Room impulse responses: the room. It is the file name without channel (`_ch0`), position
    (`Position2`) and take, or the scene in names of Clarity. For `tfse-simulate-rooms`, it
    is the folder of the room, `simulated-00012`; files of that name, which earlier versions
    wrote, are one group.

    Example:
        >>> group_of("noise", pathlib.Path("dog/1-30226-A.ogg"))
        '30226'
        >>> group_of("rir", pathlib.Path("church/StPatricksPosition3_ch1.flac"))
        'StPatricks'
    """
    if name == "noise":
        clip = _ESC50_NAME.fullmatch(path.stem)
        return clip.group(1) if clip else _without(_TAKE, path.stem)
    if _SIMULATED.fullmatch(path.parent.name):
        return path.parent.name
    if _SIMULATED.fullmatch(path.stem):
        return "simulated"
    scene = _CLARITY_ROOM.fullmatch(path.stem)
    if scene:
        return scene.group(1)
    return _without(_TAKE, _without(_POSITION, _without(_CHANNEL, path.stem)))


def _without(ending: re.Pattern[str], stem: str) -> str:
    return ending.sub("", stem) or stem


def too_deep(sources: Sequence[Source]) -> str:
    """Returns a warning if the folders that contain the files are unlikely to be speakers.

    Args:
        sources: sources of speech, grouped by the folder that contains them.

    Returns:
        One line; "" if all recordings are at most one folder deep.
    """
    deep = [source.id for source in sources if source.id.count("/") > 2]
    if not deep:
        return ""
    return (
        f"{len(deep)} of {len(sources)} recordings of speech lie more than one folder deep, the "
        f"first is {deep[0]}; the folder that contains a recording is used as its speaker. If that "
        "is wrong, one speaker may be in several splits: set --speaker_pattern to a regular "
        f"expression or one of {', '.join(NAMES)}."
    )


def _group(
    name: str, path: pathlib.Path, source_id: str, rule: Speaker | None, pattern: str
) -> str:
    group = rule(source_id) if rule else None
    if group:
        return group
    if rule and name == "speech":
        raise ConfigError(
            f"`speaker_pattern` must match every recording; received {pattern!r}, "
            f"which does not match {source_id}."
        )
    return group_of(name, path)


def _labelled(folders: Sequence[str]) -> dict[str, pathlib.Path]:
    """Returns folders by unique short names."""
    labels: dict[str, pathlib.Path] = {}
    for folder in map(pathlib.Path, folders):
        path = folder.resolve()
        if not path.is_dir():
            raise ConfigError(f"There is no input folder {folder}.")
        if path in labels.values():
            raise ConfigError(f"An input folder must be given once; received {folder} twice.")
        label = path.name
        number = 2
        while label in labels:
            label, number = f"{path.name}.{number}", number + 1
        labels[label] = path
    return labels
