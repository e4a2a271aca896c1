"""Results of an evaluation: rows of measurements, looked up by recording, system and metric."""

from __future__ import annotations

import dataclasses
import itertools
import math
from collections.abc import Iterable, Sequence
from typing import Any

from tfse.evaluation.sources.metadata_file import GROUPS
from tfse.evaluation.sources.recordings import Facts, Recording
from tfse.evaluation.sources.systems import NOISY
from tfse.metrics.registry import in_order

# Boundaries of the SNR bands, in dB; a band includes its lower end.
_BANDS_DB = (-math.inf, -5, 0, 5, 10, 15, 20, math.inf)
UNKNOWN = "unknown"
_NO_NOISE = "no noise"


@dataclasses.dataclass(frozen=True)
class Row:
    """Measurements of one recording with one system; a metric is in `values` or `reasons`.

    Attributes:
        index: number of the recording.
        file: name of the recording.
        system: label of the system.
        facts: known facts of the recording.
        seconds: length of the recording, None if it could not be read.
        sample_rate: in Hz, None if it could not be read.
        values: finite values by metric.
        reasons: reasons for missing values by metric.
        limits: metrics that do not apply to the pair, which is not a fault of it.
        fault: fault of the pair as a whole, "" for none. It is the reason of metrics
            that are in neither dictionary.
    """

    index: int
    file: str
    system: str
    facts: Facts = dataclasses.field(default_factory=Facts)
    seconds: float | None = None
    sample_rate: int | None = None
    values: dict[str, float] = dataclasses.field(default_factory=dict)
    reasons: dict[str, str] = dataclasses.field(default_factory=dict)
    limits: tuple[str, ...] = ()
    fault: str = ""

    @property
    def failed(self) -> bool:
        """Whether the recordings have a fault, apart from the limits of a metric."""
        return bool(self.fault or set(self.reasons) - set(self.limits))

    def reason(self, metric: str) -> str:
        """Returns the reason why a metric has no value."""
        return self.reasons.get(metric, self.fault)

    @classmethod
    def from_json(cls, value: dict[str, Any]) -> Row:
        """Returns a row from the output of `dataclasses.asdict`."""
        facts, limits = Facts(**value["facts"]), tuple(value["limits"])
        return cls(**{**value, "facts": facts, "limits": limits})


def faulty(recording: Recording, system: str, fault: str) -> Row:
    """Returns the row of a recording that could not be measured."""
    return Row(recording.index, recording.file, system, recording.facts, fault=fault)


class Results:
    """Rows of all recordings and systems, in the order of the report.

    Args:
        rows: rows in any order.
        systems: labels of the systems, in the order of the report.
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
        """Names of all metrics that any system has."""
        return in_order({name for names in self._names.values() for name in names})

    @property
    def has_noisy(self) -> bool:
        """Whether improvements over noisy are known."""
        return NOISY in self.systems

    def metrics_of(self, system: str) -> list[str]:
        """Returns the names of the metrics that a system has."""
        return self._names[system]

    def row(self, index: int, system: str) -> Row:
        """Returns one row."""
        return self._at[index, system]

    def value(self, index: int, system: str, metric: str) -> float | None:
        """Returns one value, None if it is missing."""
        return self._at[index, system].values.get(metric)

    def values(self, system: str, metric: str, indices: Sequence[int]) -> dict[int, float]:
        """Returns the known values of some recordings, by recording."""
        found = {index: self.value(index, system, metric) for index in indices}
        return {index: value for index, value in found.items() if value is not None}

    def differences(
        self, system: str, baseline: str, metric: str, indices: Sequence[int]
    ) -> dict[int, float]:
        """Returns a system minus another, for recordings where both have values."""
        after = self.values(system, metric, indices)
        before = self.values(baseline, metric, indices)
        return {index: after[index] - before[index] for index in after if index in before}

    def clusters(self, indices: Iterable[int]) -> dict[str, list[str | None]]:
        """Returns the speaker, noise recording and room of some recordings, None if unknown."""
        facts = [self._first(index).facts for index in indices]
        return {name: [getattr(one, name) for one in facts] for name in GROUPS}

    def snr_db(self, index: int) -> float | None:
        """Returns the SNR of a recording, known or else measured."""
        known = self._first(index).facts.snr_db
        if known is not None or not self.has_noisy:
            return known
        return self.value(index, NOISY, "snr_db")

    def snr_is_measured(self) -> bool:
        """Returns whether any SNR is measured from the noisy recording instead of known."""
        return any(
            self._first(i).facts.snr_db is None and self.snr_db(i) is not None for i in self.indices
        )

    def groups(self) -> dict[str, dict[str, list[int]]]:
        """Returns recordings by SNR, by kind of noise and by reverberation.

        A table whose only line is "unknown" is left out.
        """
        tables = {
            "snr": self._grouped({i: self._band(i) for i in self.indices}, _band_names()),
            "noise": self._grouped(
                {i: self._first(i).facts.noise or UNKNOWN for i in self.indices}
            ),
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

    def _first(self, index: int) -> Row:
        return self._at[index, self.systems[0]]

    def _band(self, index: int) -> str:
        if self._first(index).facts.noise == "none":
            return _NO_NOISE
        snr_db = self.snr_db(index)
        if snr_db is None:
            return UNKNOWN
        number = sum(snr_db >= low for low in _BANDS_DB[:-1]) - 1
        return _band_names()[number]

    def _room(self, index: int) -> str:
        reverberant = self._first(index).facts.reverberant
        return UNKNOWN if reverberant is None else ("no room", "in a room")[reverberant]


def _band_names() -> list[str]:
    inner = [f"{low:g} to {high:g} dB" for low, high in itertools.pairwise(_BANDS_DB[1:-1])]
    lowest, highest = _BANDS_DB[1], _BANDS_DB[-2]
    return [f"below {lowest:g} dB", *inner, f"{highest:g} dB and above", _NO_NOISE, UNKNOWN]
