"""Levels, gains for an SNR, and room convolution of waveforms.

Pure functions in `keras.ops` on waveforms whose last axis is time; with the TensorFlow
backend they also run inside a `tf.data` graph.
"""

from __future__ import annotations

import math
from typing import Any

from keras import ops

# Lower bound of powers: -120 dBFS, below the resolution of 16 bits.
POWER_MIN = 1e-12
# FFT lengths are multiples of this power of two, so that they have small factors
# and the FFT library plans few of them.
FFT_STEP = 8192


def power(samples: Any) -> Any:
    """Returns the mean square.

    Shapes:
        [..., samples] -> [...]
    """
    return ops.mean(ops.square(samples), axis=-1)


def to_db(ratio: Any) -> Any:
    """Returns a ratio of powers in dB; -inf for zero.

    Shapes:
        [...] -> [...]
    """
    return ops.log(ratio) * (10.0 / math.log(10.0))


def from_db(db: Any) -> Any:
    """Returns the amplitude gain that changes a level by `db`.

    Shapes:
        [...] -> [...]
    """
    return ops.exp(db * (math.log(10.0) / 20.0))


def level_dbfs(samples: Any) -> Any:
    """Returns the RMS level in dB, where an RMS of 1 is 0 dBFS.

    The level of silence is -120, so that it is always finite.

    Shapes:
        [..., samples] -> [...]
    """
    return to_db(ops.maximum(power(samples), POWER_MIN))


def gain_to_level(samples: Any, target_dbfs: Any) -> Any:
    """Returns the gain that brings a waveform to a level; it is finite for silence.

    Args:
        samples: the waveform.
        target_dbfs: target RMS level in dB, where an RMS of 1 is 0.

    Shapes:
        [..., samples], [...] -> [...]
    """
    return from_db(target_dbfs - level_dbfs(samples))


def gain_for_snr(speech: Any, noise: Any, snr_db: Any) -> Any:
    """Returns the gain on `noise` for which the mixture with `speech` has an SNR.

    Both powers are means over the whole waveforms, pauses included, so that `snr_db`
    reproduces the ratio. The gain is 1 where `speech` is silent.

    Shapes:
        [..., samples], [..., samples], [...] -> [...]
    """
    speech_power = power(speech)
    ratio = ops.maximum(speech_power, POWER_MIN) / ops.maximum(power(noise), POWER_MIN)
    return ops.where(speech_power == 0, 1.0, ops.sqrt(ratio) * from_db(-snr_db))


def snr_db(speech: Any, noise: Any) -> Any:
    """Returns the SNR in dB; inf without noise, -inf without speech.

    Shapes:
        [..., samples], [..., samples] -> [...]
    """
    speech_power = power(speech)
    ratio = to_db(ops.maximum(speech_power, POWER_MIN) / power(noise))
    is_silent = ops.logical_and(speech_power == 0, power(noise) > 0)
    return ops.where(is_silent, -math.inf, ratio)


def clip_guard(samples: Any, peak_max: float) -> Any:
    """Returns the gain, at most 1, that keeps every sample within `peak_max`.

    Shapes:
        [..., samples] -> [...]
    """
    peak = ops.max(ops.abs(samples), axis=-1)
    return ops.minimum(1.0, peak_max / ops.maximum(peak, peak_max))


def level_above_part_db(total: Any, part: Any, gain: Any) -> Any:
    """Returns the level of a whole waveform relative to that of a part that begins later, dB.

    Args:
        total: waveform that contains the part.
        part: the part, silent before it begins.
        gain: its gain, from 0 to 1; the level of the part is that where it is 1.

    Shapes:
        [..., samples], [..., samples], [..., samples] -> [...]
    """
    share = ops.maximum(ops.mean(gain, axis=-1), POWER_MIN)
    return level_dbfs(total) - to_db(ops.maximum(power(part) / share, POWER_MIN))


def splice_gain(after: Any, before: Any, louder_db: Any, peak_max: float) -> Any:
    """Returns the gain on the mixture before a splice, for a level difference of its noisy sum.

    Args:
        after: mixture that follows, with `noisy`.
        before: mixture that receives the gain, with `noisy` and `clean`.
        louder_db: level of `before` relative to `after`, dB.
        peak_max: largest magnitude of a sample of `before`, noisy or clean.

    The level may lie outside of the range that mixtures are drawn from.

    Shapes:
        [..., samples], [..., samples], [...] -> [...]
    """
    noisy, clean = before["noisy"], before["clean"]
    gain = gain_to_level(noisy, level_dbfs(after["noisy"]) + louder_db)
    return gain * clip_guard(gain[..., None] * ops.concatenate([noisy, clean], axis=-1), peak_max)


def early_part(response: Any, early_samples: int) -> Any:
    """Returns a room impulse response with zeros after its early part.

    Args:
        response: starts with the direct path.
        early_samples: length of the early part, in samples.

    Shapes:
        [..., samples] -> [..., samples]
    """
    is_early = ops.arange(ops.shape(response)[-1]) < early_samples
    return response * ops.cast(is_early, response.dtype)


def fft_length(samples: Any) -> Any:
    """Returns the FFT length at which a convolution does not wrap around.

    Args:
        samples: summed length of waveform and response; an int or an integer tensor.
    """
    return (samples + (FFT_STEP - 1)) // FFT_STEP * FFT_STEP


def convolve_pair(samples: Any, first: Any, second: Any) -> tuple[Any, Any]:
    """Convolves a waveform with two responses at once; both results have its length.

    The responses are the real and the imaginary part of one complex response: three
    complex FFTs replace five real ones, and TensorFlow's real FFT on the CPU is no faster
    than its complex one.

    Args:
        samples: the waveform.
        first: one impulse response.
        second: another one, of the same length.

    Shapes:
        [samples], [taps], [taps] -> [samples], [samples]
    """
    count = ops.shape(samples)[0]
    length = fft_length(count + ops.shape(first)[0])
    padded = _padded(samples, length)
    real, imag = ops.fft((padded, ops.zeros_like(padded)))
    pair_real, pair_imag = ops.fft((_padded(first, length), _padded(second, length)))
    # The inverse FFT is a forward FFT with real and imaginary part swapped.
    product_real = real * pair_real - imag * pair_imag
    product_imag = real * pair_imag + imag * pair_real
    by_second, by_first = ops.fft((product_imag, product_real))
    scale = 1.0 / ops.cast(length, samples.dtype)
    return by_first[:count] * scale, by_second[:count] * scale


def _padded(samples: Any, length: Any) -> Any:
    return ops.pad(samples, [[0, length - ops.shape(samples)[0]]])
