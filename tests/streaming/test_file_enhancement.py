from __future__ import annotations

import os
import pathlib
from typing import Any

import numpy as np
import pytest
import soundfile

from tests.streaming.tiny_streams import (
    RATE,
    identity_step,
    leftovers,
    lstm_step,
    noise,
    read,
    tones,
    write,
)
from tfse.audio import layout
from tfse.errors import AudioError, ConfigError
from tfse.files import atomic
from tfse.streaming import EnhanceOptions, enhance, enhance_file

FORMATS = [
    ("WAV", "PCM_U8"),
    ("WAV", "PCM_16"),
    ("WAV", "PCM_24"),
    ("WAV", "PCM_32"),
    ("WAV", "FLOAT"),
    ("WAV", "DOUBLE"),
    ("WAV", "ALAW"),
    ("WAV", "ULAW"),
    ("WAV", "IMA_ADPCM"),
    ("WAVEX", "PCM_16"),
    ("RF64", "PCM_16"),
    ("W64", "PCM_16"),
    ("AIFF", "PCM_24"),
    ("AU", "PCM_16"),
    ("CAF", "PCM_16"),
    ("FLAC", "PCM_24"),
    ("OGG", "VORBIS"),
    ("OGG", "OPUS"),
    ("MP3", "MPEG_LAYER_III"),
]


def info(path: pathlib.Path) -> tuple[Any, ...]:
    about = soundfile.info(path)
    return about.frames, about.samplerate, about.channels, about.format, about.subtype


@pytest.mark.parametrize(("format", "subtype"), FORMATS)
def test_everything_about_a_file_stays(format: str, subtype: str, tmp_path: pathlib.Path) -> None:
    source = write(tmp_path / "in", tones(9000, 48_000, 2), 48_000, subtype, format)
    target = tmp_path / "out"
    enhance_file(source, target, identity_step())
    assert info(target) == info(source)


@pytest.mark.parametrize("subtype", ["PCM_U8", "PCM_16", "PCM_24", "DOUBLE"])
def test_a_mask_of_ones_keeps_every_step_of_the_number_format(
    subtype: str, tmp_path: pathlib.Path
) -> None:
    source = write(tmp_path / "in.wav", tones(9000, RATE), subtype=subtype)
    enhance_file(source, tmp_path / "out.wav", identity_step())
    np.testing.assert_allclose(read(tmp_path / "out.wav"), read(source), atol=2e-7)


@pytest.mark.parametrize("samples", [1, 2, 500, RATE + 1])
@pytest.mark.parametrize("rate", [8000, RATE, 48_000])
def test_any_length_stays(samples: int, rate: int, tmp_path: pathlib.Path) -> None:
    source = write(tmp_path / "in.wav", noise(samples), rate)
    summary = enhance_file(source, tmp_path / "out.wav", lstm_step())
    assert info(tmp_path / "out.wav") == info(source)
    assert summary.audio_s == samples / rate


def test_a_file_equals_an_array(tmp_path: pathlib.Path) -> None:
    samples = noise(100_000, 2)
    source = write(tmp_path / "in.wav", samples, 44_100, "FLOAT")
    enhance_file(source, tmp_path / "out.wav", lstm_step())
    wanted = enhance(samples, 44_100, lstm_step())
    np.testing.assert_allclose(read(tmp_path / "out.wav"), wanted, atol=1e-5)


class Loud:
    """Model that multiplies samples by 4."""

    sample_rate = RATE
    hop_length = 256
    latency_samples = 0

    def initial_state(self, num_streams: int) -> None:
        return None

    def __call__(self, noisy: Any, state: None) -> tuple[Any, None]:
        return 4 * noisy, None


@pytest.mark.parametrize(
    "subtype", ["PCM_U8", "PCM_16", "PCM_24", "PCM_32", "ALAW", "ULAW", "FLOAT"]
)
def test_integers_are_clipped_and_never_wrap(subtype: str, tmp_path: pathlib.Path) -> None:
    samples = tones(8000, RATE)
    source = write(tmp_path / "in.wav", samples, subtype=subtype)
    summary = enhance_file(source, tmp_path / "out.wav", Loud())
    wanted = 4 * read(source)
    beyond = np.count_nonzero(np.abs(wanted) > 1)
    assert beyond
    notes = [f"{beyond} samples beyond full scale were clipped; the subtype FLOAT keeps them"]
    assert list(summary.notes) == ([] if subtype == "FLOAT" else notes)
    if subtype != "FLOAT":
        wanted = np.clip(wanted, -1, 1)
    np.testing.assert_allclose(read(tmp_path / "out.wav"), wanted, atol=0.04)


