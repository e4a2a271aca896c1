from __future__ import annotations

import pathlib

import numpy as np
import pytest
import soundfile

from tests.data.corpus import DIRECT_AT, RATE, room
from tfse.data.preparation import mono_audio
from tfse.errors import AudioError, ConfigError


def tone(seconds: float, rate: int, hz: float = 440.0) -> np.ndarray:
    return 0.5 * np.sin(2 * np.pi * hz * np.arange(round(seconds * rate)) / rate)


@pytest.mark.parametrize(
    ("name", "rate", "subtype", "limit"),
    [
        ("a.wav", 16000, "PCM_16", 1e-4),
        ("a.wav", 16000, "PCM_24", 1e-6),
        ("a.wav", 16000, "FLOAT", 1e-6),
        ("a.wav", 16000, "DOUBLE", 1e-6),
        ("a.wav", 16000, "PCM_U8", 1e-2),
        ("a.wav", 16000, "ULAW", 3e-2),
        ("a.flac", 16000, "PCM_16", 1e-4),
        ("a.ogg", 16000, "VORBIS", 3e-2),
        ("a.ogg", 16000, "OPUS", 0.12),
        ("a.mp3", 16000, None, 6e-2),
        ("a.wav", 44100, "FLOAT", 1e-3),
        ("a.wav", 8000, "FLOAT", 1e-3),
    ],
)
def test_every_kind_of_file_gives_the_same_tone(
    tmp_path: pathlib.Path, name: str, rate: int, subtype: str | None, limit: float
) -> None:
    soundfile.write(tmp_path / name, tone(1.0, rate), rate, subtype=subtype)
    samples = mono_audio.read_mono(str(tmp_path / name), RATE)
    assert samples.dtype == np.float32
    assert abs(samples.size - RATE) < 0.1 * RATE
    # The middle: codecs and resamplers ring at the ends, and mp3 shifts by its delay.
    middle = samples[4000:12000]
    reference = np.exp(2j * np.pi * 440.0 * np.arange(8000) / RATE)
    amplitude = 2 * abs(np.vdot(reference, middle)) / 8000
    assert amplitude == pytest.approx(0.5, abs=0.5 * limit + 1e-4)
    assert np.sqrt(np.mean(middle**2)) == pytest.approx(0.5 / np.sqrt(2), abs=limit)


