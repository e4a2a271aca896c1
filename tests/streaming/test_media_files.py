"""Videos and compressed audio that ffmpeg reads and writes."""

from __future__ import annotations

import contextlib
import pathlib
import signal
import subprocess
import sys
from collections.abc import Iterator

import numpy as np
import pytest
import soundfile

from tests.streaming import media_files
from tests.streaming.media_files import decoded, ffmpeg, film, needs_ffmpeg
from tests.streaming.test_bad_input import attempted
from tests.streaming.test_file_enhancement import Stumbling
from tests.streaming.tiny_streams import (
    identity,
    identity_step,
    leftovers,
    noise,
    read,
    tones,
    write,
)
from tests.waiting import HANGS_S, wait_until
from tfse.audio.ffmpeg import containers, ffmpeg_process, media
from tfse.audio.ffmpeg.ffmpeg_process import last_message
from tfse.errors import AudioError, ConfigError
from tfse.streaming import EnhanceOptions, enhance_file
from tfse.streaming.batch.outcome import Status

# Name, encoders of audio and picture, start of the audio, rate.
FILES: list[tuple[str, str, str | None, float, int]] = [
    ("x.mp4", "aac", "libx264", 0.0, 48_000),
    ("x.mp4", "aac", "mpeg4", 0.5, 44_100),
    ("x.MOV", "pcm_s16le", "mpeg4", 0.0, 48_000),
    ("x.mkv", "libopus", "mpeg4", 0.0, 48_000),
    ("x.mkv", "aac", "mpeg4", 0.3, 48_000),
    ("x.mkv", "flac", "mpeg4", 0.0, 48_000),
    ("x.webm", "libvorbis", "libvpx", 0.0, 48_000),
    ("x.avi", "libmp3lame", "mpeg4", 0.0, 48_000),
    ("x.ts", "aac", "mpeg2video", 0.0, 48_000),
    ("x.mpg", "mp2", "mpeg2video", 0.0, 48_000),
    ("x.wmv", "wmav2", "msmpeg4", 0.0, 44_100),
    ("x.3gp", "aac", "mpeg4", 0.0, 16_000),
    ("x.m4a", "aac", None, 0.0, 44_100),
    ("x.m4a", "alac", None, 0.0, 44_100),
    ("x.aac", "aac", None, 0.0, 44_100),
    ("x.wma", "wmav2", None, 0.0, 44_100),
    ("x.mka", "libopus", None, 0.0, 48_000),
    ("x.ac3", "ac3", None, 0.0, 48_000),
]


@needs_ffmpeg
@pytest.mark.parametrize(("name", "audio", "video", "start_s", "rate"), FILES)
def test_a_result_is_time_aligned_with_its_picture(
    name: str, audio: str, video: str | None, start_s: float, rate: int, tmp_path: pathlib.Path
) -> None:
    source = film(tmp_path / name, audio, video, start_s, rate)
    target = tmp_path / f"y{source.suffix}"
    notes = enhance_file(source, target, identity_step()).notes
    assert not any("kept" in note or "instead" in note for note in notes)
    before, after = media.open_media(source), media.open_media(target)
    assert [s.codec for s in after.streams] == [s.codec for s in before.streams]
    assert after.audio.sample_rate == rate
    assert abs(media_files.late_s(source, target)) < 0.001
    assert abs(len(decoded(target)) - len(decoded(source))) < 1200
    if video is not None:
        assert media_files.pictures_of(target) == media_files.pictures_of(source)
    if before.audio.bit_rate and audio != "alac":
        assert after.audio.bit_rate == pytest.approx(before.audio.bit_rate, rel=0.3)
    assert not leftovers(tmp_path)


SUBTITLES = "1\n00:00:00,000 --> 00:00:01,000\nHello\n"
CHAPTERS = ";FFMETADATA1\ntitle=A talk\nartist=Nobody\n[CHAPTER]\nTIMEBASE=1/1000\nSTART=0\n"
CHAPTERS += "END=1000\ntitle=Beginning\n"


def rich(path: pathlib.Path, subtitles: str) -> pathlib.Path:
    """Writes a video with two audio tracks of which the second is default, and all else."""
    (path.parent / "s.srt").write_text(SUBTITLES)
    (path.parent / "c.txt").write_text(CHAPTERS)
    inputs = ("-i", path.parent / "s.srt", "-i", path.parent / "c.txt")
    sine = ("-f", "lavfi", "-i", "sine=d=2:r=48000")
    maps = ("-map", "0", "-map", "4", "-map", "1", "-map", "2", "-map_metadata", "3")
    marks = ("-disposition:a:0", "0", "-disposition:a:1", "default")
    marks = (*marks, "-metadata:s:a:1", "language=deu", "-c:s", subtitles)
    return film(path, "aac", extra=(*inputs, *sine, *maps, *marks))


