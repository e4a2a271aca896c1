"""Settings of the mixtures for training, validation and test."""

# Annotations must be evaluated here: ml_collections reads the type of a field to
# parse the flag that overrides it, and does not accept a string as a type.

import dataclasses
import itertools
import math

from tfse.data.augmentation_config import AugmentationConfig
from tfse.errors import ConfigError

PEAK_MAX = 1.0
# More than the 0.12 s of a held sound's loop, the stretch in which its period is found, and
# two periods; and than the frames of a whisper.
VOICE_SEGMENT_S_MIN = 0.2


@dataclasses.dataclass
class DataConfig:
    """Settings of a mixture; mutable so that flags can override them.

    Attributes:
        sample_rate: samples per second; must be that of the prepared data.
        segment_s: length of the crops a model trains on, seconds.
        whole_utterances: yield whole utterances, padded in buckets of similar length,
            instead of crops.
        bucket_boundaries_s: boundaries between the buckets, seconds, ascending.
        snr_db_min: lowest signal-to-noise ratio, dB; drawn uniformly.
        snr_db_max: highest signal-to-noise ratio, dB.
        clean_probability: probability of a mixture without noise.
        level_dbfs_min: lowest RMS level of the noisy mixture, dB; an RMS of 1 is 0.
        level_dbfs_max: highest RMS level of the noisy mixture, dB.
        peak_max: largest sample magnitude; the clip guard scales a mixture down to it.
        reverb_probability: probability that the speech is in a room.
        early_ms: part of a room impulse response that belongs to the target,
            milliseconds after the direct path; later reflections count as noise.
        babble_probability: probability that the noise is several other speakers.
        babble_speakers_min: fewest voices in babble.
        babble_speakers_max: most voices in babble.
        speaker_balance: share of each speaker in the crops of an epoch of training, in
            proportion to duration^(1 - speaker_balance): 0 is by duration, 1 equal.
        augmentation: variations of the training mixtures.
        seed: seed of the training mixtures.
        valid_mixtures: number of fixed mixtures of the validation set.
        test_mixtures: number of fixed mixtures of the test set.
        max_corrupt_records: number of unreadable records that are replaced, each with a
            warning that names it, before it is an error.
    """

    sample_rate: int = 16000
    segment_s: float = 4.0
    whole_utterances: bool = False
    bucket_boundaries_s: tuple[float, ...] = (2.0, 4.0, 6.0, 9.0, 13.0, 18.0)
    snr_db_min: float = -5.0
    snr_db_max: float = 20.0
    clean_probability: float = 0.03
    level_dbfs_min: float = -35.0
    level_dbfs_max: float = -15.0
    peak_max: float = 0.99
    reverb_probability: float = 0.3
    early_ms: float = 50.0
    babble_probability: float = 0.1
    babble_speakers_min: int = 3
    babble_speakers_max: int = 6
    speaker_balance: float = 0.0
    augmentation: AugmentationConfig = dataclasses.field(default_factory=AugmentationConfig)
    seed: int = 0
    valid_mixtures: int = 200
    test_mixtures: int = 400
    max_corrupt_records: int = 10

    @property
    def segment_samples(self) -> int:
        """Length of a crop, samples."""
        return round(self.segment_s * self.sample_rate)

    @property
    def early_samples(self) -> int:
        """Length of the early part of a room impulse response, samples."""
        return max(1, round(self.early_ms * self.sample_rate / 1000))

    def validate(self) -> None:
        """Checks every rule that needs no data.

        Raises:
            ConfigError: a setting breaks its rule; the message names both.
        """
        self._check_positive()
        self._check_shares()
        self._check_order("snr_db_min", "snr_db_max")
        self._check_order("level_dbfs_min", "level_dbfs_max")
        self._check_order("babble_speakers_min", "babble_speakers_max")
        if not 0 < self.peak_max <= PEAK_MAX:
            raise ConfigError(f"`peak_max` must lie in (0, 1]; received {self.peak_max}.")
        self._check_buckets()
        self.augmentation.validate()
        self._check_voices()

    def _check_positive(self) -> None:
        names = ("sample_rate", "segment_s", "babble_speakers_min", "valid_mixtures")
        for name in (*names, "test_mixtures"):
            value = getattr(self, name)
            if not (math.isfinite(value) and value > 0):
                raise ConfigError(f"`{name}` must be above 0; received {value}.")
        for name in ("early_ms", "seed", "max_corrupt_records"):
            if not getattr(self, name) >= 0:
                raise ConfigError(f"`{name}` must not be negative; received {getattr(self, name)}.")

    def _check_shares(self) -> None:
        shares = ("clean_probability", "reverb_probability", "babble_probability")
        for name in (*shares, "speaker_balance"):
            value = getattr(self, name)
            if not 0 <= value <= 1:
                raise ConfigError(f"`{name}` must lie in [0, 1]; received {value}.")

    def _check_order(self, low: str, high: str) -> None:
        if not getattr(self, low) <= getattr(self, high):
            raise ConfigError(
                f"`{low}` must not be above `{high}`; received "
                f"{getattr(self, low)} and {getattr(self, high)}."
            )

    def _check_voices(self) -> None:
        if self.whole_utterances or self.segment_s >= VOICE_SEGMENT_S_MIN:
            return
        for name in ("whisper_probability", "held_sound_probability"):
            if getattr(self.augmentation, name) > 0:
                raise ConfigError(
                    f"`augmentation.{name}` needs `segment_s` of at least "
                    f"{VOICE_SEGMENT_S_MIN}; received {self.segment_s}."
                )

    def _check_buckets(self) -> None:
        bounds = self.bucket_boundaries_s
        ascending = all(low < high for low, high in itertools.pairwise((0.0, *bounds)))
        if not (bounds and ascending):
            raise ConfigError(
                f"`bucket_boundaries_s` must be positive and ascending; received {bounds}."
            )
