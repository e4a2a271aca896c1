"""Loudness-disturbance loss: differentiable disturbance of PESQ (ITU-T P.862)."""

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
# Includes the mean square of the Hann window, the overlap of frames by half, and both
# halves of the spectrum.
_ENERGY_PER_POWER = 2 / (loudness.FFT_LENGTH * 0.375 * 2)
# P.862 scales every signal to this power between 325 and 3250 Hz.
_PLAYBACK_POWER = 1e7
_LEVEL_BAND_HZ = (325.0, 3250.0)
_SILENCE_POWER = 1e-10
# High-pass of wide-band PESQ, P.862.2, as a second-order section at 16 kHz.
_NUMERATOR = (2.740826, -5.4816519, 2.740826)
_DENOMINATOR = (1.0, -1.9444777, 0.94597794)
# Smoothing and bounds of the gain per frame.
_GAIN_MEMORY, _GAIN_TAPS = 0.2, 8
_GAIN_MIN, _GAIN_MAX = 3e-4, 5.0
# P.862 limits the disturbance of a frame to 45. The loss keeps a small slope above, since
# it would otherwise have no gradient where noise is loudest.
_DISTURBANCE_LIMIT, _SLOPE_ABOVE = 45.0, 0.01
_SYMMETRIC_WEIGHT, _ASYMMETRIC_WEIGHT = 0.1, 0.0309
_SYLLABLE_FRAMES = 20
# Offset of roots, whose slope at zero is infinite.
_SMOOTHING = 1e-3


class LoudnessDisturbance(EnhancementLoss):
    """Difference of raw wide-band PESQ to its maximum, 4.5, as in P.862.

        0.1 D + 0.0309 D_A

    with the symmetric disturbance D and the asymmetric disturbance D_A of loudness in 49
    Bark bands:

    1. Both waveforms are scaled to one level and filtered by the high-pass of P.862.2.
    2. The clean speech is equalized to the estimate's mean spectrum (within 20 dB), and the
       estimate to the power of each clean frame.
    3. Differences of loudness within a quarter of the lower one are masked.
    4. In D_A, added components count up to 12 times more than missing ones.
    5. An L6 norm joins frames to syllables of 320 ms, an L2 norm joins syllables.

    The loss is not PESQ: signals are not aligned in time (estimates of tfse models are), bad
    intervals are not realigned, all pauses count, and a frame above the limit of disturbance
    has a slope of 1 %. It is insensitive to level, to phase and to the equalized part of
    spectra: combine it with a loss that is sensitive to them. The loss of an example with
    silent clean speech is 0, since PESQ is undefined for it.

    Args:
        sample_rate: of the waveforms, in Hz; 16,000.

    Raises:
        ConfigError: `sample_rate` is not 16,000.

    Source:
        ITU-T P.862 (2001), section 10.2, and P.862.2 (2007); Beerends, Hekstra, Rix
        and Hollier, "PESQ, part II: psychoacoustic model", JAES 50(10), 2002. As a
        loss: Martin-Donas, Gomez, Gonzalez and Peinado, "A deep learning loss function
        based on the perceptual evaluation of the speech quality", IEEE SPL 25(11),
        2018, which averages over frames; here, as in P.862, norms are over syllables.
    """

    def __init__(self, sample_rate: int = 16_000, name: str = "loudness_disturbance") -> None:
        super().__init__(name=name)
        if sample_rate != loudness.SAMPLE_RATE:
            raise ConfigError(
                f"`sample_rate` must be {loudness.SAMPLE_RATE} Hz for `loudness_disturbance`; "
                f"received sample_rate={sample_rate}."
            )
        self._stft = STFT(loudness.FFT_LENGTH, _HOP_LENGTH, window="hann")

    def call(self, targets: Tensors, outputs: Tensors) -> Tensor:
        """Compares `outputs["enhanced"]` with `targets["clean"]`."""
        length = targets["length"]
        powers = [masks.power(spectrum(x, self._stft)) for x in without_padding(targets, outputs)]
        clean, enhanced = (loudness.bark_power(_at_playback_level(x, length)) for x in powers)
        valid = valid_frames(length, ops.shape(clean)[1], self._stft)
        clean = clean * _spectral_balance(clean, enhanced, valid)
        enhanced = enhanced * _frame_gain(clean, enhanced)
        symmetric, asymmetric = _frame_disturbances(clean, enhanced)
        total = _SYMMETRIC_WEIGHT * _over_time(symmetric, valid)
        total = total + _ASYMMETRIC_WEIGHT * _over_time(asymmetric, valid)
        is_speech = ops.sum(powers[0], axis=(1, 2)) * _ENERGY_PER_POWER > _SILENCE_POWER * length
        return ops.where(is_speech, total, 0.0)


