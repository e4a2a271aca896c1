"""Safe reader: reads records inside a graph; an unreadable record is an empty tensor.

Only a dataset can continue after an error inside a graph, so a record is read as the one
element of a dataset, followed by an empty element that is used after an error.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt
import tensorflow as tf
from google.protobuf.message import DecodeError

from tfse.data.constants import FULL_SCALE
from tfse.data.records import audio_record
from tfse.errors import DataError

# From path, offset, place of the audio in the record, length of the record and
# number of samples to float32 [samples], or [0] after an error.
Attempt = Callable[[Any, Any, Any, Any, Any], Any]
raw = tf.raw_ops


def reader(encoding: str) -> Attempt:
    """Returns a graph function that reads a record, empty if it is unreadable.

    Args:
        encoding: "pcm16" or "flac".

    Shapes:
        string [], int64 [], int32 [], int32 [], int32 [] -> float32 [samples] or [0]

    Raises:
        ConfigError: the encoding is unknown.
    """
    decode = audio_record.decoder(encoding)
    if encoding == "pcm16":
        return _pcm16_attempt
    return _decoding_attempt(decode) if audio_record.tensorflow_io() else _flac_attempt


def _pcm16_attempt(path: Any, offset: Any, start: Any, size: Any, samples: Any) -> Any:
    """Returns the samples inside a record; only the checksum can fail here.

    A function inside the dataset, which may fail, costs as much as all the reading.
    """
    record = _record_or_nothing(path, offset)
    is_whole = tf.equal(tf.strings.length(record), size)
    count = tf.where(is_whole, 2 * samples, 0)
    audio = tf.strings.substr(record, tf.where(is_whole, start, 0), count)
    return tf.cast(tf.io.decode_raw(audio, tf.int16, little_endian=True), tf.float32) / FULL_SCALE


def _flac_attempt(path: Any, offset: Any, start: Any, size: Any, samples: Any) -> Any:
    """Returns the samples of a FLAC record without tensorflow-io.

    Python code cannot run inside the dataset, so the record alone is read there.
    """
    del start, size, samples
    record = _record_or_nothing(path, offset)
    audio = tf.numpy_function(_flac_or_nothing, [record], tf.int16, stateful=False)
    return tf.cast(tf.ensure_shape(audio, [None]), tf.float32) / FULL_SCALE


def _flac_or_nothing(record: bytes | npt.NDArray[Any]) -> npt.NDArray[np.int16]:
    try:
        example = tf.train.Example.FromString(audio_record.bytes_of(record))
        features = example.features.feature
        return audio_record.flac_samples(features["audio"].bytes_list.value[0])
    except (DecodeError, IndexError, DataError):
        return np.zeros(0, np.int16)


def _record_or_nothing(path: Any, offset: Any) -> Any:
    kept = {"output_types": [tf.int64, tf.string], "output_shapes": [[], []]}
    number = tf.zeros([], tf.int64)
    records = raw.TFRecordDatasetV2(
        filenames=[path], compression_type="", buffer_size=0, byte_offsets=[offset]
    )
    # Zipped, as a missing file would be an error again and again, without end.
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
