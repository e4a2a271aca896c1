"""All rows of an evaluation, looked up by recording, system and metric."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterable, Sequence

from tfse.evaluation.metric_info import in_order
from tfse.evaluation.rows import Row
from tfse.evaluation.sources.metadata_file import GROUPS
from tfse.evaluation.sources.systems import NOISY

# Lower ends of the bands of SNR, in dB; each reaches up to the next.
_BANDS_DB = (-math.inf, -5, 0, 5, 10, 15, 20, math.inf)
UNKNOWN = "unknown"
_NO_NOISE = "no noise"


class Results:
    """Rows in the order of recordings and systems, whatever order they came in.

    Args:
        rows: of all recordings under all systems.
        systems: labels, in the order of the report.
    """

    def __init__(self, rows: Sequence[Row], systems: Sequence[str]) -> None:
        order = {system: number for number, system in enumerate(systems)}
        self.systems = list(systems)
        self.rows = sorted(rows, key=lambda row: (row.index, order[row.system]))
        self.of_system = {s: [row for row in self.rows if row.system == s] for s in systems}
        self._at = {(row.index, row.system): row for row in self.rows}
        self.indices = sorted({row.index for row in self.rows})
        self._names = {
            s: in_order({name for row in own for name in (*row.values, *row.reasons)})
            for s, own in self.of_system.items()
        }

    @property
    def metrics(self) -> list[str]:
        """The names of all metrics that any system has."""
        return in_order({name for names in self._names.values() for name in names})

    @property
    def has_noisy(self) -> bool:
        """Whether improvements can be told."""
        return NOISY in self.systems

    def metrics_of(self, system: str) -> list[str]:
        """Returns the names of the metrics that a system has."""
        return self._names[system]

    def row(self, index: int, system: str) -> Row:
        """Returns one row."""
        return self._at[index, system]

    def value(self, index: int, system: str, metric: str) -> float | None:
        """Returns one number, None where there is none."""
        return self._at[index, system].values.get(metric)

    def values(self, system: str, metric: str, indices: Sequence[int]) -> dict[int, float]:
        """Returns the numbers that there are of some recordings, by recording."""
        found = {index: self.value(index, system, metric) for index in indices}
        return {index: value for index, value in found.items() if value is not None}

    def differences(
        self, system: str, baseline: str, metric: str, indices: Sequence[int]
    ) -> dict[int, float]:
        """Returns how far a system is above another, for recordings where both have numbers."""
        after = self.values(system, metric, indices)
        before = self.values(baseline, metric, indices)
        return {index: after[index] - before[index] for index in after if index in before}

    def clusters(self, indices: Iterable[int]) -> dict[str, list[str | None]]:
        """Returns the speaker, noise recording and room of some recordings, None if unknown."""
        facts = [self._any(index).facts for index in indices]
        return {name: [getattr(one, name) for one in facts] for name in GROUPS}

    def snr_db(self, index: int) -> float | None:
        """Returns the SNR of a recording: as it is known, or else as it was measured."""
        known = self._any(index).facts.snr_db
        if known is not None or not self.has_noisy:
            return known
        return self.value(index, NOISY, "snr_db")

    def snr_is_measured(self) -> bool:
        """Whether any SNR is not known but measured of the noisy recording."""
        return any(
            self._any(i).facts.snr_db is None and self.snr_db(i) is not None for i in self.indices
        )

    def groups(self) -> dict[str, dict[str, list[int]]]:
        """Returns recordings by SNR, by kind of noise and by reverberation.

        A table of which all recordings would stand in the line "unknown" is left out.
        """
        tables = {
            "snr": self._grouped({i: self._band(i) for i in self.indices}, _band_names()),
            "noise": self._grouped({i: self._any(i).facts.noise or UNKNOWN for i in self.indices}),
            "reverberation": self._grouped({i: self._room(i) for i in self.indices}),
        }
        return {name: table for name, table in tables.items() if set(table) != {UNKNOWN}}

    def _grouped(
        self, keys: dict[int, str], order: Sequence[str] | None = None
    ) -> dict[str, list[int]]:
        table: dict[str, list[int]] = {}
        for index, key in keys.items():
            table.setdefault(key, []).append(index)
        ordered = sorted(table, key=lambda k: (k == UNKNOWN, order.index(k) if order else k))
        return {key: table[key] for key in ordered}

    def _any(self, index: int) -> Row:
        return self._at[index, self.systems[0]]

    def _band(self, index: int) -> str:
        if self._any(index).facts.noise == "none":
            return _NO_NOISE
        snr_db = self.snr_db(index)
        if snr_db is None:
            return UNKNOWN
        number = sum(snr_db >= low for low in _BANDS_DB[:-1]) - 1
        return _band_names()[number]

    def _room(self, index: int) -> str:
        reverberant = self._any(index).facts.reverberant
        return UNKNOWN if reverberant is None else ("no room", "in a room")[reverberant]


def _band_names() -> list[str]:
    inner = [f"{low:g} to {high:g} dB" for low, high in itertools.pairwise(_BANDS_DB[1:-1])]
    lowest, highest = _BANDS_DB[1], _BANDS_DB[-2]
    return [f"below {lowest:g} dB", *inner, f"{highest:g} dB and above", _NO_NOISE, UNKNOWN]
