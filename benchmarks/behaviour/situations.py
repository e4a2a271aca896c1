"""Difficult situations, made of validation recordings, with the limits of their measurements."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Iterator, Sequence

import numpy as np
import scipy.signal

from benchmarks.behaviour.material import SAMPLES, SECONDS, Material
from benchmarks.behaviour.measures import (
    RATE,
    Check,
    Samples,
    change_db,
    first,
    less_than_10_db_percent,
    more_clipped_percent,
    pesq,
    pesq_against_alone,
    pesq_against_louder,
    pesq_change,
    si_sdr,
    si_sdr_change,
    speech_level_change_db,
    stoi_change,
)
from tfse.dsp import mixing

# A clean and a noisy recording, `[samples]` each.
Pair = tuple[Samples, Samples]
Pairs = Iterator[Pair]

SILENCE_S = 30
ITSELF_S = 28
QUIET_DBFS = -50.0
QUIETER_DB = 24.0
TELEPHONE_HZ = (300.0, 3400.0)


def quiet(material: Material) -> Pairs:
    """Yields talkers at -50 dBFS, with noise 10 dB below."""
    for clean, noisy in mixed(material.voices, material.noises(), 10.0):
        gain = np.float32(mixing.gain_to_level(noisy, QUIET_DBFS))
        yield gain * clean, gain * noisy


def clipped(material: Material) -> Pairs:
    """Yields talkers that are clipped 10 dB below their peak, with noise 15 dB below."""
    for clean, noisy in mixed(material.voices, material.noises(), 15.0):
        gain = 10**0.5 / np.abs(noisy).max()
        yield (gain * clean).astype(np.float32), np.clip(gain * noisy, -1.0, 1.0)


def offset_and_hum(material: Material) -> Pairs:
    """Yields speech with an offset of 0.1 and hum of 50 Hz as strong as the speech."""
    time_s = np.arange(SAMPLES) / RATE
    hum = sum(np.sin(2 * np.pi * 50 * k * time_s + k) / k for k in range(1, 12))
    for clean, noisy in mixed(material.voices, [np.asarray(hum, np.float32)], 0.0):
        yield clean, noisy + np.float32(0.1)


def after_silence(material: Material) -> Pairs:
    """Yields noisy speech after 30 s of digital silence."""
    silence = np.zeros(SILENCE_S * RATE, np.float32)
    for clean, noisy in mixed(material.voices, material.noises(), 5.0):
        yield np.concatenate([silence, clean]), np.concatenate([silence, noisy])


def after_itself(material: Material) -> Pairs:
    """Yields half a minute of the same 4 s of voice and noise."""
    for pair in mixed(material.voices, material.noises(), 5.0):
        clean, noisy = (np.tile(signal, 1 + ITSELF_S // SECONDS) for signal in pair)
        yield clean, noisy


def after_another(material: Material) -> Pairs:
    """Yields noisy speech after 4 s of another voice and noise."""
    pairs = list(mixed(material.voices, material.noises(), 5.0))
    for before, after in _neighbours(pairs):
        clean, noisy = (np.concatenate(signals) for signals in zip(before, after, strict=True))
        yield clean, noisy


def after_clean(material: Material) -> Pairs:
    """Yields noisy speech after 4 s of another voice without noise."""
    pairs = list(mixed(material.voices, material.noises(), 5.0))
    for (voice, _), (clean, noisy) in _neighbours(pairs):
        yield np.concatenate([voice, clean]), np.concatenate([voice, noisy])


def from_the_first_sample(material: Material) -> Pairs:
    """Yields speech that begins with the file, with noise 15 dB below."""
    cut = [speech[int(np.argmax(_is_speech(speech))) :] for speech in material.voices]
    yield from mixed(cut, material.noises(), 15.0)


def telephone(material: Material) -> Pairs:
    """Yields noisy speech from 300 to 3,400 Hz."""
    band = scipy.signal.butter(6, TELEPHONE_HZ, "bandpass", fs=RATE, output="sos")
    for pair in mixed(material.voices, material.noises(), 5.0):
        clean, noisy = (scipy.signal.sosfilt(band, x).astype(np.float32) for x in pair)
        yield clean, noisy


def noise_alone(material: Material) -> Pairs:
    """Yields every noise recording at -35 dBFS, as its own reference."""
    for noise in material.noises():
        scaled = np.asarray(noise * mixing.gain_to_level(noise, -35.0), np.float32)
        yield scaled, scaled


def two_talkers(material: Material) -> Pairs:
    """Yields two voices of the same level, both of which are wanted."""
    for one, other in itertools.pairwise(material.voices):
        yield one + other, one + other


def high_voices(material: Material) -> Pairs:
    """Yields the voices with the highest pitch, with noise 5 dB below."""
    yield from mixed(material.high_voices, material.noises(), 5.0)


def whisper(material: Material) -> Pairs:
    """Yields speech whose voice is replaced by noise, with noise 15 dB below."""
    yield from mixed(map(whispered, material.voices), material.noises(), 15.0)


def music(material: Material) -> Pairs:
    """Yields speech with music 5 dB below."""
    yield from mixed(material.voices, material.noises("music"), 5.0)


def keyboard(material: Material) -> Pairs:
    """Yields speech with keys and mouse clicks 5 dB below."""
    yield from mixed(material.voices, material.noises("keyboard", "mouse_click"), 5.0)


def clean_speech(material: Material) -> Pairs:
    """Yields speech alone."""
    yield from zip(material.voices, material.voices, strict=True)


def reverberant(material: Material) -> Pairs:
    """Yields speech in reverberant rooms, with noise 20 dB below."""
    speeches, targets = [], []
    for voice, room in zip(material.voices, itertools.cycle(material.rooms), strict=False):
        early = mixing.early_part(room, material.early_samples)
        speech, target = mixing.convolve_pair(voice, room, early)
        speeches.append(np.asarray(speech, np.float32))
        targets.append(np.asarray(target, np.float32))
    for target, (_, noisy) in zip(targets, mixed(speeches, material.noises(), 20.0), strict=True):
        yield target, noisy


SITUATIONS: dict[str, Callable[[Material], Pairs]] = {
    "quiet talker": quiet,
    "clipped talker": clipped,
    "offset and hum": offset_and_hum,
    "after 30 s of silence": after_silence,
    "after 28 s of the same": after_itself,
    "after another mixture": after_another,
    "after clean speech": after_clean,
    "from the first sample": from_the_first_sample,
    "telephone band": telephone,
    "noise alone": noise_alone,
    "two talkers": two_talkers,
    "high voices": high_voices,
    "whisper": whisper,
    "music behind speech": music,
    "keyboard": keyboard,
    "clean speech": clean_speech,
    "very reverberant": reverberant,
}


CHECKS = [
    Check("quiet talker", "change of STOI", stoi_change, 0.0),
    Check("quiet talker", "PESQ against 24 dB louder", pesq_against_louder(QUIETER_DB), -0.1),
    Check("clipped talker", "change of STOI", stoi_change, 0.0),
    Check("clipped talker", "more samples at full scale, %", more_clipped_percent, high=0.0),
    Check("offset and hum", "change of STOI", stoi_change, 0.0),
    Check("offset and hum", "change of SI-SDR, dB", si_sdr_change, 10.0),
    Check(
        "after 30 s of silence",
        "PESQ against alone",
        pesq_against_alone(SILENCE_S),
        -0.05,
    ),
    Check(
        "after 28 s of the same",
        "PESQ against alone",
        pesq_against_alone(ITSELF_S),
        -0.05,
    ),
    Check(
        "after another mixture",
        "PESQ against alone",
        pesq_against_alone(SECONDS),
        -0.05,
    ),
    Check(
        "after clean speech",
        "PESQ against alone",
        pesq_against_alone(SECONDS),
        -0.05,
    ),
    Check(
        "from the first sample",
        "level of the first 200 ms of speech, dB",
        first(0.2, speech_level_change_db),
        -1.0,
        1.0,
    ),
    Check("telephone band", "change of STOI", stoi_change, 0.0),
    Check("telephone band", "change of PESQ", pesq_change, 0.3),
    Check("noise alone", "level, dB", change_db(0.0), high=-20.0),
    Check("noise alone", "level of the first 200 ms, dB", change_db(0.0, 0.2), high=-15.0),
    Check("noise alone", "reduced by less than 10 dB, %", less_than_10_db_percent, high=10.0),
    Check("two talkers", "level, dB", speech_level_change_db, -1.0, 1.0),
    Check("two talkers", "SI-SDR against both, dB", si_sdr, 15.0),
    Check("high voices", "change of STOI", stoi_change, 0.0),
    Check("high voices", "change of PESQ", pesq_change, 0.5),
    Check("whisper", "level, dB", speech_level_change_db, -3.0, 1.0),
    Check("whisper", "change of STOI", stoi_change, -0.01),
    Check("music behind speech", "change of STOI", stoi_change, 0.0),
    Check("music behind speech", "change of PESQ", pesq_change, 0.5),
    Check("keyboard", "change of STOI", stoi_change, 0.0),
    Check("keyboard", "change of PESQ", pesq_change, 0.5),
    Check("clean speech", "PESQ", pesq, 4.4),
    Check("clean speech", "SI-SDR, dB", si_sdr, 25.0),
    Check("very reverberant", "change of STOI", stoi_change, 0.0),
    Check("very reverberant", "change of PESQ", pesq_change, 0.2),
]


def mixed(voices: Iterable[Samples], noises: Iterable[Samples], snr_db: float) -> Pairs:
    """Yields every voice alone and with noise at an SNR; noises are spread over the voices.

    Without noises there are no pairs.
    """
    voices, noises = list(voices), list(noises)
    if not noises:
        return
    for number, voice in enumerate(voices):
        noise = noises[number * len(noises) // len(voices)][: voice.size]
        gain = mixing.gain_for_snr(voice, noise, snr_db)
        yield voice, np.asarray(voice + gain * noise, np.float32)


def _neighbours(pairs: Sequence[Pair]) -> Iterator[tuple[Pair, Pair]]:
    """Yields every pair with the one before it; the first with the last."""
    yield from zip([pairs[-1], *pairs[:-1]], pairs, strict=True)


def whispered(speech: Samples) -> Samples:
    """Returns speech with the envelope of its spectra, but noise in place of the voice.

    The envelope is the log magnitude without the cepstral coefficients that hold the pitch.
    """
    rng = np.random.default_rng(0)
    settings = {"fs": RATE, "nperseg": 512, "noverlap": 384}
    _, _, spectra = scipy.signal.stft(speech, **settings)
    cepstra = np.fft.irfft(np.log(np.abs(spectra) + 1e-6), axis=0)
    cepstra[30:-29] = 0
    envelope = np.exp(np.fft.rfft(cepstra, axis=0).real)
    _, _, noise = scipy.signal.stft(rng.standard_normal(speech.size), **settings)
    _, whisper = scipy.signal.istft(envelope * noise / np.abs(noise).mean(), **settings)
    cut = np.asarray(whisper[: speech.size], np.float32)
    return np.asarray(cut * np.sqrt(mixing.power(speech) / mixing.power(cut)), np.float32)


def _is_speech(speech: Samples) -> np.ndarray:
    return np.abs(speech) > 0.1 * np.abs(speech).max()
