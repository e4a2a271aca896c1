"""Intelligibility losses: negative STOI and ESTOI."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
from keras import ops

from tfse.dsp import framing, resampling
from tfse.errors import ConfigError
from tfse.layers.padding import without_padding
from tfse.losses.base import EnhancementLoss, Tensors
from tfse.types import Tensor

# Definition of both measures.
_SAMPLE_RATE = 10_000
_FRAME_LENGTH, _HOP_LENGTH, _FFT_LENGTH = 256, 128, 512
_BANDS, _LOWEST_BAND_HZ = 15, 150.0
_SEGMENT_FRAMES = 30
_DYNAMIC_RANGE_DB = 40.0
_CLIP_RATIO = 1 + 10 ** (15 / 20)
_SILENCE_POWER = 1e-10
# Added under square roots, whose slope at zero is infinite. Waveforms have a level of 0 dB
# here, so this is 100 dB below a band of speech.
_SMALLEST_POWER = 1e-8
# Samples of one segment and of the frame after it.
_MIN_SAMPLES = (_SEGMENT_FRAMES + 1) * _HOP_LENGTH + _FRAME_LENGTH


def _third_octaves() -> npt.NDArray[np.float32]:
    """Returns the matrix from frequency bins to one-third octave bands."""
    hz = np.linspace(0, _SAMPLE_RATE / 2, _FFT_LENGTH // 2 + 1)
    edges = _LOWEST_BAND_HZ * 2 ** ((2 * np.arange(_BANDS)[:, None] + [-1, 1]) / 6)
    low, high = np.abs(hz[:, None, None] - edges).argmin(axis=0).T
    bins = np.arange(len(hz))[:, None]
    return ((bins >= low) & (bins < high)).astype(np.float32)


_WINDOW = np.hanning(_FRAME_LENGTH + 2)[1:-1].astype(np.float32)
_TO_BANDS = _third_octaves()


class _Intelligibility(EnhancementLoss):
    """Base class of both losses: resampling, silent frames, bands and segments."""

    def __init__(self, sample_rate: int, name: str) -> None:
        super().__init__(name=name)
        if sample_rate <= 0:
            raise ConfigError(f"`sample_rate` must be above 0 Hz; received {sample_rate}.")
        self._sample_rate = sample_rate

    def call(self, targets: Tensors, outputs: Tensors) -> Tensor:
        """Compares `outputs["enhanced"]` with `targets["clean"]`; -1 to 0 for speech."""
        clean, enhanced = without_padding(targets, outputs)
        length = targets["length"]
        power = ops.sum(ops.square(clean), axis=1) / ops.maximum(length, 1.0)
        # Normalized by the level of the clean speech, to which small constants refer.
        scale = ops.rsqrt(power + _SILENCE_POWER)[:, None]
        clean, enhanced = (self._resampled(x * scale) for x in (clean, enhanced))
        # Whole lengths stay whole despite rounding of the quotient.
        length = ops.ceil(length * (_SAMPLE_RATE / self._sample_rate) - 1e-3)
        order, count = _voiced_first(clean, length)
        clean, enhanced = (_segments(_bands(x, order, count)) for x in (clean, enhanced))
        scores = self._scores(clean, enhanced)
        return -_mean_score(scores, ops.where(power > _SILENCE_POWER, count, 0.0))

    def _scores(self, clean: Tensor, enhanced: Tensor) -> Tensor:
        """Returns the scores of segments, `[batch, segments]`.

        Args:
            clean: magnitudes, `[batch, bands, frames per segment, segments]`.
            enhanced: of the same shape.
        """
        raise NotImplementedError

    def _resampled(self, waveform: Tensor) -> Tensor:
        """Returns the waveform at 10 kHz, padded to whole hops and at least one segment."""
        waveform = resampling.resample(waveform, old_rate=self._sample_rate, new_rate=_SAMPLE_RATE)
        samples: Any = ops.shape(waveform)[1]
        surplus = -samples % _HOP_LENGTH
        if isinstance(samples, int):
            missing = max(surplus, _MIN_SAMPLES - samples)
        else:
            missing = ops.maximum(surplus, _MIN_SAMPLES - samples)
        return ops.pad(waveform, [[0, 0], [0, missing]])


class NegativeSTOI(_Intelligibility):
    """Negative short-time objective intelligibility, -1 (best) to 0.

    As in pystoi: at 10 kHz, without frames more than 40 dB below the loudest clean frame,
    in 15 one-third octave bands and segments of 30 frames (384 ms), clipped at -15 dB. The
    loss of an example with fewer than 31 voiced frames is 0.

    Args:
        sample_rate: of the waveforms, in Hz.

    Raises:
        ConfigError: `sample_rate` is not above 0.

    Source:
        Taal, Hendriks, Heusdens and Jensen, "An algorithm for intelligibility
        prediction of time-frequency weighted noisy speech", IEEE TASL 19(7), 2011,
        equations 1 to 6.
    """

    def __init__(self, sample_rate: int = 16_000, name: str = "negative_stoi") -> None:
        super().__init__(sample_rate, name)

    def _scores(self, clean: Tensor, enhanced: Tensor) -> Tensor:
        scaled = enhanced * (_norm(clean, axis=2) / _norm(enhanced, axis=2))
        clipped = ops.minimum(scaled, clean * _CLIP_RATIO)
        product = _normalized(clean, axis=2) * _normalized(clipped, axis=2)
        return ops.mean(ops.sum(product, axis=2), axis=1)


class NegativeESTOI(_Intelligibility):
    """Negative extended short-time objective intelligibility, -1 (best) to about 0.

    As `NegativeSTOI`, but segments are normalized over time and then over bands, and not
    clipped: it is also sensitive to noise that is modulated like the speech.

    Args:
        sample_rate: of the waveforms, in Hz.

    Raises:
        ConfigError: `sample_rate` is not above 0.

    Source:
        Jensen and Taal, "An algorithm for predicting the intelligibility of speech
        masked by modulated noise maskers", IEEE/ACM TASLP 24(11), 2016, equations 4
        to 8.
    """

    def __init__(self, sample_rate: int = 16_000, name: str = "negative_estoi") -> None:
        super().__init__(sample_rate, name)

    def _scores(self, clean: Tensor, enhanced: Tensor) -> Tensor:
        clean, enhanced = (_normalized(_normalized(x, axis=2), axis=1) for x in (clean, enhanced))
        return ops.sum(clean * enhanced, axis=(1, 2)) / _SEGMENT_FRAMES


def _voiced_first(clean: Tensor, length: Tensor) -> tuple[Tensor, Tensor]:
    """Returns an order of frames with the voiced ones first, and their number.

    Args:
        clean: whole hops, `[batch, samples]`.
        length: valid samples, `[batch]`.

    Returns:
        `[batch, frames]` integers and `[batch]`.
    """
    windowed = framing.frame(clean, frame_length=_FRAME_LENGTH, hop_length=_HOP_LENGTH) * _WINDOW
    energy = ops.sum(ops.square(windowed), axis=2)
    positions = ops.cast(ops.arange(ops.shape(energy)[1]), "float32")[None]
    valid = positions * _HOP_LENGTH + _FRAME_LENGTH < length[:, None]
    loudest = ops.max(ops.where(valid, energy, 0.0), axis=1, keepdims=True)
    voiced = valid & (energy > loudest * 10 ** (-_DYNAMIC_RANGE_DB / 10))
    last = ops.cast(ops.shape(energy)[1], "float32")
    order = ops.argsort(ops.where(voiced, positions, positions + last), axis=1)
    return order, ops.sum(ops.cast(voiced, "float32"), axis=1)


def _bands(waveform: Tensor, order: Tensor, count: Tensor) -> Tensor:
    """Returns the magnitudes of the bands of voiced speech, `[batch, bands, frames]`.

    The first `count` frames of `order` are overlap-added to a waveform without pauses,
    which is transformed; silence follows.
    """
    frames = framing.frame(waveform, frame_length=_FRAME_LENGTH, hop_length=_HOP_LENGTH) * _WINDOW
    chosen = _rows(frames, order)
    kept = ops.cast(ops.arange(ops.shape(order)[1]), "float32")[None] < count[:, None]
    voiced = framing.overlap_add(ops.where(kept[..., None], chosen, 0.0), hop_length=_HOP_LENGTH)
    reframed = framing.frame(voiced, frame_length=_FRAME_LENGTH, hop_length=_HOP_LENGTH) * _WINDOW
    real, imaginary = ops.rfft(reframed, fft_length=_FFT_LENGTH)
    power = ops.matmul(ops.square(real) + ops.square(imaginary), _TO_BANDS)
    return ops.sqrt(ops.transpose(power, (0, 2, 1)) + _SMALLEST_POWER)


def _rows(frames: Tensor, order: Tensor) -> Tensor:
    """Returns `frames[b, order[b, t]]` by one gather of whole rows."""
    batch, count = ops.shape(order)[0], ops.shape(order)[1]
    flat = ops.reshape(order + ops.cast(ops.arange(batch) * count, order.dtype)[:, None], (-1,))
    rows = ops.take(ops.reshape(frames, (-1, _FRAME_LENGTH)), flat, axis=0)
    return ops.reshape(rows, (-1, count, _FRAME_LENGTH))


def _segments(bands: Tensor) -> Tensor:
    """Cuts `[batch, bands, frames]` into `[batch, bands, 30, segments]`."""
    segments = ops.shape(bands)[2] - _SEGMENT_FRAMES + 1
    shifted = [bands[:, :, shift : shift + segments] for shift in range(_SEGMENT_FRAMES)]
    return ops.stack(shifted, axis=2)


def _mean_score(scores: Tensor, count: Tensor) -> Tensor:
    """Averages over the segments of `count` voiced frames; 0 without a segment."""
    segments = ops.cast(ops.arange(ops.shape(scores)[1]), "float32")[None]
    # As in pystoi, the last voiced frame is left out.
    counted = segments < count[:, None] - _SEGMENT_FRAMES
    total = ops.sum(ops.where(counted, scores, 0.0), axis=1)
    return total / ops.maximum(ops.sum(ops.cast(counted, "float32"), axis=1), 1.0)


def _norm(values: Tensor, axis: int) -> Tensor:
    return ops.sqrt(ops.sum(ops.square(values), axis=axis, keepdims=True) + _SMALLEST_POWER)


def _normalized(values: Tensor, axis: int) -> Tensor:
    """Subtracts the mean and divides by the norm."""
    centred = values - ops.mean(values, axis=axis, keepdims=True)
    return centred / _norm(centred, axis)
