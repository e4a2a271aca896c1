"""Videos and compressed audio for the tests, made by ffmpeg."""

from __future__ import annotations

import pathlib
import subprocess
from collections.abc import Callable

import numpy as np
import pytest

from tests.streaming.tiny_streams import write
from tfse.audio.ffmpeg import media
from tfse.audio.ffmpeg.ffmpeg_process import encoders, is_available
from tfse.types import Samples

#: Writes a file.
Make = Callable[[pathlib.Path], object]
SECONDS = 2
needs_ffmpeg = pytest.mark.skipif(not is_available(), reason="ffmpeg is not on the PATH")
_PICTURES = ("-f", "lavfi", "-i", f"testsrc=d={SECONDS}:s=64x48:r=25")


def ffmpeg(*arguments: object) -> bytes:
    command = ["ffmpeg", "-nostdin", "-v", "error", "-y", *map(str, arguments)]
    return subprocess.run(command, check=True, stdout=subprocess.PIPE).stdout


def talk(folder: pathlib.Path, rate: int = 48_000) -> pathlib.Path:
    """Writes noise below 8 kHz, whose correlation has one sharp peak."""
    samples = np.random.default_rng(0).standard_normal(SECONDS * rate)
    smooth = np.convolve(samples, np.hanning(rate // 2000), "same")
    return write(
        folder / "talk.flac", (0.3 * smooth / np.abs(smooth).max()).astype(np.float32), rate
    )


def film(
    path: pathlib.Path,
    audio: str | None,
    video: str | None = "mpeg4",
    start_s: float = 0.0,
    rate: int = 48_000,
    extra: tuple[object, ...] = (),
) -> pathlib.Path:
    """Writes a file with a picture track, an audio track, or both."""
    for name in (audio, video):
        if name is not None and name not in encoders():
            pytest.skip(f"this ffmpeg has no encoder {name}")
    pictures = () if video is None else _PICTURES
    sound = () if audio is None else ("-itsoffset", start_s, "-i", talk(path.parent, rate))
    codecs = (*(("-c:v", video) if video else ()), *(("-c:a", audio) if audio else ()))
    ffmpeg(*pictures, *sound, *codecs, *extra, path)
    return path


def decoded(path: pathlib.Path) -> Samples:
    """Returns the audio track without its time stamps, `[samples]`."""
    track = media.open_media(path).audio.index
    data = ffmpeg("-i", f"file:{path}", "-map", f"0:{track}", "-ac", 1, "-f", "f32le", "-")
    return np.frombuffer(data, "<f4")


def late_s(one: pathlib.Path, two: pathlib.Path) -> float:
    """Returns by how many seconds the audio of the second is later against the picture."""
    samples = [decoded(path) for path in (one, two)]
    size = 2 * max(map(len, samples))
    first, second = (np.fft.rfft(x, size) for x in samples)
    lag = int(np.argmax(np.fft.irfft(second * np.conj(first), size)))
    lag -= size if lag > size // 2 else 0
    rate = media.open_media(one).audio.sample_rate
    return lag / rate + _against_picture_s(two) - _against_picture_s(one)


def _against_picture_s(path: pathlib.Path) -> float:
    found = media.open_media(path)
    pictures = [stream for stream in found.streams if stream.kind == "video"]
    start = media.first_sample_s(found, found.audio)
    return start - media.first_sample_s(found, pictures[0]) if pictures else 0.0


def pictures_of(path: pathlib.Path) -> bytes:
    """Returns a checksum of the encoded picture track."""
    return ffmpeg("-i", f"file:{path}", "-map", "0:v", "-c", "copy", "-f", "md5", "-")
