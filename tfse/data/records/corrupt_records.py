"""What happens when a record cannot be read: it is named, counted, and another takes its place."""

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
    """One record and the shard that holds it."""

    record: index.RecordEntry
    path: str

    @property
    def offset(self) -> int:
        """Where the frame of the record begins in its shard, bytes."""
        return self.record.offset - audio_record.HEADER_BYTES

    def __str__(self) -> str:
        """Says what a person needs to find it."""
        return f"{self.path}: record {self.record.id} at byte {self.offset}"


class CorruptRecords:
    """Counts the records of opened data that cannot be read, each of them once.

    Args:
        limit: how many are borne.
    """

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._known: set[Place] = set()
        # Mixtures are made by several threads at once.
        self._lock = threading.Lock()

    def __contains__(self, place: Place) -> bool:
        """Tells whether a record is known to be corrupt."""
        return place in self._known

    def add(self, place: Place, reason: str) -> None:
        """Names a record that cannot be read, in one line of the log.

        Raises:
            DataError: it is one too many.
        """
        with self._lock:
            if place in self._known:
                return
            if len(self._known) >= self._limit:
                raise DataError(
                    f"`max_corrupt_records` must not be exceeded; received {self._limit} and "
                    f"{place}, which cannot be read: {reason}. Prepare the data again."
                ) from None
            self._known.add(place)
            count = len(self._known)
        _LOG.warning(
            f"{place} cannot be read: {reason}. Another takes its place; "
            f"{count} of {self._limit} that are borne."
        )


class StandIns:
    """Reads another record in place of one that cannot be read, always the same one.

    It is the next one that can be read: of the same group first, then of the
    same kind, then of all. So a mixture stays a function of its key and of the
    data, and those that did not want the record are as they were.

    Args:
        places: all records of a set and split, in the order of their numbers.
        decode: from a serialized record to float32 [samples].
        corrupt: counts what cannot be read.
    """

    def __init__(
        self, places: Sequence[Place], decode: Callable[[Any], Any], corrupt: CorruptRecords
    ) -> None:
        self._places = places
        self._decode = decode
        self._corrupt = corrupt

    def __call__(self, number: Any) -> npt.NDArray[np.float32]:
        """Returns the audio that stands in for a record.

        Shapes:
            int32 [] -> float32 [samples]

        Raises:
            DataError: one too many records cannot be read, or none can.
        """
        for place in self._in_turn(int(number)):
            if place not in self._corrupt:
                try:
                    return self._read(place)
                except (tf.errors.OpError, ValueError) as error:
                    self._corrupt.add(place, _reason(error))
        raise DataError(f"A record must be readable; none is beside {self._places[number]}.")

    def _in_turn(self, number: int) -> Iterator[Place]:
        wanted = self._places[number]
        # From the record itself to the end, and round to the one before it.
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
        # TensorFlow quotes a record that it cannot parse, and its bytes are no text.
        return "it is no tf.train.Example"
    # TensorFlow adds which of its operations it was, and where in the graph.
    text = error.message if isinstance(error, tf.errors.OpError) else str(error)
    lines = [line for line in str(text).split(" [Op:")[0].splitlines() if line.strip()]
    return lines[0].split("}} ")[-1].rstrip(".") if lines else type(error).__name__
