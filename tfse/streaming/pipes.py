"""Standard input and output: recordings through a pipe, and raw samples as they come."""

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
from tfse.streaming import sample_flow
from tfse.streaming.options import EnhanceOptions, Summary
from tfse.streaming.steps.base import Step
from tfse.types import Samples

_READ_BYTES = 1 << 16


class ByteStream(Protocol):
    """A pipe that gives what has arrived, without waiting for more."""

    def read1(self, size: int, /) -> bytes:
        """Returns at least one byte, or none at the end."""


@contextlib.contextmanager
def collected(stream: BinaryIO) -> Iterator[BinaryIO]:
    """Keeps everything that a pipe brings in a nameless file on the disk.

    A header tells its truth only when one can look at the end of the file, and
    most formats cannot be decoded without going back. Memory stays small; what
    must not wait for the end is sent raw, see `RawSource`.

    Yields:
        The file, at its beginning.

    Raises:
        AudioError: nothing came.
    """
    with tempfile.TemporaryFile() as file:
        shutil.copyfileobj(stream, file)
        if not file.tell():
            raise AudioError("nothing came through the pipe")
        file.seek(0)
        yield file


@contextlib.contextmanager
def released(stream: BinaryIO) -> Iterator[BinaryIO]:
    """Gives a nameless file, and sends it down a pipe when all went well."""
    with tempfile.TemporaryFile(buffering=0) as file:
        yield file
        file.seek(0)
        while data := file.read(_READ_BYTES):
            _send(data, stream)


class RawSource:
    """Samples without a header, as they arrive.

    Args:
        stream: where they come from.
        layout: how they are stored; the format is "RAW".
    """

    def __init__(self, stream: ByteStream, layout: Layout) -> None:
        self._stream = stream
        self.layout = layout
        self.notes: list[str] = []

    def blocks(self) -> Iterator[Samples]:
        """Gives whatever has arrived, float32 `[samples, channels]`."""
        size = bytes_per_frame(self.layout)
        pending = b""
        while arrived := self._stream.read1(_READ_BYTES):
            pending += arrived
            whole = len(pending) // size * size
            if whole:
                yield _decoded(pending[:whole], self.layout)
            pending = pending[whole:]
        if pending:
            self.notes.append(f"it ends inside a sample; {len(pending)} bytes were left out")


class RawWriter:
    """Sends samples down a pipe without a header, each block at once.

    Args:
        stream: where they go.
        layout: how they are stored; the format is "RAW".
    """

    def __init__(self, stream: BinaryIO, layout: Layout) -> None:
        self._stream = stream
        self._layout = layout

    def write(self, samples: Samples) -> None:
        """Encodes the next samples, `[samples, channels]`, and hands them over."""
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
    """Enhances raw samples as they arrive, and hands on what is ready at once.

    Args:
        source: where they come from.
        target: where they go, as `layout` has them unless `options.subtype` says else.
        layout: how they are stored; the format is "RAW".
        step: the model.
        options: see `EnhanceOptions`.

    Returns:
        Length, time, and what was odd.
    """
    require_rate(layout.sample_rate)
    writer = RawWriter(target, layout.converted(None, options.subtype))

    def consumer(noisy: Samples, enhanced: Samples) -> None:
        writer.write(enhanced)

    return sample_flow.run(RawSource(source, layout), step, options, [consumer])


def bytes_per_frame(layout: Layout) -> int:
    """Returns the bytes that one sample of every channel takes, without a header."""
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
        # Python tries once more at exit, and would end with a second complaint.
        os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())
        raise