def test_the_channel_with_the_most_energy_is_taken(tmp_path: pathlib.Path) -> None:
    both = np.stack([np.full(RATE // 2, 0.1), tone(0.5, RATE)], axis=1)
    soundfile.write(tmp_path / "a.wav", both, RATE, subtype="FLOAT")
    mono = mono_audio.read_mono(str(tmp_path / "a.wav"), RATE)
    np.testing.assert_allclose(mono, both[:, 1], atol=1e-6)


@pytest.mark.parametrize("second", [1.0, -1.0])
def test_channels_of_a_room_make_no_comb(tmp_path: pathlib.Path, second: float) -> None:
    # The mean of these has a zero at 1 kHz, or, with the other sign, at 0 Hz.
    both = np.zeros((4000, 2))
    both[100, 0], both[108, 1] = 1.0, second
    soundfile.write(tmp_path / "a.wav", both, RATE, subtype="FLOAT")
    response = np.abs(np.fft.rfft(mono_audio.read_mono(str(tmp_path / "a.wav"), RATE)))
    np.testing.assert_allclose(response, 1.0, atol=1e-6)


def test_too_loud_is_scaled_and_not_clipped(tmp_path: pathlib.Path) -> None:
    loud = 2.72 * tone(0.5, RATE)
    soundfile.write(tmp_path / "a.wav", loud, RATE, subtype="FLOAT")
    samples = mono_audio.read_mono(str(tmp_path / "a.wav"), RATE)
    np.testing.assert_allclose(samples, loud / np.abs(loud).max(), atol=1e-6)


@pytest.mark.parametrize(
    ("samples", "reason"),
    [
        (np.zeros(0), "no samples"),
        (np.zeros(1000), "silent"),
        (1e-5 * np.ones(1000), "silent: its peak is -100 dBFS, below -80"),
        (np.array([0.1, np.nan, 0.1]), "not finite"),
        (np.array([0.1, np.inf, 0.1]), "not finite"),
    ],
)
def test_what_cannot_be_used_says_why(
    tmp_path: pathlib.Path, samples: np.ndarray, reason: str
) -> None:
    soundfile.write(tmp_path / "a.wav", samples, RATE, subtype="FLOAT")
    with pytest.raises(AudioError, match=reason):
        mono_audio.read_mono(str(tmp_path / "a.wav"), RATE)


@pytest.mark.parametrize(
    "read", [lambda path: mono_audio.read_mono(path, RATE), mono_audio.duration_s]
)
def test_a_broken_file_is_unreadable(tmp_path: pathlib.Path, read: object) -> None:
    (tmp_path / "a.wav").write_bytes(b"RIFF but no more")
    with pytest.raises(AudioError, match=r"^not readable as audio: .*format not recognised"):
        read(str(tmp_path / "a.wav"))


def test_duration_comes_from_the_header(tmp_path: pathlib.Path) -> None:
    soundfile.write(tmp_path / "a.flac", tone(0.75, 8000), 8000)
    assert mono_audio.duration_s(str(tmp_path / "a.flac")) == 0.75


def test_noise_loses_its_silent_ends_only() -> None:
    sound = np.array([0.5, 0.0, 0.0, -0.5], np.float32)
    noise = np.concatenate([np.full(9, 1e-4), sound, np.full(7, -1e-4)]).astype(np.float32)
    np.testing.assert_array_equal(mono_audio.trim_noise(noise), sound)


def test_a_room_begins_at_its_direct_path_and_ends_when_it_has_decayed() -> None:
    response = mono_audio.trim_rir(room(0, seconds=1.5).astype(np.float32), RATE)
    assert response[0] == np.float32(0.9)
    # The tail falls by 60 dB in 800 * ln(1000) = 5526 samples; it began 16 dB down.
    assert 3000 < response.size < 6000
    np.testing.assert_array_equal(
        response[:3000], room(0, 1.5)[DIRECT_AT : DIRECT_AT + 3000].astype(np.float32)
    )
    assert abs(response[-1]) < 1e-6


@pytest.mark.parametrize("scale", [1e-3, 0.3, 1.0])
def test_a_quiet_room_fills_the_16_bits_of_its_record(scale: float) -> None:
    response = mono_audio.trim_rir((scale * room(0)).astype(np.float32), RATE)
    loud = mono_audio.normalized(response)
    np.testing.assert_allclose(loud / loud[0], response / response[0], atol=1e-6)
    kept = np.frombuffer(mono_audio.encode(loud, RATE, "pcm16"), "<i2")
    assert np.abs(kept).max() == 32767


def test_a_room_of_one_sample_stays() -> None:
    np.testing.assert_array_equal(mono_audio.trim_rir(np.array([0, 1], np.float32), RATE), [1.0])


def test_a_room_is_never_longer_than_two_seconds() -> None:
    endless = np.random.default_rng(0).uniform(0.5, 1.0, 5 * RATE).astype(np.float32)
    assert mono_audio.trim_rir(endless, RATE).size == 2 * RATE


def test_pcm16_is_exact_and_full_scale_is_kept() -> None:
    integers = np.array([-32768, -1, 0, 1, 32767])
    samples = (integers / 32768).astype(np.float32)
    assert mono_audio.encode(samples, RATE, "pcm16") == integers.astype("<i2").tobytes()
    assert mono_audio.encode(np.ones(1, np.float32), RATE, "pcm16") == b"\xff\x7f"


def test_an_unknown_encoding_is_refused() -> None:
    with pytest.raises(ConfigError, match=r"`encoding` must be one of .*; received 'mp3'"):
        mono_audio.encode(np.zeros(1, np.float32), RATE, "mp3")
