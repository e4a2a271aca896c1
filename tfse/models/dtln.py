"""DTLN: dual-signal transformation LSTM network, masks in two domains one after the other.

Westhausen and Meyer, "Dual-signal transformation LSTM network for real-time noise
suppression", Interspeech 2020.
"""

# No `from __future__ import annotations`: config flags need the types of dataclass
# fields, not strings.
import dataclasses

import keras

from tfse.errors import ConfigError
from tfse.layers import (
    FeatureNormalization,
    InverseFFT,
    LogMagnitude,
    Magnitude,
    MagnitudeMasking,
    OverlapAdd,
    TimeLSTM,
)
from tfse.models.config import SpectralModelConfig
from tfse.models.enhancement_model import (
    EnhancementModel,
    core_model,
    noisy_and_spectrum,
    spectrum_input,
)
from tfse.models.registry import register
from tfse.types import Tensor


@dataclasses.dataclass
class DTLNConfig(SpectralModelConfig):
    """Settings of a DTLN; the defaults are the paper's.

    Attributes:
        normalized_input: the first stage receives log magnitudes, normalized per frame,
            instead of magnitudes: the variant `DTLN_norm` of the authors, which is
            insensitive to the level.
        units: of each LSTM of the first and of the second stage.
        code_size: features of the learned transformation.
        dropout: share of the features between LSTMs that is dropped in training.
        epsilon: of the normalizations.
    """

    name: str = "dtln"
    hop_length: int = 128
    window: str = "rectangular"
    normalized_input: bool = False
    units: tuple[int, ...] = (128, 128)
    code_size: int = 256
    dropout: float = 0.25
    epsilon: float = 1e-7


@register(DTLNConfig)
def build_dtln(config: DTLNConfig) -> EnhancementModel:
    """Builds a DTLN.

    Both stages are one core. Its frames are added where they overlap, without a window and
    without normalization: the decoder learned the level of the sum.

    Args:
        config: sizes; see `DTLNConfig`.

    Returns:
        A functional model on waveforms, `[batch, samples]` -> `[batch, samples]`.

    Raises:
        ConfigError: frames are shorter than the transform, or another setting is out of range.
    """
    _check(config)
    noisy, spectrum = noisy_and_spectrum(config)
    frames = _core(config)(spectrum)["frames"]
    enhanced = OverlapAdd(config.hop_length, name="overlap_add")(frames)
    return EnhancementModel(noisy, enhanced, name=config.name)


def _core(config: DTLNConfig) -> keras.Model:
    """Returns the network from spectrum to the mask of stage 1 and enhanced frames."""
    spectrum, x = spectrum_input(config)
    bins = x.shape[2]
    # === Stage 1: mask on the magnitude === [B, T, 257, 2] -> [B, T, 257]
    mask = _mask(config, "mask", bins, _features(config, x))
    # === Frames === [B, T, 257, 2] -> [B, T, 512]
    x = MagnitudeMasking(name="masking")(x, mask)
    x = InverseFFT(config.fft_length, name="inverse_fft")(x)
    # === Stage 2: mask on a learned code === [B, T, 512] -> [B, T, 256] -> [B, T, 512]
    code = keras.layers.Dense(config.code_size, use_bias=False, name="encoder")(x)
    x = FeatureNormalization(config.epsilon, name="code_norm")(code)
    x = _mask(config, "code_mask", config.code_size, x)
    x = keras.layers.Multiply(name="code_masking")([code, x])
    frames = keras.layers.Dense(config.frame_length, use_bias=False, name="decoder")(x)
    return core_model(config, spectrum, {"mask": mask, "frames": frames})


def _features(config: DTLNConfig, spectrum: Tensor) -> Tensor:
    if not config.normalized_input:
        return Magnitude(name="magnitude")(spectrum)
    x = LogMagnitude(name="log_magnitude")(spectrum)
    return FeatureNormalization(config.epsilon, name="input_norm")(x)


def _mask(config: DTLNConfig, name: str, size: int, x: Tensor) -> Tensor:
    """Estimates a mask by LSTMs and a dense layer."""
    for index, units in enumerate(config.units):
        if index and config.dropout:
            x = keras.layers.Dropout(config.dropout, name=f"{name}_dropout_{index}")(x)
        x = TimeLSTM(units, name=f"{name}_lstm_{index}")(x)
    return keras.layers.Dense(size, activation="sigmoid", name=name)(x)


def _check(config: DTLNConfig) -> None:
    if config.fft_length != config.frame_length:
        raise ConfigError(
            "`fft_length` must be `frame_length`, since the second stage receives whole frames; "
            f"received fft_length={config.fft_length}, frame_length={config.frame_length}."
        )
    if not config.units or config.code_size < 1:
        raise ConfigError(
            "`units` and `code_size` must be set; received "
            f"units={config.units}, code_size={config.code_size}."
        )
    if not 0 <= config.dropout < 1:
        raise ConfigError(f"`dropout` must be 0 or more, below 1; received {config.dropout}.")