@needs_ffmpeg
@pytest.mark.parametrize(("name", "subtitles"), [("x.mp4", "mov_text"), ("x.mkv", "subrip")])
def test_everything_but_the_track_is_copied(
    name: str, subtitles: str, tmp_path: pathlib.Path
) -> None:
    source = rich(tmp_path / name, subtitles)
    target = tmp_path / f"y{source.suffix}"
    notes = enhance_file(source, target, identity_step()).notes
    assert notes[-1] == "audio tracks copied as they are: 1"
    assert not any("not kept" in note for note in notes)
    shown = "stream=index,codec_name:stream_tags=language:stream_disposition=default"
    listed = [
        ffmpeg_process.probe(
            ["-show_chapters", "-show_entries", f"{shown}:format_tags=title,artist"], f"file:{path}"
        )
        for path in (source, target)
    ]
    assert listed[0] == listed[1]
    assert "Beginning" in listed[1] and "A talk" in listed[1] and "deu" in listed[1]
    # The default track is the enhanced one; the other is the sine, bit by bit.
    sines = [
        ffmpeg("-i", path, "-map", "0:a:0", "-c", "copy", "-f", "md5", "-")
        for path in (source, target)
    ]
    assert sines[0] == sines[1]
    assert abs(media_files.late_s(source, target)) < 0.001


@needs_ffmpeg
def test_the_cover_and_tags_of_an_m4a_stay(tmp_path: pathlib.Path) -> None:
    cover = ("-f", "lavfi", "-i", "color=red:s=8x8:d=0.04", "-map", "0", "-map", "1")
    cover = (*cover, "-c:v", "png", "-disposition:v", "attached_pic", "-metadata", "title=A talk")
    source = film(tmp_path / "x.m4a", "aac", None, extra=(*cover, "-metadata", "composer=Bach"))
    enhance_file(source, tmp_path / "y.m4a", identity_step())
    made = media.open_media(tmp_path / "y.m4a")
    assert made.tags == {"title": "A talk", "composer": "Bach"}
    assert [s.is_picture for s in made.streams] == [False, True]
    notes = enhance_file(source, tmp_path / "y.flac", identity_step()).notes
    assert "not kept: composer, picture" in notes
    with soundfile.SoundFile(tmp_path / "y.flac") as file:
        assert file.title == "A talk"


@needs_ffmpeg
def test_the_sound_alone_can_be_written(tmp_path: pathlib.Path) -> None:
    source = film(tmp_path / "x.mp4", "aac", rate=16_000)
    enhance_file(source, tmp_path / "y.wav", identity_step(), noise_target=tmp_path / "n.wav")
    np.testing.assert_allclose(read(tmp_path / "y.wav")[:, 0], decoded(source), atol=1e-4)
    assert soundfile.info(tmp_path / "y.wav").subtype == "PCM_16"
    options = EnhanceOptions(format="FLAC", subtype="PCM_24")
    enhance_file(source, tmp_path / "y", identity_step(), options)
    assert soundfile.info(tmp_path / "y").subtype == "PCM_24"


@needs_ffmpeg
def test_names_are_no_options_protocols_or_patterns(tmp_path: pathlib.Path) -> None:
    film(tmp_path / "x.mp4", "aac").rename(tmp_path / "-i %03d:http:[x]'y.mp4")
    source = tmp_path / "-i %03d:http:[x]'y.mp4"
    enhance_file(source, tmp_path / "-y %d.mp4", identity_step())
    assert len(decoded(tmp_path / "-y %d.mp4"))


@needs_ffmpeg
def test_a_video_can_be_replaced(tmp_path: pathlib.Path) -> None:
    source = film(tmp_path / "x.mp4", "aac")
    before = decoded(source)
    pictures = media_files.pictures_of(source)
    enhance_file(source, source, identity_step(), overwrite=True)
    np.testing.assert_allclose(decoded(source).std(), before.std(), rtol=0.1)
    assert media_files.pictures_of(source) == pictures


