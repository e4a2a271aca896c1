"""Bad input files of every kind, and the line that the program prints for each."""

from __future__ import annotations

import dataclasses
import io
import os
import pathlib
from collections.abc import Callable

import numpy as np
import soundfile

from tests.streaming.tiny_streams import RATE, noise, tones, write

WAV_RATE = slice(24, 28)
WAV_DATA_SIZE = slice(40, 44)


@dataclasses.dataclass(frozen=True)
class Bad:
    """Kind of bad input.

    Attributes:
        name: description.
        make: writes the file.
        reason: of the failure; None if the file is enhanced.
        note: on an enhanced file; None for none.
    """

    name: str
    make: Callable[[pathlib.Path], object]
    reason: str | None = None
    note: str | None = None


def wav(seconds: float = 0.5) -> bytes:
    file = io.BytesIO()
    soundfile.write(file, tones(int(seconds * RATE), RATE), RATE, format="WAV", subtype="PCM_16")
    return file.getvalue()


def patched(place: slice, value: int) -> Callable[[pathlib.Path], object]:
    def make(path: pathlib.Path) -> None:
        content = bytearray(wav())
        content[place] = value.to_bytes(4, "little")
        path.write_bytes(content)

    return make


def holding(samples: np.ndarray, subtype: str = "PCM_16") -> Callable[[pathlib.Path], object]:
    return lambda path: write(path, samples, subtype=subtype, format="WAV")


def broken(value: float) -> np.ndarray:
    samples = noise(RATE)
    samples[1234] = value
    return samples


def flac(path: pathlib.Path) -> None:
    write(path, noise(RATE), format="FLAC")
    path.write_bytes(path.read_bytes()[:9000])


BAD = [
    Bad("empty file", lambda path: path.write_bytes(b""), "the file is empty"),
    Bad("header only", lambda path: path.write_bytes(wav()[:44]), "there are no samples in it"),
    Bad(
        "part of a header",
        lambda path: path.write_bytes(wav()[:30]),
        "not readable as audio: error in wav file. no 'data' chunk marker",
    ),
    Bad(
        "truncated WAV",
        lambda path: path.write_bytes(wav()[:9044]),
        note="the header claims 16000 bytes of audio, 9000 are there",
    ),
    Bad(
        "truncated FLAC",
        flac,
        "damaged after 0 samples: error : flac decoder lost sync; "
        "--on_damage=keep keeps the samples before it",
    ),
    Bad(
        "header that claims more than the file has",
        patched(WAV_DATA_SIZE, 1_000_000),
        note="the header claims 1000000 bytes of audio, 16000 are there",
    ),
    Bad(
        "header that claims 4 GB",
        patched(WAV_DATA_SIZE, 2**32 - 1),
        note="the header claims 4294967295 bytes of audio, 16000 are there",
    ),
    Bad(
        "text named .wav",
        lambda path: path.write_text("Dear diary,\n" * 100),
        "not readable as audio: format not recognised",
    ),
    Bad(
        "0 Hz",
        patched(WAV_RATE, 0),
        "not readable as audio: the header has no valid sample rate",
    ),
    Bad(
        "10 MHz",
        patched(WAV_RATE, 10_000_000),
        "the sample rate must be from 1,000 to 768,000 Hz; received 10,000,000 Hz.",
    ),
    Bad("64 channels", holding(noise(2000, 64))),
    Bad("1 sample", holding(noise(1))),
    Bad("all zeros", holding(np.zeros(RATE, np.float32))),
    Bad("DC", holding(np.full(RATE, 0.7, np.float32))),
    Bad("full-scale square", holding(np.sign(tones(RATE, RATE)[:, 0]))),
    Bad(
        "NaN in a float file",
        holding(broken(np.nan), "FLOAT"),
        "samples must be finite and at most 1e+12 in magnitude; received nan at sample 1234 of "
        "channel 0.",
    ),
    Bad(
        "infinity in a float file",
        holding(broken(np.inf), "FLOAT"),
        "samples must be finite and at most 1e+12 in magnitude; received inf at sample 1234 of "
        "channel 0.",
    ),
    Bad("8-bit", holding(noise(RATE), "PCM_U8")),
    Bad("24-bit", holding(noise(RATE), "PCM_24")),
    Bad("float64", holding(noise(RATE), "DOUBLE")),
    Bad("A-law", holding(noise(RATE), "ALAW")),
    Bad(
        "a directory where a file is expected",
        lambda path: path.mkdir(),
        "it is a folder, not a file",
    ),
    Bad("no such file", lambda path: None, "no such file or directory"),
    Bad(
        "a pipe in the file system",
        lambda path: os.mkfifo(path),
        "not a regular file; pipe it into standard input, which is `-`",
    ),
]
