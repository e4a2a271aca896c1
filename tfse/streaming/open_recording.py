"""Opening of a recording: by libsndfile, or by ffmpeg where libsndfile does not know it."""

from __future__ import annotations

import contextlib
import pathlib
import sys
from collections.abc import Iterator
from typing import BinaryIO

from tfse.audio.ffmpeg import containers
from tfse.audio.ffmpeg.ffmpeg_process import is_available
from tfse.audio.ffmpeg.ffmpeg_source import FfmpegSource
from tfse.audio.file_source import FileSource, UnreadableError
from tfse.errors import AudioError
from tfse.streaming import pipes
from tfse.streaming.options import PIPE

Recording = FileSource | FfmpegSource


@contextlib.contextmanager
def open_recording(source: pathlib.Path, on_damage: str) -> Iterator[Recording]:
    """Opens a file, or standard input for `-`.

    Raises:
        AudioError: the recording cannot be used, or only by ffmpeg, which is missing.
    """
    with contextlib.ExitStack() as stack:
        file: pathlib.Path | BinaryIO = source
        if source == PIPE:
            file = stack.enter_context(pipes.spooled_input(sys.stdin.buffer))
        recording: Recording = _opened(file, source.suffix.lower(), on_damage)
        with recording:
            yield recording


def _opened(file: pathlib.Path | BinaryIO, suffix: str, on_damage: str) -> Recording:
    try:
        return FileSource(file, on_damage)
    except UnreadableError as error:
        if suffix not in containers.MUXERS:
            raise
        if not is_available():
            raise AudioError(
                f"{suffix} files are read by ffmpeg, which is not on the PATH: install it "
                "(apt install ffmpeg, brew install ffmpeg), or convert the file to .wav elsewhere"
            ) from error
    return FfmpegSource(file, on_damage)
