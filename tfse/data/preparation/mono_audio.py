"""Reads a recording of any kind into the form in which records hold audio.

Nothing here imports TensorFlow: these functions run in worker processes.
"""

from __future__ import annotations

import io
import math
import pathlib

import numpy as np
import soundfile
import soxr

from tfse.audio.file_source import FileSource
from tfse.errors import AudioError, ConfigError
from tfse.types import Samples

ENCODINGS = ("pcm16", "flac")
# Full scale of 16-bit audio: a 16-bit source comes through unchanged.
FULL_SCALE = 32768
SILENCE_DBFS = -80.0
# What is quieter than this against the loudest sample is cut from the ends of
# noise: many ESC-50 clips are a short sound and then nothing, and a crop of
# nothing has no signal-to-noise ratio.
NOISE_TRIM_DB = -60.0
# A direct path is the first sample at least half as large as the largest one:
# the largest may be a reflection when the microphone is turned away.
DIRECT_PATH_RATIO = 0.5
RIR_DECAY_DB = -60.0
RIR_MAX_S = 2.0
RIR_FADE_S = 0.02


def duration_s(path: str) -> float:
    """Returns the length of a recording in seconds, from its header where that tells it.

    Raises:
        AudioError: it is none that `FileSource` reads.
    """
    with FileSource(pathlib.Path(path)) as source:
        if claimed := source.duration_s:
            return claimed
        return sum(map(len, source.blocks())) / source.layout.sample_rate


def read_mono(path: str, sample_rate: int) -> Samples:
    """Reads one channel of a recording, that with the most energy, and resamples it.

    The mean of several microphones would be a comb filter: what reaches one of them 8
    samples later, as in most room impulse responses, is cancelled at 1 kHz.

    Args:
        path: a file of any kind that `FileSource` reads.
        sample_rate: samples a second of what is returned.

    Returns:
        float32 [samples], scaled down as a whole where its peak was above 1.

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
    """Cuts what is silent, against its loudest sample, from both ends of a noise.

    Shapes:
        [samples] -> [fewer samples]
    """
    loud = np.flatnonzero(np.abs(samples) >= _peak(samples) * _gain(NOISE_TRIM_DB))
    return samples[loud[0] : loud[-1] + 1]


def trim_rir(samples: Samples, sample_rate: int) -> Samples:
    """Starts a room impulse response at its direct path and ends it when it has decayed.

    The end is where the energy still to come is 60 dB below the whole, two
    seconds after the direct path at most, with a short fade so that the cut
    is not heard.

    Shapes:
        [samples] -> [fewer samples]
    """
    direct = np.flatnonzero(np.abs(samples) >= DIRECT_PATH_RATIO * _peak(samples))[0]
    response = samples[direct : direct + round(RIR_MAX_S * sample_rate)]
    still_to_come = np.cumsum(np.square(response[::-1], dtype=np.float64))[::-1]
    end = int(np.count_nonzero(still_to_come > still_to_come[0] * _gain(RIR_DECAY_DB) ** 2))
    return _faded(response[:end], round(RIR_FADE_S * sample_rate))


def normalized(samples: Samples) -> Samples:
    """Scales a room impulse response to the full scale of 16 bits, which its tail needs.

    Shapes:
        [samples] -> [samples]
    """
    return samples * np.float32((1 - 1 / FULL_SCALE) / _peak(samples))


def encode(samples: Samples, sample_rate: int, encoding: str) -> bytes:
    """Encodes audio as the bytes that a record holds.

    Args:
        samples: float32 [samples] in [-1, 1].
        sample_rate: samples a second.
        encoding: "pcm16" (little-endian) or "flac" (16 bits).

    Raises:
        ConfigError: the encoding is neither of the two.
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
    # The first sample is the direct path and is never touched.
    fade = min(fade, response.size - 1)
    ramp = np.ones_like(response)
    if fade:
        ramp[-fade:] = np.cos(np.linspace(0, np.pi / 2, fade + 1)[1:]) ** 2
    return response * ramp


def _peak(samples: Samples) -> float:
    return float(np.abs(samples).max())


def _gain(db: float) -> float:
    return float(10 ** (db / 20))
