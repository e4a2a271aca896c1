"""Settings of a DeepFilterNet3."""

# No `from __future__ import annotations`: config flags need the types of dataclass
# fields, not strings.
import dataclasses
import math

from tfse.dsp.erb import erb_widths
from tfse.errors import ConfigError
from tfse.models.config import SpectralModelConfig

# Strides over frequency between the bands of the features and those of the embedding.
_BAND_STRIDE = 4
_BIN_STRIDE = 2


@dataclasses.dataclass
class DeepFilterNet3Config(SpectralModelConfig):
    """Settings of a DeepFilterNet3; the defaults are those of the published weights.

    Attributes:
        look_ahead: frames after the one to enhance that the network receives. The spectrum
            waits for them, so they count in the latency. 0 for none, as in the authors'
            low-latency variant.
        erb_bands: bands of the gains and of their features, a multiple of 4.
        least_bins: fewest bins per band.
        filter_bins: lowest bins, which are filtered over frames; even.
        filter_frames: frames of a filter, more than `look_ahead`.
        norm_time_s: time constant of the exponential means of the features.
        channels: of the convolutions, even.
        input_frames: frames of the kernels of the first convolutions.
        pathway_frames: frames of the kernel from the first convolution to the filters.
        units: of every GRU.
        gain_grus: GRUs in a row of the decoder for gains.
        filter_grus: GRUs in a row of the decoder for filters.
        groups: of the grouped dense layers; those of the bins have `bin_groups`, and the
            input of the decoder for filters has `filter_groups`.
        bin_groups: see `groups`.
        filter_groups: see `groups`.
        local_snr_db: range of the local SNR head.
        epsilon: of the batch normalization.
        momentum: of the batch normalization's moving averages.
    """

    name: str = "deepfilternet3"
    sample_rate: int = 48_000
    frame_length: int = 960
    hop_length: int = 480
    fft_length: int = 960
    window: str = "vorbis"
    look_ahead: int = 2
    erb_bands: int = 32
    least_bins: int = 2
    filter_bins: int = 96
    filter_frames: int = 5
    norm_time_s: float = 1.0
    channels: int = 64
    input_frames: int = 3
    pathway_frames: int = 5
    units: int = 256
    gain_grus: int = 2
    filter_grus: int = 2
    groups: int = 16
    bin_groups: int = 32
    filter_groups: int = 8
    local_snr_db: tuple[float, float] = (-15.0, 35.0)
    epsilon: float = 1e-5
    momentum: float = 0.9

    @property
    def embedding_size(self) -> int:
        """Channels of the embedding of a frame."""
        return self.channels * self.erb_bands // _BAND_STRIDE

    @property
    def widths(self) -> tuple[int, ...]:
        """Bins per band."""
        return erb_widths(self.erb_bands, self.least_bins, self.fft_length, self.sample_rate)

    @property
    def norm_frames(self) -> float:
        """Time constant of the features in frames.

        As in libDF, the decay per frame is rounded to as few digits, at least 3, as it is
        below 1.
        """
        decay = math.exp(-self.hop_length / (self.sample_rate * self.norm_time_s))
        digits = 3
        while (rounded := round(decay, digits)) >= 1.0:
            digits += 1
        return -1.0 / math.log(rounded)

    def check(self) -> None:
        """Checks the settings that no layer checks.

        Raises:
            ConfigError: a setting is out of range, or does not divide another.
        """
        if not 0 <= self.look_ahead < self.filter_frames:
            raise ConfigError(
                "`look_ahead` must be at least 0 and below `filter_frames`; received "
                f"look_ahead={self.look_ahead}, filter_frames={self.filter_frames}."
            )
        if self.erb_bands % _BAND_STRIDE or self.filter_bins % _BIN_STRIDE:
            raise ConfigError(
                f"`erb_bands` must be a multiple of {_BAND_STRIDE} and `filter_bins` of "
                f"{_BIN_STRIDE}; received erb_bands={self.erb_bands}, "
                f"filter_bins={self.filter_bins}."
            )
        if not 0 < self.filter_bins <= self.fft_length // 2:
            raise ConfigError(
                f"`filter_bins` must leave an upper bin; received filter_bins={self.filter_bins}, "
                f"fft_length={self.fft_length}."
            )
        if self.channels % 2:
            raise ConfigError(f"`channels` must be even; received {self.channels}.")
        if not self.norm_time_s > 0:
            raise ConfigError(f"`norm_time_s` must be above 0; received {self.norm_time_s}.")
