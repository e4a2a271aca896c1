"""FFmpeg source: the audio track of a file, decoded by ffmpeg block by block."""

from __future__ import annotations

import contextlib
import pathlib
import re
import subprocess
from collections.abc import Iterator
from types import TracebackType
from typing import BinaryIO

import numpy as np

from tfse.audio.ffmpeg import media
from tfse.audio.ffmpeg.ffmpeg_process import FfmpegProcess, input_arguments
from tfse.audio.ffmpeg.media import Stream
from tfse.audio.file_source import DamagedError, require_rate
from tfse.audio.layout import Layout
from tfse.errors import AudioError
from tfse.types import Samples

_BLOCK_VALUES = 1 << 16
_FLOAT_BYTES = 4
_SHORT_BITS = 16
# Messages on damage that does not end ffmpeg.
_DAMAGE = re.compile("partial file|corrupt|ended prematurely|truncated")
# Headers round up to packets.
_MISSING_S = 0.2
# Tags of libsndfile by those of ffmpeg.
_TAGS = {
    **{name: name for name in ("title", "artist", "album", "date", "comment", "genre")},
    **{"copyright": "copyright", "track": "tracknumber"},
}


class FfmpegSource:
    """Audio track of a file; a context manager that ends its decoder.

    Gaps between its time stamps are filled with silence.

    Args:
        file: a path, or an open file on the disk.
        on_damage: "raise" an error where ffmpeg reports damage, or "keep" what it decodes.

    Attributes:
        layout: of the samples; neither format nor subtype is one of libsndfile.
        media: what the file has.
        track: the stream that is decoded.
        notes: damage; complete after the last block.
        remarks: none.

    Raises:
        AudioError: ffmpeg is missing or cannot read the file, which has no audio track, or one
            of a sample rate out of range.
    """

    def __init__(self, file: pathlib.Path | BinaryIO, on_damage: str = "raise") -> None:
        self.on_damage = on_damage
        self.media = media.open_media(file)
        self.track = self.media.audio
        require_rate(self.track.sample_rate)
        self.layout = Layout(
            self.track.sample_rate, self.track.channels, "FFMPEG", _subtype(self.track)
        )
        self.notes: list[str] = []
        self.remarks: list[str] = []
        self._opened = contextlib.ExitStack()

    @property
    def duration_s(self) -> float:
        """Length in seconds according to the file; 0 if it has none."""
        return self.track.duration_s or self.media.duration_s

    @property
    def tags(self) -> dict[str, str]:
        """Title, artist and the like, by libsndfile's names."""
        found = self.media.tags
        return {_TAGS[name]: text for name, text in found.items() if name in _TAGS and text}

    @property
    def others(self) -> list[str]:
        """Names of the tags and the picture that libsndfile does not store."""
        covers = [stream for stream in self.media.streams if stream.is_picture]
        return [*(n for n in self.media.tags if n not in _TAGS), *["picture"][: len(covers)]]

    def blocks(self) -> Iterator[Samples]:
        """Yields blocks of samples, float32 `[samples, channels]`.

        Raises:
            AudioError: the track cannot be decoded to its end.
        """
        read = 0
        process = self._opened.enter_context(
            FfmpegProcess(self._arguments(), stdout=subprocess.PIPE, files=self.media.files)
        )
        while len(block := self._next_block(process)):
            read += len(block)
            yield block
        self._check(process.finish(), process.message(), read)

    def __enter__(self) -> FfmpegSource:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._opened.close()

    def _arguments(self) -> list[str]:
        strict = ["-xerror"] if self.on_damage == "raise" else []
        samples = ["-ar", str(self.layout.sample_rate), "-ac", str(self.layout.channels)]
        track = ["-map", f"0:{self.track.index}", "-af", "aresample=async=1"]
        raw = ["-c:a", "pcm_f32le", "-f", "f32le", "pipe:1"]
        return [*strict, *input_arguments(self.media.address), *track, *samples, *raw]

    def _next_block(self, process: FfmpegProcess) -> Samples:
        channels = self.layout.channels
        size = max(1, _BLOCK_VALUES // channels) * channels * _FLOAT_BYTES
        data = process.stdout.read(size)
        values = np.frombuffer(data[: len(data) // _FLOAT_BYTES * _FLOAT_BYTES], "<f4")
        return values[: len(values) // channels * channels].reshape(-1, channels)

    def _check(self, status: int, message: str, read: int) -> None:
        if not read and not status:
            raise AudioError(f"its audio track is empty{message and f': {message}'}")
        # ffmpeg also reports what is no damage, such as a stream that begins between pictures.
        if status or _DAMAGE.search(message) or (message and self.on_damage == "keep"):
            damage = f"damaged after {read} samples: {message or f'ffmpeg ended with {status}'}"
            if self.on_damage != "keep" or not read:
                raise DamagedError(damage)
            self.notes.append(f"{damage}; what ffmpeg decodes is kept")
        claimed_s, read_s = self.track.duration_s, read / self.layout.sample_rate
        if read_s < claimed_s - _MISSING_S:
            self.notes.append(f"the header claims {claimed_s:.2f} s, {read_s:.2f} s are there")


def _subtype(track: Stream) -> str:
    """Returns libsndfile's number format that holds the samples; the codec's name if none must."""
    if track.codec.startswith("pcm_f"):
        return "FLOAT"
    return "PCM_24" if track.bits > _SHORT_BITS else track.codec.upper()
