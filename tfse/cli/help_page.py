"""Help page of a program: its description, and its flags in groups, one line each where it fits."""

from __future__ import annotations

import re
import shutil
import textwrap
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from absl import flags

#: Names of flags by the heading of their group.
Groups = Mapping[str, Sequence[str]]

_OTHER = "Other"
_ALWAYS = {"help": "Print this page.", "version": "Print the version."}
_VALUES = {
    "int": "N",
    "float": "NUMBER",
    "string": "TEXT",
    "comma separated list of strings": "A,B",
}
# Width of the column of names; longer ones have their text on the next line.
_NAMES = 28
_MAX_WIDTH = 110


def help_page(description: str, module: str, groups: Groups) -> str:
    """Returns the help page of a program.

    Args:
        description: text above the flags.
        module: that defines the flags, or declares them its own.
        groups: names of flags by heading; those in no group come last.
    """
    # Its own and those that it declares; absl has no public name for them.
    known = {flag.name: flag for flag in flags.FLAGS.get_key_flags_for_module(module)}
    parts = [description.rstrip()]
    for heading, names in _complete(groups, known).items():
        lines = [line for name in names for line in _entry(known[name])]
        parts.append("\n".join([f"{heading}:", *lines]))
    always = [line for name, text in _ALWAYS.items() for line in _lines(f"--{name}", text)]
    return "\n\n".join([*parts, "\n".join(always)])


def _complete(groups: Groups, known: Mapping[str, Any]) -> dict[str, list[str]]:
    """Returns the groups without flags that are not there, and with those in no group."""
    complete = {
        heading: [name for name in names if name in known] for heading, names in groups.items()
    }
    grouped = {name for names in complete.values() for name in names}
    heading = _OTHER if groups else "Flags"
    complete[heading] = [name for name in sorted(known) if name not in grouped]
    return {heading: names for heading, names in complete.items() if names}


def _entry(flag: Any) -> Iterator[str]:
    # absl puts the values of an enumeration before its text.
    text = re.sub(r"^<[^>]*>: ", "", " ".join(flag.help.split()))
    yield from _lines(_usage(flag), f"{text}{_default(flag)}")


def _usage(flag: Any) -> str:
    if flag.boolean:
        return f"--[no]{flag.name}" if flag.default else f"--{flag.name}"
    choices = getattr(flag.parser, "enum_values", None)
    if choices and len("|".join(choices)) <= _NAMES:
        return f"--{flag.name}={'|'.join(choices)}"
    return f"--{flag.name}={_VALUES.get(flag.flag_type(), 'TEXT')}"


def _default(flag: Any) -> str:
    choices = getattr(flag.parser, "enum_values", None) or ()
    shown = "|".join(choices)
    extra = f" One of {', '.join(choices)}." if choices and len(shown) > _NAMES else ""
    if flag.boolean or flag.default in (None, "", []):
        return extra
    return (
        f"{extra} [{flag.serializer.serialize(flag.default) if flag.serializer else flag.default}]"
    )


def _lines(usage: str, text: str) -> Iterator[str]:
    width = min(_MAX_WIDTH, shutil.get_terminal_size((_MAX_WIDTH, 24)).columns)
    indent = " " * (_NAMES + 4)
    wrapped = textwrap.wrap(text, max(30, width - len(indent)), break_on_hyphens=False)
    if len(usage) <= _NAMES and wrapped:
        yield f"  {usage:<{_NAMES}}  {wrapped.pop(0)}"
    else:
        yield f"  {usage}"
    yield from (indent + line for line in wrapped)
