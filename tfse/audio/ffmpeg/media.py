"""Media: the streams and tags of a file that ffmpeg reads."""

from __future__ import annotations

import contextlib
import dataclasses
import json
import pathlib
from typing import Any, BinaryIO

from tfse.audio.ffmpeg.ffmpeg_process import probe
from tfse.errors import AudioError

# Enough to see the first samples behind the priming of any codec.
_FIRST_PACKETS = 40
# Excerpt from which an unknown bit rate is estimated.
_EXCERPT_S = 30
# Tags that describe the container, and are written anew.
_OF_CONTAINER = ("major_brand", "minor_version", "compatible_brands", "encoder", "duration")


@dataclasses.dataclass(frozen=True)
class Stream:
    """Stream of a file.

    Attributes:
        index: in the file.
        kind: "audio", "video", "subtitle", "data" or "attachment".
        codec: ffmpeg's name, such as "aac"; "" if unknown.
        profile: of the codec, such as "LC".
        sample_rate: in Hz, of audio.
        channels: of audio.
        bit_rate: in bits per second; 0 if unknown.
        bits: per sample of lossless audio; 0 if unknown.
        dispositions: such as "default".
        duration_s: 0 if unknown.
    """

    index: int
    kind: str
    codec: str
    profile: str = ""
    sample_rate: int = 0
    channels: int = 0
    bit_rate: int = 0
    bits: int = 0
    dispositions: tuple[str, ...] = ()
    duration_s: float = 0.0

    @property
    def is_picture(self) -> bool:
        """Whether it is a cover, and not a film."""
        return "attached_pic" in self.dispositions


@dataclasses.dataclass(frozen=True)
class Media:
    """File that ffmpeg reads.

    Attributes:
        address: for ffmpeg.
        files: descriptors that the address names.
        streams: all, in order.
        duration_s: 0 if unknown.
        tags: title and the like, in lower case.
    """

    address: str
    files: tuple[int, ...]
    streams: tuple[Stream, ...]
    duration_s: float
    tags: dict[str, str]

    @property
    def audio(self) -> Stream:
        """The audio stream that players choose: the default one, else the first.

        Raises:
            AudioError: there is none.
        """
        found = [stream for stream in self.streams if stream.kind == "audio" and stream.channels]
        if not found:
            raise AudioError("it has no audio track")
        return next((stream for stream in found if "default" in stream.dispositions), found[0])


def open_media(file: pathlib.Path | BinaryIO) -> Media:
    """Returns what a file has.

    Raises:
        AudioError: ffmpeg cannot read it.
    """
    address, files = address_of(file)
    text = probe(["-show_streams", "-show_format", "-of", "json"], address, files)
    found: dict[str, Any] = json.loads(text)
    container = found.get("format", {})
    return Media(
        address,
        files,
        tuple(_stream(each) for each in found.get("streams", [])),
        _number(container.get("duration")),
        _tags(container.get("tags", {})),
    )


def address_of(file: pathlib.Path | BinaryIO) -> tuple[str, tuple[int, ...]]:
    """Returns the address of a file for ffmpeg, and the descriptors that it names.

    With the prefix no part of a name is taken for an option, a protocol or a pattern.
    """
    if isinstance(file, pathlib.Path):
        return f"file:{file.absolute()}", ()
    if isinstance(file.name, str):
        return f"file:{pathlib.Path(file.name).absolute()}", ()
    return f"file:/dev/fd/{file.fileno()}", (file.fileno(),)


def first_sample_s(media: Media, stream: Stream) -> float:
    """Returns the time stamp of the first sample that a decoder returns; 0 if there is none."""
    shown = ["-show_entries", "frame=pts_time,best_effort_timestamp_time", "-of", "json"]
    text = probe([*_of(stream, f"%+#{_FIRST_PACKETS}"), *shown], media.address, media.files)
    for frame in json.loads(text).get("frames", []):
        for name in ("pts_time", "best_effort_timestamp_time"):
            if name in frame:
                return _number(frame[name])
    return 0.0


def bit_rate(media: Media, stream: Stream) -> int:
    """Returns the bit rate of a stream, estimated from its beginning if the file has none."""
    if stream.bit_rate:
        return stream.bit_rate
    shown = ["-show_entries", "packet=size,duration_time", "-of", "json"]
    text = probe([*_of(stream, f"%+{_EXCERPT_S}"), *shown], media.address, media.files)
    packets = json.loads(text).get("packets", [])
    seconds = sum(_number(packet.get("duration_time")) for packet in packets)
    size = sum(_number(packet.get("size")) for packet in packets)
    return int(8 * size / seconds) if seconds else 0


def duration_s(path: pathlib.Path) -> float:
    """Returns the length of a file in seconds; 0 if it is unknown."""
    with contextlib.suppress(AudioError):
        return open_media(path).duration_s
    return 0.0


def described(stream: Stream) -> str:
    """Returns the kind and codec of a stream, for a note."""
    return f"{stream.kind} ({stream.codec or 'unknown'})"


def _of(stream: Stream, interval: str) -> list[str]:
    return ["-select_streams", str(stream.index), "-read_intervals", interval]


def _stream(found: dict[str, Any]) -> Stream:
    return Stream(
        found["index"],
        found.get("codec_type", "data"),
        found.get("codec_name", ""),
        found.get("profile", ""),
        int(_number(found.get("sample_rate"))),
        int(found.get("channels", 0)),
        int(_number(found.get("bit_rate"))),
        int(_number(found.get("bits_per_raw_sample")) or found.get("bits_per_sample", 0)),
        tuple(name for name, is_set in found.get("disposition", {}).items() if is_set),
        _number(found.get("duration")),
    )


def _tags(found: dict[str, str]) -> dict[str, str]:
    lowered = {name.lower(): text for name, text in found.items()}
    return {name: text for name, text in lowered.items() if name not in _OF_CONTAINER}


def _number(text: Any) -> float:
    try:
        return float(text)
    except (TypeError, ValueError):
        return 0.0
