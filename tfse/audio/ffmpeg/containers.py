"""Containers that ffmpeg reads and writes, by suffix."""

from __future__ import annotations

import pathlib

#: Names of ffmpeg's muxers. A suffix without one is read only.
MUXERS: dict[str, str | None] = {
    ".3gp": "3gp",
    ".aac": "adts",
    ".ac3": "ac3",
    ".amr": "amr",
    ".avi": "avi",
    ".dsf": None,
    ".m4a": "ipod",
    ".m4b": "ipod",
    ".m4v": "mp4",
    ".mka": "matroska",
    ".mkv": "matroska",
    ".mov": "mov",
    ".mp4": "mp4",
    ".mpeg": "mpeg",
    ".mpg": "mpeg",
    ".mts": "mpegts",
    ".ts": "mpegts",
    ".weba": "webm",
    ".webm": "webm",
    ".wma": "asf",
    ".wmv": "asf",
    ".wv": "wv",
}
#: Names of ffmpeg's demuxers. Playlists, which name other files, are not among them.
DEMUXERS = (
    *("aac", "ac3", "amr", "asf", "avi", "dsf", "eac3", "flac", "loas", "matroska", "mov"),
    *("mp3", "mpeg", "mpegts", "ogg", "wav", "wv"),
)
_TRANSPORT_STREAM = ".ts"
_SYNC = b"\x47"


def is_known(path: pathlib.Path) -> bool:
    """Returns whether a file's suffix is one that ffmpeg reads."""
    return path.suffix.lower() in MUXERS


def is_media(path: pathlib.Path) -> bool:
    """Returns whether a file in a folder is meant: a .ts is source code as often as video."""
    if path.suffix.lower() != _TRANSPORT_STREAM:
        return is_known(path)
    try:
        with path.open("rb") as file:
            return file.read(1) == _SYNC
    except OSError:
        return False