@pytest.mark.parametrize(("rate", "count"), [(8_000, 0), (16_000, 0), (22_050, 1), (48_000, 1)])
def test_the_loss_of_the_upper_band_is_noted(rate: int, count: int, tmp_path: pathlib.Path) -> None:
    source = write(tmp_path / "in.wav", tones(4000, rate), rate)
    full, model = (
        enhance_file(source, tmp_path / f"{band}.wav", identity_step(), EnhanceOptions(band=band))
        for band in ("full", "model")
    )
    expected = "the model works at 16000 Hz: the result has nothing above 8 kHz"
    assert list(model.notes) == count * [expected]
    assert not full.notes


def test_the_noise_file_is_the_residual(tmp_path: pathlib.Path) -> None:
    source = write(tmp_path / "in.wav", noise(20_000), 22_050, "FLOAT")
    target, residual = tmp_path / "out.wav", tmp_path / "rest.flac"
    enhance_file(source, target, lstm_step(), noise_target=residual)
    assert soundfile.info(residual).format == "FLAC"
    np.testing.assert_allclose(read(target) + read(residual), read(source), atol=1e-4)


def test_options_reach_the_file(tmp_path: pathlib.Path) -> None:
    source = write(tmp_path / "in.wav", noise(5000), subtype="PCM_16")
    options = EnhanceOptions(mix=0.0, format="flac", subtype="pcm_24")
    enhance_file(source, tmp_path / "out.any", lstm_step(), options)
    assert info(tmp_path / "out.any")[3:] == ("FLAC", "PCM_24")
    np.testing.assert_array_equal(read(tmp_path / "out.any"), read(source))


def test_another_suffix_is_another_format(tmp_path: pathlib.Path) -> None:
    source = write(tmp_path / "in.wav", noise(5000), subtype="FLOAT")
    enhance_file(source, tmp_path / "out.flac", identity_step())
    assert info(tmp_path / "out.flac")[3:] == ("FLAC", "PCM_24")
    # With the same suffix the format of the source is kept.
    odd = write(tmp_path / "odd.wav", noise(5000), format="FLAC")
    enhance_file(odd, tmp_path / "odd2.wav", identity_step())
    assert info(tmp_path / "odd2.wav")[3] == "FLAC"


@pytest.mark.parametrize(
    ("format", "subtype", "target", "expected"),
    [
        ("MP3", "MPEG_LAYER_III", "WAV", "PCM_16"),
        ("MP3", "MPEG_LAYER_III", "FLAC", "PCM_16"),
        ("OGG", "VORBIS", "WAV", "PCM_16"),
        ("OGG", "OPUS", "FLAC", "PCM_16"),
        ("WAV", "DOUBLE", "FLAC", "PCM_24"),
        ("WAV", "PCM_U8", "FLAC", "PCM_S8"),
        ("WAV", "PCM_32", "CAF", "PCM_32"),
        ("FLAC", "PCM_24", "WAV", "PCM_24"),
        ("FLAC", "PCM_S8", "WAV", "PCM_U8"),
        ("XI", "DPCM_16", "WAV", "PCM_16"),
        ("AIFF", "ULAW", "MP3", "MPEG_LAYER_III"),
    ],
)
def test_a_number_format_that_a_container_lacks_becomes_the_nearest(
    format: str, subtype: str, target: str, expected: str, tmp_path: pathlib.Path
) -> None:
    source = write(tmp_path / "in", tones(4800, RATE), subtype=subtype, format=format)
    enhance_file(source, tmp_path / "out", identity_step(), EnhanceOptions(format=target))
    assert info(tmp_path / "out")[3:] == (target, expected)
    np.testing.assert_allclose(read(tmp_path / "out")[:, 0].std(), read(source).std(), rtol=0.1)


