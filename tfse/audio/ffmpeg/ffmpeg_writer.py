"""FFmpeg writer: encodes an enhanced track into a copy of the file that it came from."""

from __future__ import annotations

import subprocess
from types import TracebackType
from typing import BinaryIO

import numpy as np

from tfse.audio.ffmpeg import media, track_encoding
from tfse.audio.ffmpeg.containers import MUXERS
from tfse.audio.ffmpeg.ffmpeg_process import FfmpegProcess, input_arguments
from tfse.audio.ffmpeg.ffmpeg_source import FfmpegSource
from tfse.audio.ffmpeg.media import Stream
from tfse.errors import AudioError, ConfigError
from tfse.files import write_all
from tfse.types import Samples

_COPIED = ("video", "audio", "subtitle", "attachment")
_CHAPTER_TEXTS = "bin_data"


class FfmpegWriter:
    """Copy of a file with another audio track; a context manager that completes it.

    Pictures, subtitles, other audio tracks, chapters and tags are copied as they are. The track
    begins at the time stamp of the first sample of the source, so it stays time-aligned with the
    picture.

    Args:
        file: open for writing, on the disk; ffmpeg opens it again.
        source: has the other streams.
        suffix: of the result, that of the source.

    Attributes:
        notes: what the copy lacks; complete at the end.

    Raises:
        ConfigError: ffmpeg does not write this container.
    """

    def __init__(self, file: BinaryIO, source: FfmpegSource, suffix: str) -> None:
        muxer = MUXERS[suffix.lower()]
        if muxer is None:
            raise ConfigError(
                f"ffmpeg does not write {suffix}; name an output such as .wav or .flac."
            )
        self.notes: list[str] = []
        self._file = file
        self._source = source
        # Where the container does not store the delay of the codec, the track begins with it in
        # place of as many samples, and stays time-aligned.
        self._skipped = track_encoding.delay_samples(source.track, muxer)
        found = source.media
        self._streams = [s for s in found.streams if s is source.track or s.kind in _COPIED]
        address, files = media.address_of(file)
        self._process = FfmpegProcess(
            [*self._inputs(muxer), *self._outputs(muxer), "-f", muxer, "-y", address],
            stdin=subprocess.PIPE,
            files=(*found.files, *files),
        )

    def write(self, samples: Samples) -> None:
        """Encodes the next samples, `[samples, channels]`.

        Raises:
            AudioError: ffmpeg has failed.
        """
        data = np.ascontiguousarray(self._shifted(samples), "<f4").tobytes()
        try:
            write_all(self._process.stdin, data)  # type: ignore[arg-type]
        except BrokenPipeError as error:
            self._process.finish()
            raise self._error() from error

    def __enter__(self) -> FfmpegWriter:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Completes the file.

        Raises:
            AudioError: ffmpeg has failed.
        """
        with self._process:
            if error is not None:
                return
            if self._process.finish():
                raise self._error()
        self._compare()

    def _shifted(self, samples: Samples) -> Samples:
        """Drops, or inserts, samples at the beginning."""
        if self._skipped < 0:
            silence = np.zeros((-self._skipped, samples.shape[1]), np.float32)
            self._skipped = 0
            return np.concatenate([silence, samples])
        dropped = min(self._skipped, len(samples))
        self._skipped -= dropped
        return samples[dropped:]

    def _inputs(self, muxer: str) -> list[str]:
        source, layout = self._source, self._source.layout
        start = media.first_sample_s(source.media, source.track)
        start += self._skipped / layout.sample_rate + track_encoding.early_s(source.track, muxer)
        samples = ["-f", "f32le", "-ar", str(layout.sample_rate), "-ac", str(layout.channels)]
        # Without -copyts ffmpeg would shift each input to begin at 0. Damage is the source's to
        # report.
        copied = ["-copyts", *input_arguments(source.media.address)]
        return [*copied, "-itsoffset", f"{start:.6f}", *samples, "-i", "pipe:0"]

    def _outputs(self, muxer: str) -> list[str]:
        arguments = ["-map_metadata", "0", "-map_chapters", "0", "-c", "copy"]
        for number, stream in enumerate(self._streams):
            if stream is self._source.track:
                arguments += self._track(number, muxer)
            else:
                arguments += ["-map", f"0:{stream.index}"]
        return [*arguments, *track_encoding.muxer_arguments(muxer)]

    def _track(self, number: int, muxer: str) -> list[str]:
        track = self._source.track
        rate = media.bit_rate(self._source.media, track)
        return [
            *("-map", "1:0", f"-map_metadata:s:{number}", f"0:s:{track.index}"),
            *(f"-disposition:{number}", "+".join(track.dispositions) or "0"),
            *track_encoding.arguments(track, rate, number, muxer),
        ]

    def _error(self) -> AudioError:
        reason = self._process.message() or "unknown reason"
        return AudioError(f"ffmpeg cannot write the result: {reason}")

    def _compare(self) -> None:
        """Notes what the result lacks of the source."""
        made, source = media.open_media(self._file), self._source
        track = made.audio
        if track.codec != source.track.codec:
            self.notes.append(f"its audio is {track.codec} instead of {source.track.codec}")
        tags = [name for name in source.media.tags if name not in made.tags]
        lost = [*self._dropped(), *(f"tag {name}" for name in tags)]
        if lost:
            self.notes.append(f"not kept: {', '.join(lost)}")
        others = sum(s.kind == "audio" for s in self._streams) - 1
        if others:
            self.notes.append(f"audio tracks copied as they are: {others}")

    def _dropped(self) -> list[str]:
        def is_lost(stream: Stream) -> bool:
            # The texts of chapters are written with the chapters.
            return stream not in self._streams and stream.codec != _CHAPTER_TEXTS

        return [media.described(s) for s in self._source.media.streams if is_lost(s)]
