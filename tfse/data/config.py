"""The settings of the mixtures that a model is trained and tested on."""

# Annotations must be evaluated here: ml_collections reads the type of a field to
# parse the flag that overrides it, and takes no string for a type.

import dataclasses
import itertools
import math

from tfse.data.augmentation_config import AugmentationConfig
from tfse.errors import ConfigError

PEAK_MAX = 1.0


@dataclasses.dataclass
class DataConfig:
    """What a mixture is made of; it stays mutable so that flags can override it.

    Attributes:
        sample_rate: samples a second; must be that of the prepared data.
        segment_s: length in seconds of the crops a model trains on.
        whole_utterances: serve utterances as they are, in buckets of like length
            and padded, instead of crops.
        bucket_boundaries_s: where one bucket of lengths ends and the next begins,
            seconds, rising.
        snr_db_min: lowest ratio of speech to noise, dB; drawn uniformly.
        snr_db_max: highest ratio of speech to noise, dB.
        clean_probability: chance of a mixture without any noise.
        level_dbfs_min: lowest RMS level of the noisy mixture, dB; an RMS of 1 is 0.
        level_dbfs_max: highest RMS level of the noisy mixture, dB.
        peak_max: the clip guard scales a mixture down so that no sample of it is
            larger than this.
        reverb_probability: chance that the speech passes through a room.
        early_ms: what of a room impulse response belongs to the target,
            milliseconds after the direct path; later reflections are noise.
        babble_probability: chance that the noise is other people talking at once.
        babble_speakers_min: fewest voices in such noise.
        babble_speakers_max: most voices in such noise.
        speaker_balance: how evenly the speakers share the crops of an epoch of
            training: 0 by how long they speak, 1 all the same; between them, in
            proportion to duration^(1 - speaker_balance).
        augmentation: how training mixtures are varied beyond the recordings.
        seed: where the random numbers of the training mixtures start.
        valid_mixtures: how many fixed mixtures the validation set has.
        test_mixtures: how many fixed mixtures the test set has.
        max_corrupt_records: how many records that cannot be read are left out, each
            with a line that names it, before it is an error.
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
        """Length of a crop in samples."""
        return round(self.segment_s * self.sample_rate)

    @property
    def early_samples(self) -> int:
        """Length in samples of the early part of a room impulse response."""
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

    def _check_buckets(self) -> None:
        bounds = self.bucket_boundaries_s
        rising = all(low < high for low, high in itertools.pairwise((0.0, *bounds)))
        if not (bounds and rising):
            raise ConfigError(
                f"`bucket_boundaries_s` must be positive and rising; received {bounds}."
            )
