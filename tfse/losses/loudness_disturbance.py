"""A differentiable relative of PESQ: the disturbance of loudness of P.862."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from keras import ops

from tfse.dsp import framing, loudness, masks
from tfse.errors import ConfigError
from tfse.layers import STFT
from tfse.layers.padding import spectrum, valid_frames, without_padding
from tfse.losses.base import EnhancementLoss, Tensors
from tfse.types import Tensor

_HOP_LENGTH = loudness.FFT_LENGTH // 2
# Mean square of a Hann window, frames half a frame apart, both halves of the spectrum.
_ENERGY_PER_POWER = 2 / (loudness.FFT_LENGTH * 0.375 * 2)
# P.862 plays every signal so that its power from 325 to 3250 Hz is this.
_PLAYED_POWER = 1e7
_ALIGNED_HZ = (325.0, 3250.0)
_QUIETEST_POWER = 1e-10
# High-pass of wide-band PESQ, P.862.2, as a second-order section at 16 kHz.
_NUMERATOR = (2.740826, -5.4816519, 2.740826)
_DENOMINATOR = (1.0, -1.9444777, 0.94597794)
# Gain from frame to frame: smoothed, and within bounds.
_GAIN_MEMORY, _GAIN_TAPS = 0.2, 8
_GAIN_MIN, _GAIN_MAX = 3e-4, 5.0
# P.862 counts no more of a frame than this; there its slope would be 0 where noise is
# loudest, so a loss counts the rest a little.
_MOST_DISTURBED, _BEYOND = 45.0, 0.01
_SYMMETRIC_WEIGHT, _ASYMMETRIC_WEIGHT = 0.1, 0.0309
_SYLLABLE_FRAMES = 20
# Roots are taken this far from zero, where their slope is infinite.
_SMOOTHING = 1e-3


class LoudnessDisturbance(EnhancementLoss):
    """How far raw wide-band PESQ lies below its best, 4.5, as P.862 computes it.

        0.1 D + 0.0309 D_A

    of the symmetric and the asymmetric disturbance of loudness in 49 Bark bands: both
    waveforms are brought to one level and through P.862.2's high-pass; the clean one
    takes on the estimate's mean spectrum (within 20 dB), and the estimate the loudness
    of every clean frame; differences of loudness within a quarter of the softer one
    are masked; what is added counts up to 12 times more (asymmetric) than what is
    missing; frames are joined by an L6 norm over syllables of 320 ms, those by an L2.

    The loss is not PESQ: nothing is aligned in time (an estimate of ours is), bad
    intervals are not looked at again, every pause counts, and a frame that is disturbed as
    much as can be still has a slope of 1 %. It hears neither level nor phase, nor what is
    equalized away: use it beside a loss that does. An example whose clean speech is silent
    has loss 0: PESQ knows no score for it.

    Args:
        sample_rate: of the waveforms, in Hz; the bands are made for 16,000.

    Raises:
        ConfigError: `sample_rate` is another one.

    Source:
        ITU-T P.862 (2001), section 10.2, and P.862.2 (2007); Beerends, Hekstra, Rix
        and Hollier, "PESQ, part II: psychoacoustic model", JAES 50(10), 2002. As a
        loss: Martin-Donas, Gomez, Gonzalez and Peinado, "A deep learning loss function
        based on the perceptual evaluation of the speech quality", IEEE SPL 25(11),
        2018, who average over frames where we, as P.862, take norms over syllables.
    """

    def __init__(self, sample_rate: int = 16_000, name: str = "loudness_disturbance") -> None:
        super().__init__(name=name)
        if sample_rate != loudness.SAMPLE_RATE:
            raise ConfigError(
                f"`loudness_disturbance` hears {loudness.SAMPLE_RATE} Hz only; "
                f"received sample_rate={sample_rate}."
            )
        self._stft = STFT(loudness.FFT_LENGTH, _HOP_LENGTH, window="hann")

    def call(self, targets: Tensors, outputs: Tensors) -> Tensor:
        """Compares `outputs["enhanced"]` with `targets["clean"]`."""
        length = targets["length"]
        powers = [masks.power(spectrum(x, self._stft)) for x in without_padding(targets, outputs)]
        clean, enhanced = (loudness.bark_power(_played(x, length)) for x in powers)
        valid = valid_frames(length, ops.shape(clean)[1], self._stft)
        clean = clean * _spectral_balance(clean, enhanced, valid)
        enhanced = enhanced * _frame_gain(clean, enhanced)
        symmetric, asymmetric = _frame_disturbances(clean, enhanced)
        total = _SYMMETRIC_WEIGHT * _over_time(symmetric, valid)
        total = total + _ASYMMETRIC_WEIGHT * _over_time(asymmetric, valid)
        is_speech = ops.sum(powers[0], axis=(1, 2)) * _ENERGY_PER_POWER > _QUIETEST_POWER * length
        return ops.where(is_speech, total, 0.0)


def _filters() -> tuple[npt.NDArray[np.float32], npt.NDArray[np.float32]]:
    """Returns for every bin whether it counts for the level, and the high-pass's power gain."""
    hz = np.fft.rfftfreq(loudness.FFT_LENGTH, 1 / loudness.SAMPLE_RATE)
    delay = np.exp(-2j * np.pi * hz / loudness.SAMPLE_RATE)
    gain = np.abs(np.polyval(_NUMERATOR[::-1], delay) / np.polyval(_DENOMINATOR[::-1], delay)) ** 2
    aligned = (hz >= _ALIGNED_HZ[0]) & (hz <= _ALIGNED_HZ[1])
    return aligned.astype(np.float32), gain.astype(np.float32)


