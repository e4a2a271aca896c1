"""Clear lines for what absl and ml_collections report of wrong flags and config files."""

from __future__ import annotations

import dataclasses
import difflib
import re
import sys
import traceback
from typing import Any

# Line ends are gone by then.
_MISSING_FILE = re.compile(r"Failed loading config file .*No such file or directory: '(.*?)'")
_MISSING_FLAG = re.compile(r"flag --(\w+)=None: Flag --\w+ must have a value other than None\.")
_MISSING_FIELDS = (
    re.compile(r"Field (?P<field>\w+) not found on dataclass <class '(?P<type>[\w.]+)'>"),
    re.compile(r"Attribute <class '(?P<type>[\w.]+)'>\.(?P<field>\w+) does not exist"),
)
_NO_FUNCTION = re.compile(r"module 'config_\w+' has no attribute 'get_config'")


def explained(error: Exception) -> str:
    """Returns one line on what is wrong and, where it is known, what was meant."""
    # A KeyError puts quotes around what it was told.
    text = str(error.args[0]) if isinstance(error, KeyError) and error.args else str(error)
    text = " ".join(text.split())
    if found := _MISSING_FILE.search(text):
        return f"`--config` must be a file that exists; received {found[1]}."
    if found := _MISSING_FLAG.fullmatch(text):
        return f"`--{found[1]}` must be given; see --help."
    if _NO_FUNCTION.search(text):
        return "the file of `--config` must define `get_config()`; it does not."
    for pattern in _MISSING_FIELDS:
        if found := pattern.search(text):
            return _unknown_field(found["field"], found["type"])
    return text


def of_config_file(error: BaseException) -> str:
    """Returns one line on an error that a config file raised while it was read."""
    where = traceback.extract_tb(error.__traceback__)[-1]
    file, line = where.filename, where.lineno
    if isinstance(error, SyntaxError):
        file, line = error.filename or file, error.lineno
    told = " ".join(str(error).split())
    return f"the file of `--config` cannot be read: {type(error).__name__}: {told} ({file}:{line})."


def _unknown_field(name: str, type_name: str) -> str:
    module, _, class_name = type_name.rpartition(".")
    found: Any = getattr(sys.modules.get(module), class_name, None)
    fields = [field.name for field in dataclasses.fields(found)] if found else []
    close = difflib.get_close_matches(name, fields, n=1)
    meant = f"did you mean {close[0]}?" if close else f"there are {', '.join(fields)}."
    return f"`{name}` is no setting of {class_name}; {meant}"
