"""Degraded files: the files that a system made worse."""

from __future__ import annotations

import dataclasses

from tfse.evaluation.results import Results
from tfse.evaluation.sources.systems import NOISY

#: Files with larger falls are degraded.
STOI_FALL = 0.05
PESQ_FALL = 0.1
#: Files with larger level differences from clean are degraded, in dB.
LEVEL_SHIFT_DB = 3.0
_FALLS = {"stoi": STOI_FALL, "pesq_wb": PESQ_FALL}


@dataclasses.dataclass(frozen=True)
class DegradedFile:
    """Degradation of one recording by a system.

    Attributes:
        index: number of the recording.
        file: name of the recording.
        kinds: kinds of degradation: "stoi", "pesq", "level", "clipping".
        pesq_change: difference from noisy, None if a value is missing.
        stoi_change: difference from noisy, None if a value is missing.
        level_change_db: difference from clean.
        share_of_clipped: share of samples at or beyond full scale.
    """

    index: int
    file: str
    kinds: tuple[str, ...]
    pesq_change: float | None
    stoi_change: float | None
    level_change_db: float | None
    share_of_clipped: float | None


def find_degraded(results: Results, system: str) -> list[DegradedFile]:
    """Returns the recordings that a system degraded, the worst first."""
    found = (_judged(results, system, index) for index in results.indices)
    ranks = {index: place for place, index in enumerate(ranking(results, system))}
    return sorted((f for f in found if f.kinds), key=lambda f: ranks.get(f.index, len(ranks)))


def ranking(results: Results, system: str) -> list[int]:
    """Returns recordings from the worst to the best result of a system.

    With noisy recordings, by the change of PESQ or STOI relative to its limit, whichever is
    worse; without, by PESQ. Recordings without a value are left out.
    """
    scores = {index: _score(results, system, index) for index in results.indices}
    known = [index for index, score in scores.items() if score is not None]
    return sorted(known, key=lambda index: (scores[index], index))


def _score(results: Results, system: str, index: int) -> float | None:
    if not results.has_noisy:
        value = results.value(index, system, "pesq_wb")
        return results.value(index, system, "stoi") if value is None else value
    changes = [
        change / fall
        for metric, fall in _FALLS.items()
        if (change := _change(results, system, index, metric)) is not None
    ]
    return min(changes, default=None)


def _change(results: Results, system: str, index: int, metric: str) -> float | None:
    if not results.has_noisy:
        return None
    return results.differences(system, NOISY, metric, [index]).get(index)


def _judged(results: Results, system: str, index: int) -> DegradedFile:
    row = results.row(index, system)
    pesq, stoi = (_change(results, system, index, metric) for metric in ("pesq_wb", "stoi"))
    level_db = row.values.get("level_change_db")
    clipped = row.values.get("share_of_clipped")
    before = results.value(index, NOISY, "share_of_clipped") if results.has_noisy else None
    checks = {
        "stoi": stoi is not None and stoi < -STOI_FALL,
        "pesq": pesq is not None and pesq < -PESQ_FALL,
        "level": level_db is not None and abs(level_db) > LEVEL_SHIFT_DB,
        # Clipping of the noisy recording does not count.
        "clipping": clipped is not None and clipped > (before or 0.0),
    }
    kinds = tuple(kind for kind, is_degraded in checks.items() if is_degraded)
    return DegradedFile(index, row.file, kinds, pesq, stoi, level_db, clipped)