_COUNTS_FOR_LEVEL, _HIGH_PASS = _filters()


def _played(power: Tensor, length: Tensor) -> Tensor:
    """Returns power spectra `[batch, frames, bins]` at the level they are listened to."""
    energy = _ENERGY_PER_POWER * ops.sum(power * _COUNTS_FOR_LEVEL, axis=(1, 2))
    level = energy / ops.maximum(length, 1.0) + _QUIETEST_POWER
    return power * _HIGH_PASS * (_PLAYED_POWER / level)[:, None, None]


def _spectral_balance(clean: Tensor, enhanced: Tensor, valid: Tensor) -> Tensor:
    """Returns the mean spectrum of the estimate over the clean one's, `[batch, 1, bands]`."""
    speaks = ops.sum(loudness.audible_power(clean, 100.0)[..., 1:], axis=2) >= 1e7
    weights = (ops.cast(speaks, "float32") * valid)[..., None]
    frames = ops.sum(valid, axis=1)[:, None, None]
    clean_mean, enhanced_mean = (
        ops.sum(loudness.audible_power(x, 100.0) * weights, axis=1, keepdims=True) / frames
        for x in (clean, enhanced)
    )
    return ops.clip((enhanced_mean + 1000.0) / (clean_mean + 1000.0), 0.01, 100.0)


def _frame_gain(clean: Tensor, enhanced: Tensor) -> Tensor:
    """Returns what brings every frame of the estimate to the clean one's power.

    The recursion g[t] = 0.2 g[t - 1] + 0.8 r[t] is written as its first 8 taps.
    """
    above, below = (
        ops.sum(loudness.audible_power(x)[..., 1:], axis=2) + 5e3 for x in (clean, enhanced)
    )
    ratio = above / below
    past = ops.repeat(ratio[:, :1], _GAIN_TAPS - 1, axis=1)
    history = framing.frame(
        ops.concatenate([past, ratio], axis=1), frame_length=_GAIN_TAPS, hop_length=1
    )
    taps = (1 - _GAIN_MEMORY) * _GAIN_MEMORY ** np.arange(_GAIN_TAPS, dtype=np.float32)[::-1]
    return ops.clip(ops.sum(history * taps, axis=2), _GAIN_MIN, _GAIN_MAX)[..., None]


def _frame_disturbances(clean: Tensor, enhanced: Tensor) -> tuple[Tensor, Tensor]:
    """Returns the symmetric and the asymmetric disturbance of every frame, `[batch, frames]`."""
    clean_loudness, enhanced_loudness = loudness.loudness(clean), loudness.loudness(enhanced)
    masked = 0.25 * ops.minimum(clean_loudness, enhanced_loudness)
    heard = ops.maximum(ops.abs(enhanced_loudness - clean_loudness) - masked, 0.0)
    added = ops.power((enhanced + 50.0) / (clean + 50.0), 1.2)
    added = ops.where(added < 3.0, 0.0, ops.minimum(added, 12.0))
    power = ops.sum(loudness.audible_power(clean)[..., 1:], axis=2)
    weight = ops.power((power + 1e5) / 1e7, 0.04)
    norms = (_over_bands(heard, 2), _over_bands(heard * added, 1))
    symmetric, asymmetric = (_bounded(norm / weight) for norm in norms)
    return symmetric, asymmetric


def _bounded(disturbance: Tensor) -> Tensor:
    return ops.minimum(disturbance, _MOST_DISTURBED + _BEYOND * (disturbance - _MOST_DISTURBED))


def _over_bands(values: Tensor, order: int) -> Tensor:
    """Returns the norm over all bands but the lowest, weighted by their widths."""
    widths = loudness.WIDTHS_BARK[1:]
    sums = ops.sum(ops.power(values[..., 1:] * widths, order), axis=2)
    return float(widths.sum()) * _root(sums / float(widths.sum()), order)


def _over_time(values: Tensor, valid: Tensor) -> Tensor:
    """Joins frames to syllables, half a syllable apart, and syllables to one value."""
    hop = _SYLLABLE_FRAMES // 2
    frames = ops.shape(values)[1]
    syllables = -(-frames // hop)
    padding = [[0, 0], [0, (syllables + 1) * hop - frames]]
    values = ops.pad(ops.where(valid > 0, values, 0.0), padding)
    cut = framing.frame(values, frame_length=_SYLLABLE_FRAMES, hop_length=hop)
    syllable = _root(ops.mean(ops.power(cut, 6), axis=2), 6)
    begins = ops.pad(valid, padding)[:, : syllables * hop]
    begins = ops.reshape(begins, (-1, syllables, hop))[..., 0]
    total = ops.sum(ops.square(syllable) * begins, axis=1)
    return _root(total / ops.maximum(ops.sum(begins, axis=1), 1.0), 2)


def _root(values: Tensor, order: int) -> Tensor:
    """Returns a root that is 0 at 0 and has a finite slope there."""
    if order == 1:
        return values
    return ops.power(values + _SMOOTHING**order, 1 / order) - _SMOOTHING
