"""Mono audio: reading, trimming and encoding of recordings for records.

TensorFlow is not imported here: these functions run in worker processes.
"""

from __future__ import annotations

import io
import math
import pathlib

import numpy as np
import soundfile
import soxr

from tfse.audio.file_source import FileSource
from tfse.data.constants import ENCODINGS, FULL_SCALE
from tfse.errors import AudioError, ConfigError
from tfse.types import Samples

SILENCE_DBFS = -80.0
# The ends of noise below this level, relative to its peak, are removed: many ESC-50 clips are
# a short sound followed by silence, and a silent crop has no signal-to-noise ratio.
NOISE_TRIM_DB = -60.0
# The direct path is the first sample of at least half of the peak, as the peak may be a
# reflection when the microphone points elsewhere.
DIRECT_PATH_RATIO = 0.5
RIR_DECAY_DB = -60.0
RIR_MAX_S = 2.0
RIR_FADE_S = 0.02


def duration_s(path: str) -> float:
    """Returns the length of a recording in seconds, from its header if that has it.

    Raises:
        AudioError: `FileSource` cannot read it.
    """
    with FileSource(pathlib.Path(path)) as source:
        if claimed := source.duration_s:
            return claimed
        return sum(map(len, source.blocks())) / source.layout.sample_rate


def read_mono(path: str, sample_rate: int) -> Samples:
    """Returns the channel of a recording with the most energy, resampled.

    The mean of several microphones would be a comb filter: sound that reaches one of them 8
    samples later, as in most room impulse responses, is cancelled at 1 kHz.

    Args:
        path: a file that `FileSource` reads.
        sample_rate: samples per second of the result.

    Returns:
        float32 [samples], scaled down if its peak was above 1.

    Raises:
        AudioError: the file is unreadable, empty, damaged, not finite or silent.
    """
    with FileSource(pathlib.Path(path)) as source:
        samples, rate = np.concatenate(list(source.blocks())), source.layout.sample_rate
    if not np.isfinite(samples).all():
        raise AudioError("not finite: it holds NaN or infinite samples")
    energy = np.sum(np.square(samples, dtype=np.float64), axis=0)
    channel = np.ascontiguousarray(samples[:, np.argmax(energy)])
    return _scaled(_audible(soxr.resample(channel, rate, sample_rate)))


def trim_noise(samples: Samples) -> Samples:
    """Removes both ends of a noise that are silent relative to its peak.

    Shapes:
        [samples] -> [fewer samples]
    """
    loud = np.flatnonzero(np.abs(samples) >= _peak(samples) * _gain(NOISE_TRIM_DB))
    return samples[loud[0] : loud[-1] + 1]


def trim_rir(samples: Samples, sample_rate: int) -> Samples:
    """Trims a room impulse response to its direct path and its decay.

    The end is where the remaining energy is 60 dB below the total, at most two seconds
    after the direct path, with a short fade so that the cut is inaudible.

    Shapes:
        [samples] -> [fewer samples]
    """
    direct = np.flatnonzero(np.abs(samples) >= DIRECT_PATH_RATIO * _peak(samples))[0]
    response = samples[direct : direct + round(RIR_MAX_S * sample_rate)]
    remaining = np.cumsum(np.square(response[::-1], dtype=np.float64))[::-1]
    end = int(np.count_nonzero(remaining > remaining[0] * _gain(RIR_DECAY_DB) ** 2))
    return _faded(response[:end], round(RIR_FADE_S * sample_rate))


def normalized(samples: Samples) -> Samples:
    """Scales a room impulse response to the full scale of 16 bits, to keep its tail.

    Shapes:
        [samples] -> [samples]
    """
    return samples * np.float32((1 - 1 / FULL_SCALE) / _peak(samples))


def encode(samples: Samples, sample_rate: int, encoding: str) -> bytes:
    """Returns audio as the bytes of a record.

    Args:
        samples: float32 [samples] in [-1, 1].
        sample_rate: samples per second.
        encoding: "pcm16" (little-endian) or "flac" (16 bits).

    Raises:
        ConfigError: the encoding is unknown.
    """
    integers = np.clip(np.rint(samples * FULL_SCALE), -FULL_SCALE, FULL_SCALE - 1).astype("<i2")
    if encoding == "pcm16":
        return integers.tobytes()
    if encoding != "flac":
        raise ConfigError(f"`encoding` must be one of {ENCODINGS}; received {encoding!r}.")
    with io.BytesIO() as file:
        soundfile.write(file, integers, sample_rate, format="FLAC", subtype="PCM_16")
        return file.getvalue()


def _audible(samples: Samples) -> Samples:
    if samples.size == 0:
        raise AudioError("empty: nothing is left after resampling")
    if _peak(samples) < _gain(SILENCE_DBFS):
        level = 20 * math.log10(max(_peak(samples), 1e-9))
        raise AudioError(f"silent: its peak is {level:.0f} dBFS, below {SILENCE_DBFS:.0f}")
    return samples


def _scaled(samples: Samples) -> Samples:
    return samples / np.float32(max(1.0, _peak(samples)))


def _faded(response: Samples, fade: int) -> Samples:
    # The first sample, the direct path, is not faded.
    fade = min(fade, response.size - 1)
    ramp = np.ones_like(response)
    if fade:
        ramp[-fade:] = np.cos(np.linspace(0, np.pi / 2, fade + 1)[1:]) ** 2
    return response * ramp


def _peak(samples: Samples) -> float:
    return float(np.abs(samples).max())


def _gain(db: float) -> float:
    return float(10 ** (db / 20))
