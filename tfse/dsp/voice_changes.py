"""Changes of a voice: whisper, and a sound held for longer.

Pure functions in `keras.ops` on one waveform; with the TensorFlow backend they also run inside
a `tf.data` graph.
"""

from __future__ import annotations

import functools
from typing import Any

import numpy as np
from keras import ops
from numpy.typing import NDArray

from tfse.dsp.mixing import gain_to_level, level_dbfs, power

# === Whisper === Frames of 32 ms. What an envelope keeps of a log spectrum: cepstral
# coefficients below 1.5 ms, less than the period of a voice of 600 Hz.
FRAME_S = 0.032
ENVELOPE_S = 0.0015
_HOPS = 4
_POWER_MIN = 1e-10

# === Held sound === Periods of a voice, and the stretch that they are found in.
PERIOD_S = (0.002, 0.0125)
STRETCH_S = 0.04
# Shortest loop; a loop is a whole number of periods. Its end fades into its start.
LOOP_S = 0.04
FADE_S = 0.02


def whispered(speech: Any, white: Any, low_cut_hz: Any, sample_rate: int) -> Any:
    """Returns speech with noise in place of the voice, at the same level.

    The noise has the envelope of the speech's spectra: their log magnitudes without the
    cepstral coefficients that hold the pitch.

    Args:
        speech: the waveform.
        white: white noise.
        low_cut_hz: cut-off of a first-order high-pass, since a whisper has little below its
            first formant; 0 for none.
        sample_rate: in Hz.

    Shapes:
        [samples], [samples], [] -> [samples]
    """
    samples = ops.shape(speech)[0]
    hop = round(FRAME_S * sample_rate / _HOPS)
    frame = _HOPS * hop
    settings = {"sequence_length": frame, "sequence_stride": hop, "fft_length": frame}
    real, imag = ops.stft(speech, **settings)
    log_power = ops.log(ops.square(real) + ops.square(imag) + _POWER_MIN)
    envelope = ops.exp(0.5 * ops.matmul(log_power, _smoothing(frame, sample_rate)))
    hz = np.arange(frame // 2 + 1) * (sample_rate / frame)
    gain = envelope * ops.convert_to_tensor(hz.astype(np.float32))
    # At 0 Hz the high-pass is 0, whatever its cut-off.
    gain /= ops.sqrt(ops.square(hz.astype(np.float32)) + ops.square(low_cut_hz) + 1.0)
    real, imag = ops.stft(white, **settings)
    noise = ops.istft((gain * real, gain * imag), length=samples, **settings)
    # Silence stays silence, by which a mixture knows that nobody speaks.
    gain_of_level = gain_to_level(noise, level_dbfs(speech))
    return noise * ops.where(power(speech) > 0, gain_of_level, 0.0)


@functools.cache
def _smoothing(frame: int, sample_rate: int) -> NDArray[np.float32]:
    """Returns the matrix that removes the pitch from log spectra, `[bins, bins]`."""
    kept = round(ENVELOPE_S * sample_rate)
    cepstra = np.fft.irfft(np.eye(frame // 2 + 1), frame)
    cepstra[:, kept : frame - kept + 1] = 0
    smooth: NDArray[np.float32] = np.fft.rfft(cepstra).real.astype(np.float32)
    return smooth


def held(audio: Any, place: Any, held_s: Any, sample_rate: int) -> Any:
    """Returns a waveform of the same length in which a sound is held for longer.

    The loudest 10 ms after the place are found, the period there, and a loop of at least
    40 ms of whole periods, whose end fades into its start. What follows is later by the time
    held, a whole number of loops; the end is cut off.

    Args:
        audio: the waveform, at least 0.2 s.
        place: earliest start of the sound, as a share of the length below 1.
        held_s: time for which it is held; it is rounded up to whole loops.
        sample_rate: in Hz.

    Shapes:
        [samples], [], [] -> [samples]
    """
    samples = ops.shape(audio)[0]
    start = _loudest(audio, place, sample_rate)
    period = _period(audio, start, sample_rate)
    shortest = round(LOOP_S * sample_rate)
    loop = period * ((shortest + period - 1) // period)
    time_held = ops.cast(ops.ceil(held_s * sample_rate / ops.cast(loop, "float32")), "int32")
    time_held *= loop
    time = ops.arange(samples)
    since = time - start
    is_held = ops.logical_and(since >= 0, since < time_held + loop)
    # Within the hold, and where the audio resumes, the first samples of each loop but the
    # first fade from what would have followed the loop.
    in_loop = start + ops.mod(since, loop)
    resumed = ops.where(since >= time_held, time - time_held, in_loop)
    source = ops.where(since < 0, time, resumed)
    fade = round(FADE_S * sample_rate)
    weight = ops.cast(source - start, "float32") / fade
    weight = ops.where(ops.logical_and(is_held, since >= loop), weight, 1.0)
    weight = ops.clip(weight, 0.0, 1.0)
    beyond = ops.minimum(source + loop, samples - 1)
    return weight * ops.take(audio, source) + (1.0 - weight) * ops.take(audio, beyond)


def _loudest(audio: Any, place: Any, sample_rate: int) -> Any:
    """Returns the start of the loudest block of 10 ms after a place, int32 []."""
    block = sample_rate // 100
    margin = round((STRETCH_S + LOOP_S + 2 * PERIOD_S[1]) * sample_rate)
    count = (ops.shape(audio)[0] - margin) // block
    energy = ops.sum(ops.square(ops.reshape(audio[: count * block], (count, block))), axis=-1)
    first = ops.cast(place * ops.cast(count, "float32"), "int32")
    energy = ops.where(ops.arange(count) >= first, energy, -1.0)
    return ops.cast(ops.argmax(energy), "int32") * block


def _period(audio: Any, start: Any, sample_rate: int) -> Any:
    """Returns the lag, in samples, at which audio resembles itself most, int32 []."""
    shortest, longest = (round(period * sample_rate) for period in PERIOD_S)
    stretch = round(STRETCH_S * sample_rate)
    lags = np.arange(shortest, longest + 1)
    numbers = (lags[:, None] + np.arange(stretch)[None, :]).astype(np.int32)
    later = ops.take(audio, start + numbers)
    now = ops.take(audio, start + ops.arange(stretch))
    products = ops.sum(later * now, axis=-1)
    energies = ops.sum(ops.square(later), axis=-1)
    best = ops.argmax(products / ops.sqrt(energies + _POWER_MIN))
    return ops.cast(best, "int32") + shortest
