"""Corrupt records: unreadable records are logged, counted and substituted by others."""

from __future__ import annotations

import dataclasses
import logging
import threading
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import tensorflow as tf

from tfse.data.records import audio_record, index
from tfse.errors import DataError

_LOG = logging.getLogger(__name__)


@dataclasses.dataclass(frozen=True)
class Place:
    """Place of a record: its entry in the index and its shard."""

    record: index.RecordEntry
    path: str

    @property
    def offset(self) -> int:
        """Offset of the frame of the record in its shard, bytes."""
        return self.record.offset - audio_record.HEADER_BYTES

    def __str__(self) -> str:
        return f"{self.path}: record {self.record.id} at byte {self.offset}"


class CorruptRecords:
    """Set of the unreadable records of opened data, with a limit.

    Args:
        limit: largest number of unreadable records.
    """

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._known: set[Place] = set()
        # Mixtures are made by several threads in parallel.
        self._lock = threading.Lock()

    def __contains__(self, place: Place) -> bool:
        """Returns whether a record is known to be corrupt."""
        return place in self._known

    def add(self, place: Place, reason: str) -> None:
        """Adds an unreadable record and logs it in one line.

        Raises:
            DataError: the limit is exceeded.
        """
        with self._lock:
            if place in self._known:
                return
            if len(self._known) >= self._limit:
                raise DataError(
                    f"{place} cannot be read: {reason}. More than {self._limit} records are "
                    "corrupt (`max_corrupt_records`); prepare the data again."
                ) from None
            self._known.add(place)
            count = len(self._known)
        _LOG.warning(
            f"{place} cannot be read: {reason}. Another record replaces it; "
            f"{count} of at most {self._limit}."
        )


class Substitutes:
    """Substitutes of unreadable records, always the same for one record.

    The substitute is the next readable record, preferably of the same group, then of the
    same kind. So a mixture depends on its key and the data alone, and mixtures without the
    record do not change.

    Args:
        places: all records of a set and split, by record number.
        decode: from a serialized record to float32 [samples].
        corrupt: receives the unreadable records.
    """

    def __init__(
        self, places: Sequence[Place], decode: Callable[[Any], Any], corrupt: CorruptRecords
    ) -> None:
        self._places = places
        self._decode = decode
        self._corrupt = corrupt

    def __call__(self, number: Any) -> npt.NDArray[np.float32]:
        """Returns the audio of the substitute of a record.

        Shapes:
            int32 [] -> float32 [samples]

        Raises:
            DataError: too many records are unreadable, or all of them.
        """
        for place in self._candidates(int(number)):
            if place not in self._corrupt:
                try:
                    return self._read(place)
                except (tf.errors.OpError, ValueError) as error:
                    self._corrupt.add(place, _reason(error))
        raise DataError(f"No record can be read in place of {self._places[number]}.")

    def _candidates(self, number: int) -> Iterator[Place]:
        wanted = self._places[number]
        # From the record itself to the end, then from the start to the one before it.
        circle = [*self._places[number:], *self._places[:number]]
        yield from sorted(circle, key=lambda place: _distance(place, wanted))

    def _read(self, place: Place) -> npt.NDArray[np.float32]:
        with tf.device("CPU"):
            record = audio_record.read_record(place.path, place.offset)
            audio: npt.NDArray[np.float32] = self._decode(record).numpy()
        if audio.size != place.record.samples:
            raise DataError(f"it has {audio.size} samples, not {place.record.samples}")
        return audio


def _distance(place: Place, wanted: Place) -> tuple[bool, bool]:
    one, other = place.record, wanted.record
    return one.group != other.group, one.kind != other.kind


def _reason(error: Exception) -> str:
    if isinstance(error, UnicodeDecodeError):
        # TensorFlow quotes a record that it cannot parse, and its bytes are not text.
        return "it is not a tf.train.Example"
    # TensorFlow adds the operation and its place in the graph.
    text = error.message if isinstance(error, tf.errors.OpError) else str(error)
    lines = [line for line in str(text).split(" [Op:")[0].splitlines() if line.strip()]
    return lines[0].split("}} ")[-1].rstrip(".") if lines else type(error).__name__
