"""Codecs of a pack: Opus for speech and noise, FLAC for room responses and mixtures."""

from __future__ import annotations

import pathlib
from typing import Any

import numpy as np
import numpy.typing as npt
import soundfile

from tfse.errors import AudioError, ConfigError

Samples = npt.NDArray[Any]

# libsndfile maps its compression level of 1 to 0 onto these rates of a mono file.
_BITRATE_MIN, _BITRATE_MAX = 6_000, 256_000
# Declared rates of audio of a lower rate. With the true rate the codec selects its speech
# coder at 36 kbit/s, which removes 3 dB above 6 kHz (median of 250 utterances); with one and
# a half times the rate its transform coder, which keeps the level of every band.
_DECLARED_RATES = {8_000: 12_000, 16_000: 24_000}
# Below this rate even that is a mixture of both coders, with an SNR of 10 dB.
KBPS_MIN = 36.0
_FULL_SCALE = 32768.0


def write_opus(path: pathlib.Path, audio: npt.NDArray[np.int16], rate: int, kbps: float) -> None:
    """Writes mono audio as Ogg Opus, with exact lengths and times.

    Args:
        path: output file.
        audio: int16 [samples].
        rate: samples per second, one that Opus knows (8000, 16000, 48000, ...).
        kbps: target of the codec, in kbit per second of audio; the container adds about 1.

    Raises:
        ConfigError: the bit rate is out of range.
    """
    declared_rate = _DECLARED_RATES.get(rate, rate)
    bitrate = kbps * 1000 * declared_rate / rate
    if not (kbps >= KBPS_MIN and bitrate <= _BITRATE_MAX):
        highest = _BITRATE_MAX * rate / declared_rate / 1000
        raise ConfigError(f"`kbps` must lie in [{KBPS_MIN:g}, {highest:.0f}]; received {kbps}.")
    level = 1 - (bitrate - _BITRATE_MIN) / (_BITRATE_MAX - _BITRATE_MIN)
    options = {"format": "OGG", "subtype": "OPUS", "compression_level": level}
    with soundfile.SoundFile(path, "w", declared_rate, 1, **options) as file:
        file.write(audio.astype(np.float32) / _FULL_SCALE)


def write_flac(path: pathlib.Path, audio: Samples, rate: int, subtype: str = "PCM_16") -> None:
    """Writes mono audio without loss.

    Args:
        path: output file.
        audio: int16, or float32 within -1 and 1, [samples].
        rate: samples per second.
        subtype: "PCM_16", or "PCM_24", which keeps float32 to 2^-24.
    """
    soundfile.write(path, audio, rate, subtype=subtype, format="FLAC")


def read_int16(path: pathlib.Path) -> npt.NDArray[np.int16]:
    """Reads mono audio as int16; samples of a lossy codec beyond full scale are clipped."""
    if path.suffix == ".flac":
        return np.asarray(_read(path, "int16"))
    scaled = np.rint(_read(path, "float32") * _FULL_SCALE)
    return np.clip(scaled, -_FULL_SCALE, _FULL_SCALE - 1).astype(np.int16)


def read_float32(path: pathlib.Path) -> npt.NDArray[np.float32]:
    """Reads mono audio as float32."""
    return np.asarray(_read(path, "float32"))


def _read(path: pathlib.Path, dtype: str) -> Samples:
    try:
        audio, _ = soundfile.read(path, dtype=dtype)
    except soundfile.LibsndfileError as error:
        raise AudioError(f"{path} cannot be decoded: {error}") from error
    return np.asarray(audio)
