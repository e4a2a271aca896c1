"""Builder of a DeepFilterNet3."""

from __future__ import annotations

import keras

from tfse.layers import (
    BandGains,
    BandLevels,
    BinRange,
    DeepFiltering,
    Delay,
    ExponentialMeanNormalization,
    ExponentialUnitNormalization,
    FrameReshape,
    FrameStack,
    MagnitudeMasking,
)
from tfse.models.deepfilternet3 import stages
from tfse.models.deepfilternet3.config import DeepFilterNet3Config
from tfse.models.enhancement_model import (
    EnhancementModel,
    around_spectrum,
    core_model,
    spectrum_input,
)
from tfse.models.registry import register
from tfse.types import Tensor


@register(DeepFilterNet3Config)
def build_deepfilternet3(config: DeepFilterNet3Config) -> EnhancementModel:
    """Builds a DeepFilterNet3.

    Where the original looks ahead, here the spectrum waits: features pass at once, and gains
    and filters apply to the frame `look_ahead` before the newest. The output is that of the
    authors' runtime (libDF) in Rust, from the first sample on, but for two things. All stages
    always run: libDF can skip them by thresholds on the local SNR (its programs do, its C
    interface does not), and returns zeros with its state frozen after 5 hops below -70 dBFS. And
    there is no post filter, which is off by default in libDF.

    The authors' Python program drops the first `look_ahead` frames of the features of a file, so
    that its output differs at first: by 47 dB over 10 s of noisy speech.

    Args:
        config: sizes; see `DeepFilterNet3Config`.

    Returns:
        A functional model on waveforms, `[batch, samples]` -> `[batch, samples]`.

    Raises:
        ConfigError: a setting is out of range, or does not divide another.
    """
    config.check()
    core = _core(config)
    return around_spectrum(config, lambda spectrum: _enhanced(config, core, spectrum))


def _core(config: DeepFilterNet3Config) -> keras.Model:
    """Returns the network from spectrum to gains, filters and local SNR."""
    spectrum, x = spectrum_input(config)
    # === Features === [B, T, bins, 2] -> [B, T, bands, 1], [B, T, filter_bins, 2]
    levels, bins = _features(config, x)
    # === Encoder === maps of 1, 1/2, 1/4 and 1/4 of the bands, and an embedding per frame
    maps = stages.band_encoder(config, levels)
    pathway = stages.input_convolution(config, "bins_0", bins)
    embedding = stages.embedding(config, maps[-1], pathway)  # [B, T, channels * bands / 4]
    # === Decoders === [B, T, bands], [B, T, filter_bins, 2 * filter_frames], [B, T, 1]
    heads = {
        "band_gains": stages.gains(config, embedding, maps),
        "filters": stages.filters(config, embedding, pathway),
        "local_snr_db": stages.local_snr(config, embedding),
    }
    return core_model(config, spectrum, heads)


def _enhanced(config: DeepFilterNet3Config, core: keras.Model, spectrum: Tensor) -> Tensor:
    """Returns the enhanced spectrum, `look_ahead` frames late."""
    heads = core(spectrum)
    bins = config.filter_bins
    # === Lower bins === filtered over the newest frames
    lower = BinRange(0, bins, name="lower_bins")(spectrum)
    stack = FrameStack(config.filter_frames, dtype="float32", name="newest")(lower)
    lower = DeepFiltering(name="filtering")(stack, heads["filters"])
    # === Upper bins === gains on the delayed spectrum
    upper = BinRange(bins, spectrum.shape[2], name="upper_bins")(spectrum)
    upper = Delay(config.look_ahead, config.hop_length, dtype="float32", name="delay")(upper)
    gains = BandGains(config.widths, bins, name="gains")(heads["band_gains"])
    upper = MagnitudeMasking(name="masking")(upper, gains)
    return keras.layers.Concatenate(axis=2, dtype="float32", name="bins")([lower, upper])


def _features(config: DeepFilterNet3Config, spectrum: Tensor) -> tuple[Tensor, Tensor]:
    """Returns normalized levels `[B, T, bands, 1]` and lower bins `[B, T, filter_bins, 2]`."""
    frames = config.norm_frames
    # The initial means belong to this scale.
    scaled = keras.layers.Rescaling(1 / config.fft_length, dtype="float32", name="scale")(spectrum)
    levels = BandLevels(config.widths, name="band_levels")(scaled)
    levels = ExponentialMeanNormalization(frames, name="band_norm")(levels)
    levels = FrameReshape((config.erb_bands, 1), name="band_map")(levels)
    bins = BinRange(0, config.filter_bins, name="lower_bins")(scaled)
    return levels, ExponentialUnitNormalization(frames, name="bin_norm")(bins)
