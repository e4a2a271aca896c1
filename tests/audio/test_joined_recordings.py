from __future__ import annotations

import io
import mmap
import pathlib
import tempfile

import numpy as np
import pytest
import soundfile

from tests.cli.programs import run_python
from tests.streaming.tiny_streams import identity_step, noise, read, tones, write
from tfse.audio import joined_recordings
from tfse.audio.file_source import FileSource
from tfse.errors import AudioError
from tfse.streaming import enhance_file

# Concatenated, libsndfile reads these only to the end of the first recording, or not at all.
FORMATS = [
    ("WAV", "PCM_16"),
    ("WAVEX", "PCM_24"),
    ("RF64", "PCM_16"),
    ("W64", "PCM_16"),
    ("AIFF", "PCM_16"),
    ("AU", "PCM_16"),
    ("CAF", "PCM_16"),
    ("FLAC", "PCM_16"),
    ("OGG", "VORBIS"),
    ("OGG", "OPUS"),
    ("MP3", "MPEG_LAYER_III"),
]


def encoded(
    samples: int, format: str, subtype: str, rate: int = 48_000, channels: int = 1
) -> bytes:
    file = io.BytesIO()
    soundfile.write(file, noise(samples, channels), rate, format=format, subtype=subtype)
    return file.getvalue()


@pytest.mark.parametrize(("format", "subtype"), FORMATS)
@pytest.mark.parametrize("rate", [8_000, 48_000])
@pytest.mark.parametrize("channels", [1, 2])
def test_every_recording_is_found(format: str, subtype: str, rate: int, channels: int) -> None:
    one, two = (encoded(count, format, subtype, rate, channels) for count in (9000, 5001))
    for parts in ([one], [one, two], [two, one, one]):
        with tempfile.TemporaryFile() as file:
            file.write(b"".join(parts))
            sizes = [len(part) for part in parts[:-1]]
            assert joined_recordings.starts(file) == [0, *np.cumsum(sizes, dtype=int)]


def test_frames_without_a_header_after_an_mp3_are_found() -> None:
    one = encoded(9000, *FORMATS[-1])
    plain = one.replace(b"Xing", b"\0" * 4).replace(b"Info", b"\0" * 4)
    with tempfile.TemporaryFile() as file:
        file.write(one + plain)
        assert joined_recordings.starts(file) == [0, len(one)]


@pytest.mark.parametrize("tail", [b"TAG" + b"\0" * 125, b"\0" * 700, b"APETAGEX" + b"\0" * 200])
def test_a_tag_after_an_mp3_is_no_recording(tail: bytes) -> None:
    with tempfile.TemporaryFile() as file:
        file.write(encoded(9000, *FORMATS[-1]) + tail)
        assert joined_recordings.starts(file) == [0]


def test_multiplexed_streams_of_an_ogg_are_one_recording() -> None:
    one = encoded(9000, "OGG", "VORBIS")
    second_page = one.index(b"OggS", 4)
    with tempfile.TemporaryFile() as file:
        file.write(one[:second_page] + one)
        assert joined_recordings.starts(file) == [0]


@pytest.mark.parametrize(("format", "subtype"), FORMATS)
def test_concatenated_recordings_are_read_to_the_last(
    format: str, subtype: str, tmp_path: pathlib.Path
) -> None:
    path = tmp_path / "x"
    path.write_bytes(encoded(60_000, format, subtype) + encoded(20_001, format, subtype))
    with FileSource(path) as source:
        samples = np.concatenate(list(source.blocks()))
        notes = source.remarks
    assert notes == ["2 concatenated recordings were read as one"]
    apart = [
        soundfile.read(io.BytesIO(encoded(count, format, subtype)), dtype="float32")[0]
        for count in (60_000, 20_001)
    ]
    np.testing.assert_allclose(samples[:, 0], np.concatenate(apart), atol=1e-6)


def test_a_result_has_all_recordings(tmp_path: pathlib.Path) -> None:
    part = encoded(48_000, "MP3", "MPEG_LAYER_III")
    source = tmp_path / "x.mp3"
    source.write_bytes(part + part)
    summary = enhance_file(source, source, identity_step(), overwrite=True)
    assert summary.audio_s == 2.0
    assert len(read(source)) == 96_000


def test_recordings_that_differ_are_refused(tmp_path: pathlib.Path) -> None:
    path = tmp_path / "x.ogg"
    path.write_bytes(encoded(9000, "OGG", "VORBIS") + encoded(9000, "OGG", "VORBIS", 16_000))
    with pytest.raises(
        AudioError, match=r"concatenates recordings that differ .*48000 Hz.*: split it"
    ):
        FileSource(path)


def test_audio_is_never_taken_for_a_header(tmp_path: pathlib.Path) -> None:
    path = write(tmp_path / "x.wav", tones(200_000, 16_000))
    with path.open("rb") as file:
        assert joined_recordings.starts(file) == [0]


@pytest.mark.parametrize(("format", "subtype"), FORMATS)
def test_a_header_across_two_windows_is_found_once(
    format: str, subtype: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(joined_recordings, "_WINDOW", mmap.PAGESIZE)
    one = encoded(3000, format, subtype)
    for before_edge in (1, 5, 20):
        with tempfile.TemporaryFile() as file:
            # The second recording begins shortly before a page ends.
            filling = bytes(-(len(one) + before_edge) % mmap.PAGESIZE)
            file.write(one + filling + one)
            assert joined_recordings.starts(file) == [0, len(one) + len(filling)]


def test_a_search_needs_no_memory_for_the_file(tmp_path: pathlib.Path) -> None:
    path = write(tmp_path / "long.wav", noise(1000))
    with path.open("r+b") as file:
        file.truncate(400 << 20)
    look = f"""
import pathlib, re
from tfse.audio import joined_recordings
with open({str(path)!r}, "rb") as file:
    assert joined_recordings.starts(file) == [0]
print(re.search(r"VmHWM:\\s*(\\d+) kB", pathlib.Path("/proc/self/status").read_text())[1])
"""
    assert int(run_python("-c", look).stdout) < 200_000
