"""Opening of the writer of an enhanced recording: by libsndfile, or by ffmpeg."""

from __future__ import annotations

import contextlib
import pathlib
from typing import Any, BinaryIO, Protocol

from tfse.audio.audio_writer import AudioWriter
from tfse.audio.ffmpeg.ffmpeg_source import FfmpegSource
from tfse.audio.ffmpeg.ffmpeg_writer import FfmpegWriter
from tfse.audio.layout import Layout, format_of, require_known_suffix, subtype_of
from tfse.audio.metadata.metadata_transfer import MetadataTransfer
from tfse.errors import ConfigError
from tfse.streaming.open_recording import Recording
from tfse.streaming.options import PIPE, EnhanceOptions
from tfse.types import Samples


class Writer(contextlib.AbstractContextManager[Any], Protocol):
    """Encoder of an enhanced recording.

    Attributes:
        notes: differences between the file and the recording; complete at the end.
    """

    notes: list[str]

    def write(self, samples: Samples) -> None:
        """Encodes the next samples, `[samples, channels]`."""


def open_writer(
    file: BinaryIO, recording: Recording, layout: Layout, source: pathlib.Path
) -> Writer:
    """Returns the writer of a result with the metadata of its recording.

    Args:
        file: unbuffered, open for writing and reading.
        recording: from `open_recording`.
        layout: from `target_layout`.
        source: path of the recording.
    """
    if not isinstance(recording, FfmpegSource):
        metadata = MetadataTransfer(recording.stream, recording.tags, layout)
        return AudioWriter(file, layout, metadata=metadata)
    if layout == recording.layout:
        return FfmpegWriter(file, recording, source.suffix)
    writer = AudioWriter(file, layout, recording.tags)
    if recording.others:
        writer.notes.append(f"not kept: {', '.join(recording.others)}")
    return writer


def target_layout(
    recording: Recording, source: pathlib.Path, options: EnhanceOptions, target: pathlib.Path
) -> Layout:
    """Returns the layout of a target; a suffix unlike the source's selects the format.

    Raises:
        ConfigError: the target's format cannot be written.
    """
    layout = recording.layout
    keeps_format = not options.format and (PIPE in (source, target) or _same_suffix(source, target))
    if isinstance(recording, FfmpegSource):
        if keeps_format and options.subtype:
            raise ConfigError(
                f"`subtype` is for formats that libsndfile writes, and {source.suffix} keeps its "
                "codec: give a `format` too, or an output such as .wav."
            )
        if keeps_format:
            return layout
        _require_suffix(source, target, options)
    if options.format or keeps_format:
        return layout.converted(options.format, options.subtype)
    require_known_suffix(target)
    return layout.converted(format_of(target), options.subtype or subtype_of(target))


def noise_layout(
    recording: Recording, source: pathlib.Path, options: EnhanceOptions, target: pathlib.Path
) -> Layout:
    """Returns the layout of the removed noise, which is never written by ffmpeg.

    Raises:
        ConfigError: the target's format cannot be written.
    """
    layout = target_layout(recording, source, options, target)
    if isinstance(recording, FfmpegSource) and layout == recording.layout:
        raise ConfigError(
            f"the removed noise is sound alone: name a file such as noise.wav; received {target}."
        )
    return layout


def _require_suffix(source: pathlib.Path, target: pathlib.Path, options: EnhanceOptions) -> None:
    if not options.format and format_of(target) is None:
        raise ConfigError(
            f"the result of a {source.suffix} must be a {source.suffix} too, or have the suffix of "
            f"a format that libsndfile writes, such as .wav or .flac; received {target.name}."
        )


def _same_suffix(one: pathlib.Path, two: pathlib.Path) -> bool:
    return one.suffix.lower() == two.suffix.lower()