@needs_ffmpeg
@pytest.mark.parametrize(
    ("target", "options", "message"),
    [
        (
            "y.mkv",
            EnhanceOptions(),
            r"the result of a \.mp4 must be a \.mp4 too, or .*; received y",
        ),
        ("y.mp4", EnhanceOptions(subtype="PCM_16"), r"and \.mp4 keeps its codec"),
    ],
)
def test_targets_that_a_video_cannot_have(
    target: str, options: EnhanceOptions, message: str, tmp_path: pathlib.Path
) -> None:
    source = film(tmp_path / "x.mp4", "aac")
    before = sorted(tmp_path.iterdir())
    with pytest.raises(ConfigError, match=message):
        enhance_file(source, tmp_path / target, identity_step(), options)
    with pytest.raises(ConfigError, match="the removed noise is sound alone"):
        enhance_file(source, tmp_path / "y.mp4", identity_step(), noise_target=tmp_path / "n.mp4")
    assert sorted(tmp_path.iterdir()) == before


def test_a_video_cannot_be_made_of_a_wav(tmp_path: pathlib.Path) -> None:
    source = write(tmp_path / "x.wav", noise(900))
    with pytest.raises(ConfigError, match=r"such as \.wav, .*; received y\.mp4"):
        enhance_file(source, tmp_path / "y.mp4", identity_step())


def silent(path: pathlib.Path) -> None:
    film(path, None)


def truncated(path: pathlib.Path) -> None:
    film(path, "aac")
    path.write_bytes(path.read_bytes()[:9000])


def text(path: pathlib.Path) -> None:
    path.write_text("Dear diary,\n" * 100)


def playlist(path: pathlib.Path) -> None:
    write(path.with_name("secret.wav"), noise(16_000))
    path.write_text(f"ffconcat version 1.0\nfile {path.with_name('secret.wav').name}\n")


def segments(path: pathlib.Path) -> None:
    secret = path.with_name("secret.wav")
    path.write_text(f"#EXTM3U\n#EXTINF:1,\nfile://{write(secret, noise(16_000))}\n#EXT-X-ENDLIST\n")


@needs_ffmpeg
@pytest.mark.parametrize(
    ("make", "reason"),
    [
        (silent, "it has no audio track"),
        (truncated, "not readable by ffmpeg: moov atom not found"),
        (text, "not readable by ffmpeg: "),
        (playlist, "not readable by ffmpeg: "),
        (segments, "not readable by ffmpeg: "),
    ],
)
def test_files_that_cannot_be_used_have_one_line(
    make: media_files.Make, reason: str, tmp_path: pathlib.Path
) -> None:
    make(tmp_path / "x.mp4")
    outcome = attempted(tmp_path / "x.mp4", tmp_path / "y.mp4")
    assert outcome.status is Status.FAILED and outcome.reason.startswith(reason)
    assert "\n" not in outcome.reason
    assert not (tmp_path / "y.mp4").exists() and not leftovers(tmp_path)


