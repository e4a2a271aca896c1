"""Losses that keep a model from doing harm: eaten speech, and noise left in silence."""

from __future__ import annotations

from keras import ops

from tfse.dsp import framing, levels, masks
from tfse.errors import ConfigError
from tfse.layers import STFT
from tfse.layers.padding import mean_over_frames, spectrum, target_without_padding, without_padding
from tfse.losses.base import EnhancementLoss, Tensors
from tfse.types import Tensor

# Inside a square root: the power of a bin at -140 dBFS.
_SMALLEST_POWER = 1e-12
# -100 dBFS: a frame below it is silent.
_SILENT_POWER = 1e-10


class OverSuppression(EnhancementLoss):
    """What of the clean speech is missing in the estimate; what is left of noise is free.

        mean over frames and bins of max(|S|^c - |E|^c, 0)^2

    Beside `CompressedSpectrumMSE` of the same c, a weight of a^2 - 1 times its own
    makes an error of missing speech count a times one of noise left. By itself it
    is least for an estimate that is too loud.

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
    """How much noise is left where the clean speech is digital silence, in dB.

        mean over silent frames of 10 log10(|E|^2 / |Y|^2 + 10^(floor / 10)) - floor

    of enhanced E and noisy Y, over the frames in which the clean speech lies below
    -100 dBFS: 0 for silence, -floor for noise left as it was. More attenuation than the
    floor earns almost nothing, so that pauses are not gated to digital silence. An example
    without such a frame, or whose noise is as silent there, has loss 0: the loss is for
    data with mixtures of noise alone.

    Args:
        frame_length: samples in a frame, which do not overlap.
        floor_db: attenuation that is enough, below 0 dB.

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
        # Padding is silent in the noisy waveform, so it is no such frame.
        counted = ops.cast((clean < _SILENT_POWER) & (noisy > _SILENT_POWER), "float32")
        ratio = enhanced / ops.maximum(noisy, _SILENT_POWER)
        level = levels.decibels(ratio + 10 ** (self._floor_db / 10)) - self._floor_db
        return ops.sum(level * counted, axis=1) / ops.maximum(ops.sum(counted, axis=1), 1.0)

    def _power(self, waveform: Tensor) -> Tensor:
        """Returns the mean square of every frame, `[batch, frames]`."""
        surplus = -ops.shape(waveform)[1] % self._frame_length
        padded = ops.pad(waveform, [[0, 0], [0, surplus]])
        frames = framing.frame(
            padded, frame_length=self._frame_length, hop_length=self._frame_length
        )
        return ops.mean(ops.square(frames), axis=2)