def test_a_combination_that_cannot_be_written_is_refused(tmp_path: pathlib.Path) -> None:
    source = write(tmp_path / "in.wav", noise(5000))
    with pytest.raises(ConfigError, match="that libsndfile writes; received WAV with VORBIS"):
        enhance_file(source, tmp_path / "out", identity_step(), EnhanceOptions(subtype="VORBIS"))
    with pytest.raises(AudioError, match="OGG with OPUS cannot be written at 22050 Hz"):
        rate = write(tmp_path / "rate.wav", noise(5000), 22_050)
        options = EnhanceOptions(format="OGG", subtype="OPUS")
        enhance_file(rate, tmp_path / "out", identity_step(), options)
    assert not (tmp_path / "out").exists()
    assert not leftovers(tmp_path)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"mix": -0.1}, "`mix` must be from 0 to 1"),
        ({"max_attenuation_db": float("nan")}, "`max_attenuation_db` must not be negative"),
        ({"on_invalid": "ignore"}, "`on_invalid` must be one of"),
        ({"format": "XYZ"}, "that libsndfile writes; received XYZ"),
        ({"format": "RAW"}, "that libsndfile writes; received RAW"),
        ({"format": "FLAC", "subtype": "DOUBLE"}, "received FLAC with DOUBLE"),
        ({"subtype": "PCM_17"}, "that libsndfile knows; received PCM_17"),
    ],
)
def test_options_are_checked_before_any_recording(settings: dict[str, Any], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        EnhanceOptions(**settings)


def test_checking_options_leaves_no_file_behind(
    tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    layout._can_be_written.cache_clear()
    for container in soundfile.available_formats():
        if container != "RAW":
            EnhanceOptions(format=container)
    assert not list(tmp_path.iterdir())


def test_title_and_artist_stay(tmp_path: pathlib.Path) -> None:
    with soundfile.SoundFile(tmp_path / "in.flac", "w", RATE, 1) as file:
        file.title, file.artist = "Noise", "Nobody"
        file.write(noise(5000))
    enhance_file(tmp_path / "in.flac", tmp_path / "out.flac", identity_step())
    with soundfile.SoundFile(tmp_path / "out.flac") as file:
        assert (file.title, file.artist) == ("Noise", "Nobody")


def test_an_existing_file_is_kept_unless_overwritten(tmp_path: pathlib.Path) -> None:
    source = write(tmp_path / "in.wav", noise(5000))
    target = tmp_path / "out.wav"
    target.write_bytes(b"mine")
    with pytest.raises(ConfigError, match=r"out\.wav already exists; use overwrite=True"):
        enhance_file(source, target, identity_step())
    assert target.read_bytes() == b"mine"
    enhance_file(source, target, identity_step(), overwrite=True)
    assert info(target) == info(source)


@pytest.mark.parametrize("linked", [False, True])
def test_special_files_are_never_replaced(linked: bool, tmp_path: pathlib.Path) -> None:
    source = write(tmp_path / "in.wav", tones(4000, RATE))
    pipe = tmp_path / "pipe.wav"
    os.mkfifo(pipe)
    target = tmp_path / "link.wav" if linked else pipe
    if linked:
        target.symlink_to(pipe)
    with pytest.raises(
        ConfigError, match=r"is not a regular file; name a file, or `-` for standard output"
    ):
        enhance_file(source, target, identity_step(), overwrite=True)
    with pytest.raises(OSError, match="not a regular file, so it is not replaced"), atomic(target):
        pass
    assert pipe.is_fifo() and not leftovers(tmp_path)


def test_in_place_keeps_the_link_and_the_permissions(tmp_path: pathlib.Path) -> None:
    source = write(tmp_path / "in.wav", noise(5000))
    source.chmod(0o640)
    link = tmp_path / "link.wav"
    link.symlink_to(source)
    before = read(source)
    enhance_file(link, link, lstm_step(), overwrite=True)
    assert link.is_symlink()
    assert source.stat().st_mode & 0o777 == 0o640
    np.testing.assert_allclose(read(source), enhance(before, RATE, lstm_step()), atol=1 / 32768)


def test_permissions_follow_the_umask(tmp_path: pathlib.Path) -> None:
    source = write(tmp_path / "in.wav", noise(500))
    before = os.umask(0o027)
    try:
        enhance_file(source, tmp_path / "out.wav", identity_step())
    finally:
        os.umask(before)
    assert (tmp_path / "out.wav").stat().st_mode & 0o777 == 0o640


class Stumbling(Loud):
    """Model that fails in the middle of a recording."""

    def __call__(self, noisy: Any, state: None) -> tuple[Any, None]:
        if np.abs(noisy).max() > 0.5:
            raise KeyboardInterrupt
        return noisy, None


def test_an_interruption_leaves_no_new_file(tmp_path: pathlib.Path) -> None:
    samples = np.concatenate([noise(3 * RATE), np.ones(RATE, np.float32)])
    source = write(tmp_path / "in.wav", samples)
    content = source.read_bytes()
    with pytest.raises(KeyboardInterrupt):
        enhance_file(
            source, source, Stumbling(), noise_target=tmp_path / "noise.wav", overwrite=True
        )
    assert source.read_bytes() == content
    assert [path.name for path in tmp_path.iterdir()] == ["in.wav"]


def test_a_wav_does_not_grow_beyond_its_header(
    tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tfse.audio.audio_writer._SMALL_BYTES", 10_000)
    source = write(tmp_path / "in.wav", noise(9000))
    with pytest.raises(OSError, match="holds 4 GB at most; choose RF64 or W64"):
        enhance_file(source, tmp_path / "out.wav", identity_step())
    enhance_file(source, tmp_path / "out.w64", identity_step())
    assert info(tmp_path / "out.w64")[0] == 9000
    assert not leftovers(tmp_path)


def test_unsupported_tags_do_not_fail_the_recording(tmp_path: pathlib.Path) -> None:
    source = write(tmp_path / "x.flac", tones(9000, RATE))
    with soundfile.SoundFile(source, "w", RATE, 1) as file:
        file.title, file.comment = "A talk", "on noise"
        file.write(tones(9000, RATE))
    summary = enhance_file(source, tmp_path / "y.au", identity_step())
    assert summary.notes == ("AU does not store the tags: title, comment",)
    assert len(read(tmp_path / "y.au")) == 9000


def test_a_file_that_cannot_be_read_is_named(tmp_path: pathlib.Path) -> None:
    with pytest.raises(AudioError, match=r"gone\.wav: no such file or directory"):
        enhance_file(tmp_path / "gone.wav", tmp_path / "y.wav", identity_step())
    with pytest.raises(ConfigError, match="`source` must be a path; received None"):
        enhance_file(None, tmp_path / "y.wav", identity_step())  # type: ignore[arg-type]


def test_an_unknown_suffix_is_refused(tmp_path: pathlib.Path) -> None:
    source = write(tmp_path / "x.wav", noise(9000))
    with pytest.raises(ConfigError, match=r"such as \.wav, .*; received y\.m4a"):
        enhance_file(source, tmp_path / "y.m4a", identity_step())
    assert list(tmp_path.iterdir()) == [source]
    # Without another format the source's is kept.
    odd = source.rename(tmp_path / "x.001")
    enhance_file(odd, tmp_path / "y.001", identity_step())
    enhance_file(odd, tmp_path / "y", identity_step())
    assert info(tmp_path / "y.001") == info(tmp_path / "y") == info(odd)


@pytest.mark.parametrize(
    ("ending", "format", "subtype"), [("opus", "OGG", "OPUS"), ("ogg", "OGG", "VORBIS")]
)
def test_a_suffix_selects_its_codec(
    ending: str, format: str, subtype: str, tmp_path: pathlib.Path
) -> None:
    for name in ("x.wav", "x.opus", "x.ogg"):
        opus = ("OPUS", "OGG") if name == "x.opus" else ()
        source = write(tmp_path / name, noise(9000), RATE, *opus)
        target = tmp_path / f"of_{name[2:]}.{ending}"
        enhance_file(source, target, identity_step())
        assert info(target)[3:] == (format, subtype)


def test_enhanced_and_noise_add_up_to_the_recording(tmp_path: pathlib.Path) -> None:
    source = write(tmp_path / "x.wav", tones(9000, RATE), subtype="PCM_16")
    enhance_file(
        source,
        tmp_path / "y.wav",
        Loud(),
        noise_target=tmp_path / "n.wav",
        options=EnhanceOptions(subtype="PCM_24"),
    )
    enhanced, noise_written = read(tmp_path / "y.wav"), read(tmp_path / "n.wav")
    assert np.abs(enhanced).max() > 0.99
    np.testing.assert_allclose(enhanced + noise_written, read(source), atol=1e-6)


@pytest.mark.parametrize(
    ("peak", "notes"),
    [
        (32767.0, ["its peak is 32767; full scale is 1, so it was enhanced far too loud"]),
        (3.0, []),
        (0.01, []),
        (0.001, ["its peak is -60 dBFS, too quiet for the models: raise its level first"]),
        (0.0, []),
    ],
)
def test_a_level_outside_the_training_range_is_noted(
    peak: float, notes: list[str], tmp_path: pathlib.Path
) -> None:
    samples = peak * np.sign(noise(9000))
    source = write(tmp_path / "x.wav", samples, subtype="FLOAT")
    assert list(enhance_file(source, tmp_path / "y.wav", identity_step()).notes) == notes


def test_an_empty_tag_does_not_fail_the_recording(tmp_path: pathlib.Path) -> None:
    source = write(tmp_path / "x.mp3", noise(48_000))
    source.write_bytes(
        source.read_bytes() + b"TAG" + b"A talk".ljust(30, b"\0") + bytes(94) + b"\xff"
    )
    assert enhance_file(source, tmp_path / "y.mp3", identity_step()).notes == ()
    with soundfile.SoundFile(tmp_path / "y.mp3") as file:
        assert file.copy_metadata()["title"] == "A talk"


@pytest.mark.parametrize(
    ("ending", "format", "subtype", "added"),
    [("wav", "WAV", "IMA_ADPCM", 157), ("wav", "WAV", "GSM610", 637), ("voc", "VOC", "ULAW", 1)],
)
def test_padding_of_a_codec_is_noted(
    ending: str, format: str, subtype: str, added: int, tmp_path: pathlib.Path
) -> None:
    source, target = write(tmp_path / "x.flac", noise(16_003), 8_000), tmp_path / f"y.{ending}"
    options = EnhanceOptions(format=format, subtype=subtype)
    notes = enhance_file(source, target, identity_step(), options).notes
    assert len(read(target)) == 16_003 + added
    assert notes == (
        f"{format} with {subtype} stores whole blocks: {added} samples of silence were appended",
    )
