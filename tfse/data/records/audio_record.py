"""Audio record: the format of a record, shared by its writer and its readers in a graph.

A record is a `tf.train.Example`, so that any TFRecord reader can parse it. Its frame
contains checksums, which TensorFlow verifies in `read_record`. Samples are 16-bit
integers, so that no record can contain NaN.
"""

from __future__ import annotations

import dataclasses
import functools
import io
from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt
import soundfile
import tensorflow as tf

from tfse.data.constants import ENCODINGS, FULL_SCALE
from tfse.errors import ConfigError, DataError

# A TFRecord frame: 8 bytes of length, 4 of checksum, the record, 4 of checksum.
HEADER_BYTES = 12
FOOTER_BYTES = 4
# Tag of a field in a protocol buffer; its length follows as a varint.
_TAG_BYTES = 1

FEATURES = {
    "audio": tf.io.FixedLenFeature([], tf.string),
    "encoding": tf.io.FixedLenFeature([], tf.string),
    "sample_rate": tf.io.FixedLenFeature([], tf.int64),
    "samples": tf.io.FixedLenFeature([], tf.int64),
    "id": tf.io.FixedLenFeature([], tf.string),
    "group": tf.io.FixedLenFeature([], tf.string),
    "kind": tf.io.FixedLenFeature([], tf.string),
}


@dataclasses.dataclass(frozen=True)
class AudioRecord:
    """One stored utterance, noise or room impulse response.

    Attributes:
        audio: encoded mono audio.
        encoding: "pcm16" (little-endian) or "flac".
        sample_rate: samples per second.
        samples: length in samples.
        id: id of the source.
        group: speaker, noise recording or room.
        kind: name of the source folder, such as the kind of noise.
    """

    audio: bytes
    encoding: str
    sample_rate: int
    samples: int
    id: str
    group: str
    kind: str

    def serialize(self) -> bytes:
        """Returns the bytes of the record, always the same for one content."""
        values = {name: _feature(getattr(self, name)) for name in FEATURES}
        example = tf.train.Example(features=tf.train.Features(feature=values))
        return bytes(example.SerializeToString(deterministic=True))


def read_record(path: Any, offset: Any) -> Any:
    """Reads one record at a known offset in a shard, in the graph.

    The raw op is used because `tf.data.TFRecordDataset` cannot start inside a file. It
    seeks the offset directly and verifies both checksums.

    Args:
        path: string tensor [].
        offset: int64 tensor [], start of the frame of the record, bytes.

    Returns:
        String tensor []: the serialized record. When it runs, it raises
        `tf.errors.DataLossError` if a checksum does not match.
    """
    signature = {"output_types": [tf.string], "output_shapes": [[]]}
    records = tf.raw_ops.TFRecordDatasetV2(
        filenames=[path], compression_type="", buffer_size=0, byte_offsets=[offset]
    )
    first = tf.raw_ops.TakeDataset(input_dataset=records, count=1, **signature)
    return tf.raw_ops.DatasetToSingleElement(dataset=first, **signature)[0]


def audio_start(record_bytes: int, audio_bytes: int) -> int:
    """Returns the offset of the audio in a record, bytes.

    Features are sorted by name and "audio" is the first, so that only the tags and
    lengths of the messages that contain it precede it, each as long as its varint.

    Args:
        record_bytes: length of the record.
        audio_bytes: length of its audio.
    """
    content, before = audio_bytes, 0
    # The value, its list, its feature with the name before it, and the entry of the map.
    for name_bytes in (0, 0, _TAG_BYTES + 1 + len("audio"), 0):
        head = _TAG_BYTES + _varint_bytes(content)
        before += head + name_bytes
        content += head + name_bytes
    # All features; the others follow the audio.
    lengths = range(1, _varint_bytes(record_bytes) + 1)
    fitting = (n for n in lengths if _varint_bytes(record_bytes - _TAG_BYTES - n) == n)
    # None fits if the index has a wrong length; reading detects that.
    return before + _TAG_BYTES + next(fitting, 1)


def _varint_bytes(value: int) -> int:
    return max(1, -(-value.bit_length() // 7))


def decoder(encoding: str) -> Callable[[Any], Any]:
    """Returns a graph function from a serialized record to its audio.

    Args:
        encoding: "pcm16" or "flac".

    Shapes:
        string [] -> float32 [samples]

    Raises:
        ConfigError: the encoding is unknown.
    """
    if encoding not in ENCODINGS:
        raise ConfigError(f"`encoding` must be one of {ENCODINGS}; received {encoding!r}.")
    decode = _decode_pcm16 if encoding == "pcm16" else _flac_decoder()

    def audio_of(record: Any) -> Any:
        audio = tf.io.parse_single_example(record, {"audio": FEATURES["audio"]})["audio"]
        return tf.cast(decode(audio), tf.float32) / FULL_SCALE

    return audio_of


def _decode_pcm16(audio: Any) -> Any:
    return tf.io.decode_raw(audio, tf.int16, little_endian=True)


def _flac_decoder() -> Callable[[Any], Any]:
    tfio = tensorflow_io()
    if tfio is None:
        return _decode_flac_in_python

    def decode(audio: Any) -> Any:
        return tf.squeeze(tfio.audio.decode_flac(audio, dtype=tf.int16), axis=-1)

    return decode


@functools.cache
def tensorflow_io() -> Any | None:
    """Returns tensorflow-io if its native operations load, which they do beside TensorFlow 2.17.

    Imported on demand: it takes a second, and PCM16 needs none of it.
    """
    try:
        import tensorflow_io as tfio
        from tensorflow_io.python.ops import core_ops

        # The first attribute loads the library.
        core_ops.io_audio_decode_flac  # noqa: B018
    except (ImportError, NotImplementedError, AttributeError):
        return None
    return tfio


def _decode_flac_in_python(audio: Any) -> Any:
    samples = tf.numpy_function(flac_samples, [audio], tf.int16, stateful=False)
    return tf.ensure_shape(samples, [None])


def flac_samples(audio: bytes | npt.NDArray[Any]) -> npt.NDArray[np.int16]:
    """Returns the samples of a FLAC file of one channel, `[samples]`.

    Raises:
        DataError: it is not one.
    """
    try:
        samples, _ = soundfile.read(io.BytesIO(bytes_of(audio)), dtype="int16")
    except soundfile.SoundFileError as error:
        raise DataError("its audio is not FLAC") from error
    return np.asarray(samples, np.int16)


def bytes_of(value: bytes | npt.NDArray[Any]) -> bytes:
    """Returns a string as `tf.numpy_function` passes it: bytes, in eager mode an array.

    Not by way of an array of NumPy's bytes, which would lose zeros at the end.
    """
    return value if isinstance(value, bytes) else bytes(value.item())


def _feature(value: bytes | str | int) -> Any:
    if isinstance(value, int):
        return tf.train.Feature(int64_list=tf.train.Int64List(value=[value]))
    data = value.encode(errors="surrogateescape") if isinstance(value, str) else value
    return tf.train.Feature(bytes_list=tf.train.BytesList(value=[data]))
