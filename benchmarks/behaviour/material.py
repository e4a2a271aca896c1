"""Material of the situations: voices, noises and rooms of one split of prepared data."""

from __future__ import annotations

import dataclasses
from typing import Any

import librosa
import numpy as np
import tensorflow as tf

from benchmarks.behaviour.measures import RATE, Samples
from tfse.data.config import DataConfig
from tfse.data.open_mixer import open_mixer
from tfse.data.records.record_table import RecordTable
from tfse.dsp import mixing

SECONDS = 4
SAMPLES = SECONDS * RATE
SPEECH_DBFS = -26.0
# Distance between the starts that are compared for the loudest stretch of a recording.
_STRIDE = RATE // 4


@dataclasses.dataclass(frozen=True)
class Material:
    """Recordings of one split.

    Attributes:
        voices: speech of `count` speakers, 4 s at -26 dBFS each.
        high_voices: likewise of a quarter as many speakers, those with the highest pitch.
        noise: kind and 4 s of each noise recording.
        rooms: impulse responses with reverberation times of more than 1 s, or the longest
            ones; float32 [taps] each.
        early_samples: part of a response that belongs to the target.
    """

    voices: list[Samples]
    high_voices: list[Samples]
    noise: list[tuple[str, Samples]]
    rooms: list[Samples]
    early_samples: int

    def noises(self, *words: str) -> list[Samples]:
        """Returns the noises whose kind has one of the words; all without words."""
        return [audio for kind, audio in self.noise if not words or any(w in kind for w in words)]


def open_material(data_dir: str, count: int) -> Material:
    """Reads the validation split of prepared data.

    Args:
        data_dir: output folder of `tfse-prepare` with noise and rooms, at 16 kHz.
        count: number of voices.
    """
    config = DataConfig(reverb_probability=1.0)
    mixer = open_mixer(data_dir, config, "valid")
    assert mixer.noise is not None and mixer.rir is not None
    every = [_voice(_read(mixer.speech, int(n))) for n in mixer.speech.group_starts.numpy()]
    kinds = [kind.decode() for kind in mixer.noise.kinds.numpy()]
    rooms = [_read(mixer.rir, number) for number in range(mixer.rir.count)]
    reverberant = [room for room in rooms if _rt60_s(room) > 1.0]
    return Material(
        voices=_spread(every, count),
        high_voices=sorted(every, key=_pitch_hz)[-count // 4 :],
        noise=[(kind, _filled(_read(mixer.noise, n))) for n, kind in enumerate(kinds)],
        rooms=reverberant or [max(rooms, key=_rt60_s)],
        early_samples=config.early_samples,
    )


def _read(table: RecordTable, number: int) -> Samples:
    audio: Samples = table.read(tf.constant(number)).numpy()
    return audio


def _voice(audio: Samples) -> Samples:
    """Returns the loudest 4 s at -26 dBFS."""
    starts = range(0, max(1, audio.size - SAMPLES), _STRIDE)
    loudest = max(starts, key=lambda start: float(mixing.power(audio[start : start + SAMPLES])))
    speech = _filled(audio[loudest : loudest + SAMPLES])
    scaled: Samples = np.asarray(speech * mixing.gain_to_level(speech, SPEECH_DBFS), np.float32)
    return scaled


def _filled(audio: Samples) -> Samples:
    """Returns 4 s: the start of a recording, repeated if it is shorter."""
    return np.resize(audio, SAMPLES)


def _spread(items: list[Any], count: int) -> list[Any]:
    places = np.linspace(0, len(items) - 1, min(count, len(items)))
    return [items[round(place)] for place in places]


def _pitch_hz(speech: Samples) -> float:
    """Returns the median pitch of the louder half of the frames."""
    pitch = librosa.yin(speech, fmin=80, fmax=500, sr=RATE)
    loudness = librosa.feature.rms(y=speech)[0]
    return float(np.median(pitch[loudness > np.median(loudness)]))


def _rt60_s(response: Samples) -> float:
    """Returns the reverberation time from -5 to -25 dB of the backward-integrated energy."""
    energy = np.cumsum(np.square(response[::-1], dtype=np.float64))[::-1]
    decay_db = 10 * np.log10(energy / energy[0] + 1e-12)
    return 3 * float(np.argmax(decay_db < -25) - np.argmax(decay_db < -5)) / RATE
