"""Excerpts: the worst, the median and the best recordings, for players and spectrograms."""

from __future__ import annotations

import dataclasses

from tfse.evaluation.report.degraded_files import ranking
from tfse.evaluation.results import Results
from tfse.evaluation.sources.recordings import Sound
from tfse.evaluation.sources.systems import NOISY


@dataclasses.dataclass(frozen=True)
class Excerpt:
    """One recording of the report.

    Attributes:
        index: number of the recording.
        places: its ranks, such as "worst 1 of lstm_irm".
        sounds: sounds by system, and `clean`; empty if not available.
    """

    index: int
    places: tuple[str, ...]
    sounds: dict[str, Sound] = dataclasses.field(default_factory=dict)


def chosen(results: Results, worst: int) -> list[Excerpt]:
    """Returns the recordings to show, each once.

    Args:
        results: all rows.
        worst: number of the worst recordings of each system; the median and the best
            are shown too. 0 shows none.
    """
    places: dict[int, list[str]] = {}
    for system in (s for s in results.systems if s != NOISY):
        order = ranking(results, system)
        named = {index: f"worst {n + 1} of {system}" for n, index in enumerate(order[:worst])}
        if worst and order:
            # In a small set they may be among the worst.
            named.setdefault(order[len(order) // 2], f"median of {system}")
            named.setdefault(order[-1], f"best of {system}")
        for index, place in named.items():
            places.setdefault(index, []).append(place)
    return [Excerpt(index, tuple(names)) for index, names in places.items()]
