"""Recordings: reference, noisy recording, estimates and known facts."""

from __future__ import annotations

import dataclasses
import pathlib
from collections.abc import Collection, Iterator, Mapping
from typing import Any, Protocol

import numpy as np

from tfse.audio.file_source import FileSource
from tfse.errors import AudioError
from tfse.types import Samples

#: Longer recordings are a fault: the metrics need about 4 MB of memory per second.
LONGEST_S = 1800.0


@dataclasses.dataclass(frozen=True)
class Sound:
    """A waveform.

    Attributes:
        samples: float32 `[samples]`, full scale is 1.
        sample_rate: in Hz.
    """

    samples: Samples
    sample_rate: int

    @property
    def seconds(self) -> float:
        """Length."""
        return len(self.samples) / self.sample_rate


@dataclasses.dataclass(frozen=True)
class Missing:
    """A missing recording, with the reason."""

    reason: str


#: Origin of samples.
Origin = pathlib.Path | Sound | Missing


@dataclasses.dataclass(frozen=True)
class Facts:
    """Known facts of a recording before it is measured; None is unknown.

    Attributes:
        snr_db: SNR as mixed; None also without noise.
        noise: kind of noise, "none" without noise.
        reverberant: whether the speech is in a room.
        speaker: speaker. Recordings of one speaker are not independent of each other, nor
            are those with one noise recording or in one room.
        noise_group: noise recording; None also for noise that was not recorded.
        room: room; None also for no room.
    """

    snr_db: float | None = None
    noise: str | None = None
    reverberant: bool | None = None
    speaker: str | None = None
    noise_group: str | None = None
    room: str | None = None


@dataclasses.dataclass(frozen=True)
class Recording:
    """One recording to be measured.

    Attributes:
        index: number in the set, from 0.
        file: name in tables.
        reference: clean speech.
        noisy: noisy recording, None if there is none.
        estimates: estimate of each system; systems that are models have none.
        facts: known facts.
        seconds: approximate length.
    """

    index: int
    file: str
    reference: Origin
    noisy: Origin | None
    estimates: Mapping[str, Origin] = dataclasses.field(default_factory=dict)
    facts: Facts = dataclasses.field(default_factory=Facts)
    seconds: float = 0.0


class Source(Protocol):
    """Set of recordings that can be iterated more than once."""

    @property
    def identity(self) -> dict[str, Any]:
        """Identity of the set, as JSON: other audio or settings have another identity."""

    @property
    def count(self) -> int:
        """Number of recordings."""

    @property
    def has_noisy(self) -> bool:
        """Whether every recording has a noisy one."""

    def recordings(self, wanted: Collection[int]) -> Iterator[Recording]:
        """Yields the recordings of the wanted indices, in order."""


def read(origin: Origin) -> Sound:
    """Returns the samples of an origin.

    Raises:
        AudioError: the file is missing, unreadable, damaged, too long or not mono.
    """
    if isinstance(origin, Sound):
        return origin
    if isinstance(origin, Missing):
        raise AudioError(origin.reason)
    with FileSource(origin) as source:
        if source.layout.channels != 1:
            raise AudioError(f"it must be mono; it has {source.layout.channels} channels")
        if source.duration_s > LONGEST_S:
            raise AudioError(f"it must last {LONGEST_S:g} s at most; it lasts {source.duration_s}")
        samples = np.concatenate(list(source.blocks()))[:, 0]
        if source.notes:
            raise AudioError(f"it is damaged: {'; '.join(source.notes)}")
        return Sound(samples, source.layout.sample_rate)
