"""Corpus layouts: speakers in the file names and tables of well-known speech corpora."""

from __future__ import annotations

import csv
import pathlib
import re
from collections.abc import Callable, Sequence

from tfse.errors import ConfigError

#: From the id of a recording to its speaker, None if that is unknown.
Speaker = Callable[[str], str | None]

#: The folder that directly contains the file.
FOLDER = r"([^/]+)/[^/]+$"
# SPEAKER-CHAPTER-UTTERANCE; SPEAKER_SENTENCE; book_..._reader_NUMBER_....
_PATTERNS = {
    "librispeech": r"(?:^|/)([0-9]+)-[0-9]+-[0-9]+\.[^/.]+$",
    "vctk": r"(?:^|/)([ps][0-9]+)_[0-9]+[^/]*$",
    "dns": r"(?:^|_|/)reader_([0-9]+)_[^/]*$",
}
COMMON_VOICE = "common_voice"
NAMES = (*_PATTERNS, COMMON_VOICE)
_COLUMNS = ("client_id", "path")


def speaker_rule(pattern: str, folders: Sequence[pathlib.Path]) -> Speaker:
    """Returns a function from the id of a recording to its speaker.

    Args:
        pattern: name of a corpus, one of `NAMES`: "librispeech", "vctk", "dns" (the read
            speech of the DNS Challenge) or "common_voice" (whose tables, `*.tsv` with the
            columns client_id and path, must lie in the folders); or a regular expression
            whose first group is the speaker, searched for in ids.
        folders: folders of the corpus.

    Raises:
        ConfigError: the expression is invalid, or tables are missing.
    """
    if pattern == COMMON_VOICE:
        return _of_tables(folders)
    return matched("speaker_pattern", _PATTERNS.get(pattern, pattern))


def matched(name: str, pattern: str) -> Speaker:
    """Returns a function from an id to the first group of a regular expression in it.

    Args:
        name: name of the setting.
        pattern: regular expression.

    Raises:
        ConfigError: the expression is invalid or has no group.
    """
    try:
        rule = re.compile(pattern)
    except re.error as error:
        raise ConfigError(
            f"`{name}` must be a regular expression; received {pattern!r}: {error}."
        ) from error
    if rule.groups < 1:
        raise ConfigError(f"`{name}` must have a group, as in '(p[0-9]+)_'; received {pattern!r}.")

    def group(source_id: str) -> str | None:
        match = rule.search(source_id)
        return match.group(1) or None if match else None

    return group


def _of_tables(folders: Sequence[pathlib.Path]) -> Speaker:
    speakers: dict[str, str] = {}
    for folder in folders:
        for table in sorted(folder.rglob("*.tsv")):
            speakers.update(_speakers(table))
    if not speakers:
        raise ConfigError(
            "`speaker_pattern` common_voice needs the tables of Common Voice, *.tsv with the "
            f"columns {' and '.join(_COLUMNS)}; {', '.join(map(str, folders))} has none."
        )
    return lambda source_id: speakers.get(pathlib.PurePosixPath(source_id).stem)


def _speakers(table: pathlib.Path) -> dict[str, str]:
    try:
        with open(table, encoding="utf-8", newline="") as file:
            rows = csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE)
            if not set(_COLUMNS) <= set(rows.fieldnames or ()):
                return {}
            return {pathlib.PurePosixPath(row["path"]).stem: row["client_id"] for row in rows}
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise ConfigError(f"The Common Voice table {table} cannot be read: {error}.") from error
