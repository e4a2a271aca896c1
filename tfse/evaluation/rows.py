"""A row: what was measured of one recording under one system."""

from __future__ import annotations

import dataclasses
from typing import Any

from tfse.evaluation.sources.recordings import Facts, Recording


@dataclasses.dataclass(frozen=True)
class Row:
    """One recording under one system; each metric is in `values` or in `reasons`.

    Attributes:
        index: number of the recording.
        file: its name.
        system: the label of a system.
        facts: what is known of the recording.
        seconds: its length, None if it could not be read.
        sample_rate: in Hz, None if it could not be read.
        values: finite numbers by metric.
        reasons: why a metric has none.
        limits: metrics without a number although nothing is wrong with the pair.
        fault: what is wrong with the pair as a whole, "" for nothing. Metrics that
            are in neither of the two dictionaries have this as their reason.
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
        """Whether something is wrong with the recordings, not with the reach of a metric."""
        return bool(self.fault or set(self.reasons) - set(self.limits))

    def reason(self, metric: str) -> str:
        """Returns why a metric has no number."""
        return self.reasons.get(metric, self.fault)

    @classmethod
    def from_json(cls, value: dict[str, Any]) -> Row:
        """Builds a row from what `dataclasses.asdict` made of one."""
        facts, limits = Facts(**value["facts"]), tuple(value["limits"])
        return cls(**{**value, "facts": facts, "limits": limits})


def faulty(recording: Recording, system: str, fault: str) -> Row:
    """Returns the row of what could not be measured at all."""
    return Row(recording.index, recording.file, system, recording.facts, fault=fault)
