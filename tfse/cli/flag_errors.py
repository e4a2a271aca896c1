"""One-line messages for errors of absl flags and ml_collections config files."""

from __future__ import annotations

import dataclasses
import difflib
import re
import sys
import traceback
from typing import Any

from tfse.cli import shipped_configs

# Matched after line ends are removed.
_MISSING_FILE = re.compile(r"Failed loading config file .*No such file or directory: '(.*?)'")
_MISSING_FLAG = re.compile(r"flag --(\w+)=None: Flag --\w+ must have a value other than None\.")
_MISSING_FIELDS = (
    re.compile(r"Field (?P<field>\w+) not found on dataclass <class '(?P<type>[\w.]+)'>"),
    re.compile(r"Attribute <class '(?P<type>[\w.]+)'>\.(?P<field>\w+) does not exist"),
)
_NO_FUNCTION = re.compile(r"module 'config_\w+' has no attribute 'get_config'")


def explained(error: Exception) -> str:
    """Returns one line on an error of a flag, with the likely correction if known."""
    # The text of a KeyError has quotes around its argument.
    text = str(error.args[0]) if isinstance(error, KeyError) and error.args else str(error)
    text = " ".join(text.split())
    if found := _MISSING_FILE.search(text):
        return (
            "`--config` must be a file that exists or one of "
            f"{', '.join(shipped_configs.names())}; received {found[1]}."
        )
    if missing := _missing_flags(text):
        return f"{missing} must be given; see --help."
    if _NO_FUNCTION.search(text):
        return "the file of `--config` must define `get_config()`; it does not."
    for pattern in _MISSING_FIELDS:
        if found := pattern.search(text):
            return _unknown_field(found["field"], found["type"])
    return text


def _missing_flags(text: str) -> str:
    """Returns the names of flags that must be given, if the text says nothing else."""
    if _MISSING_FLAG.sub("", text).strip():
        return ""
    return " and ".join(f"`--{name}`" for name in _MISSING_FLAG.findall(text))


def of_config_file(error: BaseException) -> str:
    """Returns one line on an error that a config file raised."""
    where = traceback.extract_tb(error.__traceback__)[-1]
    file, line = where.filename, where.lineno
    if isinstance(error, SyntaxError):
        file, line = error.filename or file, error.lineno
    text = " ".join(str(error).split())
    return f"the file of `--config` cannot be read: {type(error).__name__}: {text} ({file}:{line})."


def _unknown_field(name: str, type_name: str) -> str:
    module, _, class_name = type_name.rpartition(".")
    found: Any = getattr(sys.modules.get(module), class_name, None)
    fields = [field.name for field in dataclasses.fields(found)] if found else []
    close = difflib.get_close_matches(name, fields, n=1)
    hint = f"did you mean {close[0]}?" if close else f"there are {', '.join(fields)}."
    return f"`{name}` is not a setting of {class_name}; {hint}"
