"""File names that a browser sends and receives; none is ever used as a path."""

from __future__ import annotations

import pathlib
import re
import urllib.parse

from tfse.streaming.batch.plan import ENHANCED_SUFFIX

_MAX_LENGTH = 150
_UNNAMED = "recording"
# What reaches the file system: the suffix alone, which can select the format.
_SUFFIX = re.compile(r"\.[A-Za-z0-9]{1,10}")
_UNSAFE_ASCII = re.compile(r'[^ -~]|["\\%]')


def shown_name(sent: str) -> str:
    """Returns the last part of a name that a browser sent, without control characters.

    Example:
        >>> shown_name("../../etc/pass\\nwd.wav")
        'passwd.wav'
    """
    name = re.split(r"[/\\]", sent)[-1]
    name = "".join(c for c in name if c.isprintable()).strip()
    return name[-_MAX_LENGTH:] if name.strip(".") else _UNNAMED


def safe_suffix(name: str) -> str:
    """Returns the suffix of a name if it is short and alphanumeric, else ""."""
    suffix = pathlib.PurePath(name).suffix
    return suffix if _SUFFIX.fullmatch(suffix) else ""


def result_name(name: str, suffix: str) -> str:
    """Returns the name of the enhanced recording.

    Example:
        >>> result_name("call.wav", ".wav")
        'call_enhanced.wav'
    """
    return f"{pathlib.PurePath(name).stem}{ENHANCED_SUFFIX}{suffix}"


def attachment(name: str) -> str:
    """Returns the Content-Disposition header of a download, for any Unicode name.

    Example:
        >>> attachment("é.wav")
        'attachment; filename="_.wav"; filename*=UTF-8\\'\\'%C3%A9.wav'
    """
    ascii_name = _UNSAFE_ASCII.sub("_", name)
    encoded = urllib.parse.quote(name, safe="", errors="replace")
    return f"attachment; filename=\"{ascii_name}\"; filename*=UTF-8''{encoded}"
