"""Reads records inside a graph without ending it: what cannot be read is empty.

Only a data set can go on after an error inside a graph, so reading is made one:
its one element, or an empty one behind it where there was an error.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import tensorflow as tf

from tfse.data.preparation.mono_audio import FULL_SCALE
from tfse.data.records import audio_record

# From path, offset, place of the audio in the record, length of the record and
# number of samples to float32 [samples], or [0] in place of an error.
Attempt = Callable[[Any, Any, Any, Any, Any], Any]
raw = tf.raw_ops


def reader(encoding: str) -> Attempt:
    """Returns a function of the graph that reads a record, or gives nothing if it cannot.

    Args:
        encoding: "pcm16" or "flac".

    Shapes:
        string [], int64 [], int32 [], int32 [], int32 [] -> float32 [samples] or [0]

    Raises:
        ConfigError: the encoding is neither of the two.
    """
    decode = audio_record.decoder(encoding)
    return _pcm16_attempt if encoding == "pcm16" else _decoding_attempt(decode)


def _pcm16_attempt(path: Any, offset: Any, start: Any, size: Any, samples: Any) -> Any:
    """Cuts the samples out of the record: nothing here can fail but the checksum.

    A function inside the data set, which may fail, costs as much as all the reading.
    """
    record = _record_or_nothing(path, offset)
    is_whole = tf.equal(tf.strings.length(record), size)
    count = tf.where(is_whole, 2 * samples, 0)
    audio = tf.strings.substr(record, tf.where(is_whole, start, 0), count)
    return tf.cast(tf.io.decode_raw(audio, tf.int16, little_endian=True), tf.float32) / FULL_SCALE


def _record_or_nothing(path: Any, offset: Any) -> Any:
    kept = {"output_types": [tf.int64, tf.string], "output_shapes": [[], []]}
    number = tf.zeros([], tf.int64)
    records = raw.TFRecordDatasetV2(
        filenames=[path], compression_type="", buffer_size=0, byte_offsets=[offset]
    )
    # Zipped, for a file that is gone is an error again and again, and would never end.
    once = raw.TensorDataset(components=[number], output_shapes=[[]])
    record = raw.ZipDataset(input_datasets=[once, records], **kept)
    nothing = raw.TensorDataset(components=[number, tf.constant("")], output_shapes=[[], []])
    return _first(record, nothing, kept)[1]


def _decoding_attempt(decode: Callable[[Any], Any]) -> Attempt:
    place = (tf.TensorSpec([], tf.string), tf.TensorSpec([], tf.int64))
    kept = {"output_types": [tf.float32], "output_shapes": [[None]]}

    @tf.function(input_signature=place, autograph=False)
    def read(path: Any, offset: Any) -> Any:
        return decode(audio_record.read_record(path, offset))

    traced = read.get_concrete_function()

    def attempt(path: Any, offset: Any, start: Any, size: Any, samples: Any) -> Any:
        del start, size, samples
        once = raw.TensorDataset(components=[path, offset], output_shapes=[[], []])
        audio = raw.MapDataset(input_dataset=once, other_arguments=[], f=traced, **kept)
        nothing = raw.TensorDataset(components=[tf.zeros([0])], output_shapes=[[0]])
        return _first(audio, nothing, kept)[0]

    return attempt


def _first(tried: Any, otherwise: Any, kept: dict[str, Any]) -> Any:
    tried = raw.IgnoreErrorsDataset(input_dataset=tried, log_warning=False, **kept)
    both = raw.ConcatenateDataset(input_dataset=tried, another_dataset=otherwise, **kept)
    first = raw.TakeDataset(input_dataset=both, count=1, **kept)
    return raw.DatasetToSingleElement(dataset=first, **kept)