@needs_ffmpeg
def test_what_comes_before_damage_can_be_kept(tmp_path: pathlib.Path) -> None:
    source = film(tmp_path / "x.mp4", "aac", extra=("-movflags", "+faststart"))
    content = source.read_bytes()
    source.write_bytes(content[: len(content) // 2])
    outcome = attempted(source, tmp_path / "y.mp4")
    assert outcome.status is Status.FAILED and "damaged after" in outcome.reason
    assert not (tmp_path / "y.mp4").exists() and not leftovers(tmp_path)
    kept = attempted(source, tmp_path / "y.mp4", EnhanceOptions(on_damage="keep"))
    assert kept.status is Status.DONE and kept.summary is not None
    assert any("what ffmpeg decodes is kept" in note for note in kept.summary.notes)
    assert any(note.startswith("the header claims 2.0") for note in kept.summary.notes)
    assert 0 < len(decoded(tmp_path / "y.mp4")) < media_files.SECONDS * 48_000


@needs_ffmpeg
def test_a_failure_of_the_encoder_has_one_line(
    tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = film(tmp_path / "x.mp4", "aac")
    monkeypatch.setitem(containers.MUXERS, ".mp4", "adts")
    outcome = attempted(source, tmp_path / "y.mp4")
    assert outcome.status is Status.FAILED
    assert outcome.reason.startswith("ffmpeg cannot write the result: ")
    assert not (tmp_path / "y.mp4").exists() and not leftovers(tmp_path)


@needs_ffmpeg
def test_an_interruption_leaves_neither_files_nor_processes(
    tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    started = []
    popen = subprocess.Popen

    def recorded(*arguments: object, **options: object) -> object:
        started.append(popen(*arguments, **options))  # type: ignore[call-overload]
        return started[-1]

    loud = write(tmp_path / "loud.wav", np.ones(16_000, np.float32))
    source = tmp_path / "x.mp4"
    ffmpeg("-i", loud, "-c:a", "aac", source)
    before = sorted(tmp_path.iterdir())
    monkeypatch.setattr(ffmpeg_process.subprocess, "Popen", recorded)
    with pytest.raises(KeyboardInterrupt):
        enhance_file(source, tmp_path / "y.mp4", Stumbling())
    assert sorted(tmp_path.iterdir()) == before
    assert len(started) >= 2 and all(process.poll() is not None for process in started)


@needs_ffmpeg
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_the_program_and_ffmpeg(number: int, tmp_path: pathlib.Path) -> None:
    source = tmp_path / "x.mp4"
    ffmpeg("-f", "lavfi", "-i", "anullsrc=r=16000", "-t", 1000, "-c:a", "aac", source)
    identity().save(tmp_path / "identity.keras")
    command = [sys.executable, "-m", "tfse.cli.enhance", source]
    command += [f"--model={tmp_path}/identity.keras"]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as process:
        wait_until(lambda: bool(leftovers(tmp_path)) or process.poll() is not None)
        process.send_signal(number)
        _, stderr = process.communicate(timeout=HANGS_S)
    assert process.returncode == 128 + number, stderr
    assert not (tmp_path / "x_enhanced.mp4").exists() and not leftovers(tmp_path)
    # ffmpeg's command line has the path of the source.
    assert not [line for line in command_lines() if b"ffmpeg" in line and bytes(source) in line]


def command_lines() -> Iterator[bytes]:
    """Yields the command lines of all processes, on Linux."""
    for path in pathlib.Path("/proc").glob("[0-9]*/cmdline"):
        with contextlib.suppress(OSError):
            yield path.read_bytes()


def test_without_ffmpeg_one_line_says_what_to_do(
    tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "x.m4a").write_bytes(b"\x00\x00\x00\x20ftypM4A \x00\x00\x00\x00" + bytes(5000))
    monkeypatch.setenv("PATH", str(tmp_path))
    outcome = attempted(tmp_path / "x.m4a", tmp_path / "y.m4a")
    assert outcome.reason == (
        ".m4a files are read by ffmpeg, which is not on the PATH: install it (apt install ffmpeg, "
        "brew install ffmpeg), or convert the file to .wav elsewhere"
    )
    # A recording with a wrong suffix needs no ffmpeg.
    wav = write(tmp_path / "odd.m4a", tones(9000, 16_000), format="WAV")
    assert attempted(wav, tmp_path / "z.m4a").status is Status.DONE


@needs_ffmpeg
def test_a_video_goes_to_a_pipe(tmp_path: pathlib.Path) -> None:
    source = film(tmp_path / "x.mp4", "aac")
    program = (
        "import sys, pathlib; from tests.streaming.tiny_streams import identity_step;"
        "from tfse.streaming.options import EnhanceOptions, Targets, PIPE;"
        "from tfse.streaming.file_enhancement import enhance_to;"
        "enhance_to(pathlib.Path(sys.argv[1]), Targets(PIPE), identity_step(), EnhanceOptions(),"
        " overwrite=False)"
    )
    done = subprocess.run(
        [sys.executable, "-c", program, source], stdout=subprocess.PIPE, check=True
    )
    (tmp_path / "y.mp4").write_bytes(done.stdout)
    assert abs(media_files.late_s(source, tmp_path / "y.mp4")) < 0.001


INVALID = "Invalid data found when processing input"


@pytest.mark.parametrize(
    ("said", "line"),
    [
        ("", ""),
        (f"[mov,mp4 @ 0x55d0] moov atom not found\nfile:/x: {INVALID}\n", "moov atom not found"),
        (f"file:/a b.mp4: {INVALID}\n", INVALID),
        ("[out#0 @ 0x1] [x @ 0x2] No space left.\nConversion failed!\n", "No space left"),
    ],
)
def test_the_last_line_that_says_what_failed(said: str, line: str) -> None:
    assert last_message(said) == line


@needs_ffmpeg
def test_ffmpeg_is_named_if_it_fails_without_a_message() -> None:
    with pytest.raises(AudioError, match="not readable by ffmpeg: No such file"):
        media.open_media(pathlib.Path("/gone.mp4"))
