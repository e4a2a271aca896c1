"""Conversion of one recording to encoded records, as worker processes of `tfse-prepare` run it.

TensorFlow is not imported here; it would cost each worker seconds and memory.
"""

from __future__ import annotations

import dataclasses
import itertools
import math
from collections.abc import Iterator, Sequence

from tfse.data.preparation import mono_audio
from tfse.data.preparation.recording_sources import Source
from tfse.errors import AudioError
from tfse.types import Samples

# Longer recordings are divided into several records: the pipeline reads whole records, and a
# crop of four seconds should not need an hour of audio.
RECORD_MAX_S = 30.0


@dataclasses.dataclass(frozen=True)
class Conversion:
    """Settings of the conversion of recordings to records.

    Attributes:
        sample_rate: samples per second of the records.
        encoding: "pcm16" or "flac".
        min_s: shorter speech or noise is skipped, seconds.
    """

    sample_rate: int
    encoding: str
    min_s: float


@dataclasses.dataclass(frozen=True)
class EncodedPiece:
    """Contents of one record that are not in its source.

    Attributes:
        id: id of the source, with the number of the piece if there are several.
        audio: encoded audio.
        samples: length of the audio.
    """

    id: str
    audio: bytes
    samples: int


@dataclasses.dataclass(frozen=True)
class Converted:
    """Result for one recording: its pieces, or the reason why it was skipped."""

    source: Source
    pieces: tuple[EncodedPiece, ...] = ()
    skipped: str = ""


@dataclasses.dataclass(frozen=True)
class Measured:
    """Length of one recording in seconds, or the reason why it was skipped."""

    source: Source
    seconds: float = 0.0
    skipped: str = ""


def measure(source: Source, conversion: Conversion) -> Measured:
    """Returns the length of a recording, from its header."""
    try:
        seconds = mono_audio.duration_s(source.path)
        _check_length(source, seconds, conversion.min_s)
    except AudioError as error:
        return Measured(source, skipped=str(error))
    return Measured(source, seconds)


def convert(source: Source, conversion: Conversion) -> Converted:
    """Returns the records of one recording, resampled, trimmed and encoded."""
    try:
        samples = mono_audio.read_mono(source.path, conversion.sample_rate)
    except AudioError as error:
        return Converted(source, skipped=str(error))
    if source.set == "noise":
        samples = mono_audio.trim_noise(samples)
    if source.set == "rir":
        samples = mono_audio.normalized(mono_audio.trim_rir(samples, conversion.sample_rate))
    return Converted(source, tuple(_pieces(source, samples, conversion)))


def _pieces(source: Source, samples: Samples, conversion: Conversion) -> Iterator[EncodedPiece]:
    rate = conversion.sample_rate
    count = math.ceil(samples.size / (RECORD_MAX_S * rate))
    for number, part in enumerate(_equal_parts(samples, count)):
        piece_id = f"{source.id}#{number}" if count > 1 else source.id
        yield EncodedPiece(piece_id, mono_audio.encode(part, rate, conversion.encoding), part.size)


def _equal_parts(samples: Samples, count: int) -> Sequence[Samples]:
    ends = [samples.size * number // count for number in range(count + 1)]
    return [samples[start:end] for start, end in itertools.pairwise(ends)]


def _check_length(source: Source, seconds: float, min_s: float) -> None:
    if seconds == 0:
        raise AudioError("empty: it has no samples")
    if source.set != "rir" and seconds < min_s:
        raise AudioError(f"too short: {seconds:.3f} s, below {min_s:g} s")
