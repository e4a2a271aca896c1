"""Suppression losses: over-suppressed speech, and residual noise in silence."""

from __future__ import annotations

from keras import ops

from tfse.dsp import framing, levels, masks
from tfse.errors import ConfigError
from tfse.layers import STFT
from tfse.layers.padding import mean_over_frames, spectrum, target_without_padding, without_padding
from tfse.losses.base import EnhancementLoss, Tensors
from tfse.types import Tensor

# Added under a power, whose slope at zero is infinite: a bin at -140 dBFS.
_SMALLEST_POWER = 1e-12
# A frame below -100 dBFS is silent.
_SILENT_POWER = 1e-10


class OverSuppression(EnhancementLoss):
    """Over-suppression: speech that is missing in the estimate; residual noise costs nothing.

        mean over frames and bins of max(|S|^c - |E|^c, 0)^2

    Combined with `CompressedSpectrumMSE` of the same c, a weight of a^2 - 1 times the other's
    makes an error of missing speech count a times as much as one of residual noise. Alone,
    it is minimal for an estimate that is too loud.

    Args:
        stft: transform of the model.
        power: c, the exponent of the magnitude.

    Source:
        Wang et al., "VoiceFilter-Lite", Interspeech 2020, equations 2 and 3.
    """

    def __init__(self, stft: STFT, power: float = 0.3, name: str = "over_suppression") -> None:
        super().__init__(name=name)
        self._stft = stft
        self._power = power

    def call(self, targets: Tensors, outputs: Tensors) -> Tensor:
        """Compares `outputs["enhanced"]` with `targets["clean"]`."""
        clean, enhanced = (
            ops.power(masks.power(spectrum(x, self._stft)) + _SMALLEST_POWER, self._power / 2)
            for x in without_padding(targets, outputs)
        )
        missing = ops.square(ops.maximum(clean - enhanced, 0.0))
        return mean_over_frames(missing, targets["length"], self._stft)


class ResidualLevel(EnhancementLoss):
    """Level of residual noise where the clean speech is digital silence, in dB.

        mean over silent frames of 10 log10(|E|^2 / |Y|^2 + 10^(floor / 10)) - floor

    with enhanced E and noisy Y, over the frames in which the clean speech is below
    -100 dBFS: 0 for silence, -floor for unchanged noise. Attenuation beyond the floor hardly
    reduces the loss, so that pauses are not gated to digital silence. The loss of an example
    without such frames, or without noise in them, is 0: it is for data with noise-only
    mixtures.

    Args:
        frame_length: samples per frame; frames do not overlap.
        floor_db: sufficient attenuation, below 0 dB.

    Raises:
        ConfigError: `floor_db` is not below 0.
    """

    def __init__(
        self, frame_length: int = 256, floor_db: float = -40.0, name: str = "residual_level"
    ) -> None:
        super().__init__(name=name)
        if floor_db >= 0:
            raise ConfigError(f"`residual_floor_db` must be below 0 dB; received {floor_db}.")
        self._frame_length = frame_length
        self._floor_db = floor_db

    def call(self, targets: Tensors, outputs: Tensors) -> Tensor:
        """Compares `outputs["enhanced"]` with `targets["noisy"]`."""
        noisy = self._power(target_without_padding(targets, "noisy"))
        clean, enhanced = (self._power(x) for x in without_padding(targets, outputs))
        # Padding is silent in the noisy waveform, so it does not count.
        counted = ops.cast((clean < _SILENT_POWER) & (noisy > _SILENT_POWER), "float32")
        ratio = enhanced / ops.maximum(noisy, _SILENT_POWER)
        level = levels.decibels(ratio + 10 ** (self._floor_db / 10)) - self._floor_db
        return ops.sum(level * counted, axis=1) / ops.maximum(ops.sum(counted, axis=1), 1.0)

    def _power(self, waveform: Tensor) -> Tensor:
        """Returns the mean square per frame, `[batch, frames]`."""
        surplus = -ops.shape(waveform)[1] % self._frame_length
        padded = ops.pad(waveform, [[0, 0], [0, surplus]])
        frames = framing.frame(
            padded, frame_length=self._frame_length, hop_length=self._frame_length
        )
        return ops.mean(ops.square(frames), axis=2)
