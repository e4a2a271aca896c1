"""Pipes: recordings and raw samples on standard input and output."""

from __future__ import annotations

import contextlib
import io
import os
import shutil
import tempfile
from collections.abc import Iterator
from typing import BinaryIO, Protocol

import numpy as np
import soundfile

from tfse.audio.file_source import require_rate
from tfse.audio.layout import Layout
from tfse.errors import AudioError
from tfse.streaming.enhance_source import enhance_source
from tfse.streaming.options import EnhanceOptions, Summary
from tfse.streaming.steps.base import Step
from tfse.types import Samples

_READ_BYTES = 1 << 16


class ByteStream(Protocol):
    """Pipe that returns the bytes that have arrived, without waiting for more."""

    def read1(self, size: int, /) -> bytes:
        """Returns at least one byte, or no byte at the end."""


@contextlib.contextmanager
def spooled_input(stream: BinaryIO) -> Iterator[BinaryIO]:
    """Copies all bytes of a pipe into a temporary file.

    A header can be checked only against the end of the file, and most formats
    cannot be decoded without seeking. Memory stays small. For immediate
    processing, samples are sent raw, see `RawSource`.

    Yields:
        The file, at its beginning.

    Raises:
        AudioError: the pipe is empty.
    """
    with tempfile.TemporaryFile() as file:
        shutil.copyfileobj(stream, file)
        if not file.tell():
            raise AudioError("standard input is empty")
        file.seek(0)
        yield file


@contextlib.contextmanager
def spooled_output(stream: BinaryIO) -> Iterator[BinaryIO]:
    """Yields a temporary file, and writes it to a pipe on success."""
    with tempfile.TemporaryFile(buffering=0) as file:
        yield file
        file.seek(0)
        while data := file.read(_READ_BYTES):
            _send(data, stream)


class RawSource:
    """Source of headerless samples as they arrive.

    Args:
        stream: provides the bytes.
        layout: of the samples; the format is "RAW".
    """

    def __init__(self, stream: ByteStream, layout: Layout) -> None:
        self._stream = stream
        self.layout = layout
        self.notes: list[str] = []

    def blocks(self) -> Iterator[Samples]:
        """Yields the samples that have arrived, float32 `[samples, channels]`."""
        size = bytes_per_frame(self.layout)
        pending = b""
        while arrived := self._stream.read1(_READ_BYTES):
            pending += arrived
            whole = len(pending) // size * size
            if whole:
                yield _decoded(pending[:whole], self.layout)
            pending = pending[whole:]
        if pending:
            self.notes.append(f"it ends inside a sample; {len(pending)} bytes were dropped")


class RawWriter:
    """Writer of headerless samples to a pipe, each block at once.

    Args:
        stream: receives the bytes.
        layout: of the samples; the format is "RAW".
    """

    def __init__(self, stream: BinaryIO, layout: Layout) -> None:
        self._stream = stream
        self._layout = layout

    def write(self, samples: Samples) -> None:
        """Encodes and sends the next samples, `[samples, channels]`."""
        encoded = io.BytesIO()
        layout = self._layout
        soundfile.write(
            encoded,
            layout.storable(samples),
            layout.sample_rate,
            layout.subtype,
            layout.endian,
            layout.format,
        )
        _send(encoded.getvalue(), self._stream)


def enhance_raw(
    source: ByteStream, target: BinaryIO, layout: Layout, step: Step, options: EnhanceOptions
) -> Summary:
    """Enhances raw samples as they arrive, and sends all output that is ready at once.

    Args:
        source: provides the noisy bytes.
        target: receives the enhanced bytes, in `layout` or with `options.subtype`.
        layout: of the samples; the format is "RAW".
        step: the model.
        options: see `EnhanceOptions`.

    Returns:
        Length, time and notes.
    """
    require_rate(layout.sample_rate)
    writer = RawWriter(target, layout.converted(None, options.subtype))

    def consumer(noisy: Samples, enhanced: Samples) -> None:
        writer.write(enhanced)

    return enhance_source(RawSource(source, layout), step, options, [consumer])


def bytes_per_frame(layout: Layout) -> int:
    """Returns the size in bytes of one sample of all channels."""
    encoded = io.BytesIO()
    silence = np.zeros((1, layout.channels), np.float32)
    RawWriter(encoded, layout).write(silence)
    return len(encoded.getvalue())


def _decoded(data: bytes, layout: Layout) -> Samples:
    samples, _ = soundfile.read(
        io.BytesIO(data),
        dtype="float32",
        always_2d=True,
        samplerate=layout.sample_rate,
        channels=layout.channels,
        subtype=layout.subtype,
        endian=layout.endian,
        format=layout.format,
    )
    return samples


def _send(data: bytes, stream: BinaryIO) -> None:
    try:
        stream.write(data)
        stream.flush()
    except BrokenPipeError:
        # Python flushes again at exit and would print a second error.
        os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())
        raise