def _filters() -> tuple[npt.NDArray[np.float32], npt.NDArray[np.float32]]:
    """Returns per bin whether it counts for the level, and the power gain of the high-pass."""
    hz = np.fft.rfftfreq(loudness.FFT_LENGTH, 1 / loudness.SAMPLE_RATE)
    delay = np.exp(-2j * np.pi * hz / loudness.SAMPLE_RATE)
    gain = np.abs(np.polyval(_NUMERATOR[::-1], delay) / np.polyval(_DENOMINATOR[::-1], delay)) ** 2
    in_band = (hz >= _LEVEL_BAND_HZ[0]) & (hz <= _LEVEL_BAND_HZ[1])
    return in_band.astype(np.float32), gain.astype(np.float32)


_LEVEL_BINS, _HIGH_PASS = _filters()


def _at_playback_level(power: Tensor, length: Tensor) -> Tensor:
    """Scales power spectra `[batch, frames, bins]` to the playback level."""
    energy = _ENERGY_PER_POWER * ops.sum(power * _LEVEL_BINS, axis=(1, 2))
    level = energy / ops.maximum(length, 1.0) + _SILENCE_POWER
    return power * _HIGH_PASS * (_PLAYBACK_POWER / level)[:, None, None]


def _spectral_balance(clean: Tensor, enhanced: Tensor, valid: Tensor) -> Tensor:
    """Returns the ratio of the mean spectra, estimate to clean, `[batch, 1, bands]`."""
    is_active = ops.sum(loudness.audible_power(clean, 100.0)[..., 1:], axis=2) >= 1e7
    weights = (ops.cast(is_active, "float32") * valid)[..., None]
    frames = ops.sum(valid, axis=1)[:, None, None]
    clean_mean, enhanced_mean = (
        ops.sum(loudness.audible_power(x, 100.0) * weights, axis=1, keepdims=True) / frames
        for x in (clean, enhanced)
    )
    return ops.clip((enhanced_mean + 1000.0) / (clean_mean + 1000.0), 0.01, 100.0)


def _frame_gain(clean: Tensor, enhanced: Tensor) -> Tensor:
    """Returns the gain that scales each frame of the estimate to the clean frame's power.

    The recursion g[t] = 0.2 g[t - 1] + 0.8 r[t] is truncated to 8 taps.
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
    """Returns the symmetric and the asymmetric disturbance per frame, `[batch, frames]`."""
    clean_loudness, enhanced_loudness = loudness.loudness(clean), loudness.loudness(enhanced)
    masked = 0.25 * ops.minimum(clean_loudness, enhanced_loudness)
    audible = ops.maximum(ops.abs(enhanced_loudness - clean_loudness) - masked, 0.0)
    added = ops.power((enhanced + 50.0) / (clean + 50.0), 1.2)
    added = ops.where(added < 3.0, 0.0, ops.minimum(added, 12.0))
    power = ops.sum(loudness.audible_power(clean)[..., 1:], axis=2)
    weight = ops.power((power + 1e5) / 1e7, 0.04)
    norms = (_over_bands(audible, 2), _over_bands(audible * added, 1))
    symmetric, asymmetric = (_bounded(norm / weight) for norm in norms)
    return symmetric, asymmetric


def _bounded(disturbance: Tensor) -> Tensor:
    return ops.minimum(
        disturbance, _DISTURBANCE_LIMIT + _SLOPE_ABOVE * (disturbance - _DISTURBANCE_LIMIT)
    )


def _over_bands(values: Tensor, order: int) -> Tensor:
    """Returns the norm over all bands but the lowest, weighted by their widths."""
    widths = loudness.WIDTHS_BARK[1:]
    sums = ops.sum(ops.power(values[..., 1:] * widths, order), axis=2)
    return float(widths.sum()) * _root(sums / float(widths.sum()), order)


def _over_time(values: Tensor, valid: Tensor) -> Tensor:
    """Joins frames to syllables that overlap by half, and syllables to one value."""
    hop = _SYLLABLE_FRAMES // 2
    frames = ops.shape(values)[1]
    syllables = -(-frames // hop)
    padding = [[0, 0], [0, (syllables + 1) * hop - frames]]
    values = ops.pad(ops.where(valid > 0, values, 0.0), padding)
    syllable_frames = framing.frame(values, frame_length=_SYLLABLE_FRAMES, hop_length=hop)
    syllable = _root(ops.mean(ops.power(syllable_frames, 6), axis=2), 6)
    # A syllable counts if its first frame is valid.
    counted = ops.pad(valid, padding)[:, : syllables * hop]
    counted = ops.reshape(counted, (-1, syllables, hop))[..., 0]
    total = ops.sum(ops.square(syllable) * counted, axis=1)
    return _root(total / ops.maximum(ops.sum(counted, axis=1), 1.0), 2)


def _root(values: Tensor, order: int) -> Tensor:
    """Returns a root that is 0 at 0, with a finite slope there."""
    if order == 1:
        return values
    return ops.power(values + _SMOOTHING**order, 1 / order) - _SMOOTHING
