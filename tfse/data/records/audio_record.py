"""What a record is: one spec for the writer and for the reader in the graph.

A record is a `tf.train.Example`, so that any TFRecord reader understands it.
The framing holds a checksum of it, which `read_record` has TensorFlow check.
Samples are whole numbers of 16 bits: no record can hold NaN.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import Any

import tensorflow as tf

from tfse.data.preparation.mono_audio import ENCODINGS, FULL_SCALE
from tfse.errors import ConfigError

# A TFRecord frame: 8 bytes length, 4 bytes checksum, the record, 4 bytes checksum.
HEADER_BYTES = 12
FOOTER_BYTES = 4
# Of a field in a protocol buffer; its length follows as a varint.
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
    """One utterance, noise or room impulse response as it is stored.

    Attributes:
        audio: encoded mono audio.
        encoding: "pcm16" (little-endian) or "flac".
        sample_rate: samples a second.
        samples: length in samples.
        id: where it came from.
        group: speaker, noise recording or room.
        kind: name of the folder it came from, such as the kind of noise.
    """

    audio: bytes
    encoding: str
    sample_rate: int
    samples: int
    id: str
    group: str
    kind: str

    def serialize(self) -> bytes:
        """Returns the bytes of the record; the same for the same content."""
        values = {name: _feature(getattr(self, name)) for name in FEATURES}
        example = tf.train.Example(features=tf.train.Features(feature=values))
        return bytes(example.SerializeToString(deterministic=True))


def read_record(path: Any, offset: Any) -> Any:
    """Reads one record at a known place in a shard, in the graph.

    The raw op is used because `tf.data.TFRecordDataset` has no way to start
    inside a file. It goes to the offset directly and checks both checksums.

    Args:
        path: string tensor [].
        offset: int64 tensor [], where the frame of the record begins, in bytes.

    Returns:
        String tensor []: the serialized record. When it runs, it raises
        `tf.errors.DataLossError` if the bytes are not those that were written.
    """
    signature = {"output_types": [tf.string], "output_shapes": [[]]}
    records = tf.raw_ops.TFRecordDatasetV2(
        filenames=[path], compression_type="", buffer_size=0, byte_offsets=[offset]
    )
    first = tf.raw_ops.TakeDataset(input_dataset=records, count=1, **signature)
    return tf.raw_ops.DatasetToSingleElement(dataset=first, **signature)[0]


def audio_start(record_bytes: int, audio_bytes: int) -> int:
    """Returns where the audio begins in a record, bytes.

    Features are sorted by name and "audio" is the first, so before it stand only
    the tags and lengths of the messages around it, each as long as its varint.

    Args:
        record_bytes: length of the whole record.
        audio_bytes: length of the audio in it.
    """
    content, before = audio_bytes, 0
    # The value, its list, its feature with the name before it, and the entry of the map.
    for name_bytes in (0, 0, _TAG_BYTES + 1 + len("audio"), 0):
        head = _TAG_BYTES + _varint_bytes(content)
        before += head + name_bytes
        content += head + name_bytes
    # All features: the rest of them stands behind the audio.
    lengths = range(1, _varint_bytes(record_bytes) + 1)
    fitting = (n for n in lengths if _varint_bytes(record_bytes - _TAG_BYTES - n) == n)
    # None fits where an index is wrong about the length; reading will find that out.
    return before + _TAG_BYTES + next(fitting, 1)


def _varint_bytes(value: int) -> int:
    return max(1, -(-value.bit_length() // 7))


def decoder(encoding: str) -> Callable[[Any], Any]:
    """Returns a function of the graph from a serialized record to its audio.

    Args:
        encoding: "pcm16" or "flac".

    Shapes:
        string [] -> float32 [samples]

    Raises:
        ConfigError: the encoding is neither of the two.
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
    # Loading its native ops takes a second, which PCM16 data need not pay.
    import tensorflow_io as tfio

    def decode(audio: Any) -> Any:
        return tf.squeeze(tfio.audio.decode_flac(audio, dtype=tf.int16), axis=-1)

    return decode


def _feature(value: bytes | str | int) -> Any:
    if isinstance(value, int):
        return tf.train.Feature(int64_list=tf.train.Int64List(value=[value]))
    data = value.encode(errors="surrogateescape") if isinstance(value, str) else value
    return tf.train.Feature(bytes_list=tf.train.BytesList(value=[data]))
