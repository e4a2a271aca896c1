"""List of the shipped models, from the measured part of their cards."""

from __future__ import annotations

import re

from tfse import pretrained

_FACTS = re.compile(
    r"^(?P<parameters>[\d,]+) parameters, (?P<cost>[\d.]+ [GM]) multiply-accumulates per second of "
    r"audio, (?P<rate>[\d,]+ Hz), .*algorithmic latency .*\((?P<latency>[\d.]+ ms)\)",
    re.MULTILINE,
)


def model_list() -> str:
    """Returns one line per shipped model: size, cost, sample rate and latency."""
    return "\n".join(_line(name) for name in pretrained.names())


def _line(name: str) -> str:
    card = pretrained.card_of(name)
    facts = _FACTS.search(card.read_text(encoding="utf-8")) if card else None
    default = ", the default" if name == pretrained.DEFAULT_MODEL else ""
    if facts is None:
        return f"{name}{default}"
    return (
        f"{name:<20}{facts['parameters']:>9} parameters, {facts['cost']} multiply-accumulates per "
        f"second, {facts['rate']}, latency {facts['latency']}{default}"
    )
