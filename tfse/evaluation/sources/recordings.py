"""What is measured: a reference, what came of it, and what is known of it."""

from __future__ import annotations

import dataclasses
import pathlib
from collections.abc import Collection, Iterator, Mapping
from typing import Any, Protocol

import numpy as np

from tfse.audio.file_source import FileSource
from tfse.errors import AudioError
from tfse.types import Samples

#: Longer recordings get a reason: the metrics need about 4 MB of memory a second.
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
    """A recording that is not there, and the line that says so."""

    reason: str


#: Where samples come from.
Origin = pathlib.Path | Sound | Missing


@dataclasses.dataclass(frozen=True)
class Facts:
    """What is known of a recording before it is measured; None is unknown.

    Attributes:
        snr_db: of speech to noise, as mixed; None without noise too.
        noise: kind of noise, "none" where there is none.
        reverberant: whether the speech is in a room.
        speaker: who speaks. Recordings of one speaker are not independent of each
            other, nor are those with one noise recording or in one room.
        noise_group: which noise recording it is; None for noise that was not recorded, too.
        room: which room it is; None for no room, too.
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
        index: its number in the set, from 0.
        file: its name in tables.
        reference: clean speech.
        noisy: what it was made noisy to, None if nobody gave it.
        estimates: by system, what came of it; systems that are models have none.
        facts: what is known of it.
        seconds: about how long it is.
    """

    index: int
    file: str
    reference: Origin
    noisy: Origin | None
    estimates: Mapping[str, Origin] = dataclasses.field(default_factory=dict)
    facts: Facts = dataclasses.field(default_factory=Facts)
    seconds: float = 0.0


class Source(Protocol):
    """A set of recordings that can be gone through more than once."""

    @property
    def identity(self) -> dict[str, Any]:
        """What the set is, as JSON: other audio or settings have another identity."""

    @property
    def count(self) -> int:
        """How many recordings there are."""

    @property
    def has_noisy(self) -> bool:
        """Whether there is a noisy recording to each."""

    def recordings(self, wanted: Collection[int]) -> Iterator[Recording]:
        """Gives those whose number is wanted, in order."""


def read(origin: Origin) -> Sound:
    """Returns the samples.

    Raises:
        AudioError: missing, unreadable, damaged, too long, or of several channels.
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
