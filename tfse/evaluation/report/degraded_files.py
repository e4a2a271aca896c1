"""Do no harm: the files that a system made worse."""

from __future__ import annotations

import dataclasses

from tfse.evaluation.results import Results
from tfse.evaluation.sources.systems import NOISY

#: A fall by more than this is harm.
STOI_FALL = 0.05
PESQ_FALL = 0.1
#: A level that is further than this from that of clean speech is a shift, in dB.
LEVEL_SHIFT_DB = 3.0
_FALLS = {"stoi": STOI_FALL, "pesq_wb": PESQ_FALL}


@dataclasses.dataclass(frozen=True)
class Harm:
    """What a system did to one recording.

    Attributes:
        index: number of the recording.
        file: its name.
        kinds: "stoi", "pesq", "level", "clipping".
        pesq_change: against noisy, None where one of them has no number.
        stoi_change: likewise.
        level_change_db: against clean.
        share_of_clipped: samples at or beyond full scale.
    """

    index: int
    file: str
    kinds: tuple[str, ...]
    pesq_change: float | None
    stoi_change: float | None
    level_change_db: float | None
    share_of_clipped: float | None


def harms(results: Results, system: str) -> list[Harm]:
    """Returns the recordings that a system did harm to, the worst first."""
    found = (_harm(results, system, index) for index in results.indices)
    ranks = {index: place for place, index in enumerate(ranking(results, system))}
    return sorted((h for h in found if h.kinds), key=lambda h: ranks.get(h.index, len(ranks)))


def ranking(results: Results, system: str) -> list[int]:
    """Returns recordings from the one that fared worst under a system to the best.

    With noisy recordings, by the change of PESQ and of STOI in units of what counts
    as harm, whichever is worse; without, by PESQ. What has no number has no place.
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


def _harm(results: Results, system: str, index: int) -> Harm:
    row = results.row(index, system)
    pesq, stoi = (_change(results, system, index, metric) for metric in ("pesq_wb", "stoi"))
    level_db = row.values.get("level_change_db")
    clipped = row.values.get("share_of_clipped")
    before = results.value(index, NOISY, "share_of_clipped") if results.has_noisy else None
    signs = {
        "stoi": stoi is not None and stoi < -STOI_FALL,
        "pesq": pesq is not None and pesq < -PESQ_FALL,
        "level": level_db is not None and abs(level_db) > LEVEL_SHIFT_DB,
        # What was clipped before is not this system's doing.
        "clipping": clipped is not None and clipped > (before or 0.0),
    }
    kinds = tuple(kind for kind, is_there in signs.items() if is_there)
    return Harm(index, row.file, kinds, pesq, stoi, level_db, clipped)
