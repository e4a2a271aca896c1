from __future__ import annotations

import math

import pytest
from absl import flags
from ml_collections import config_flags

from tfse.data.augmentation_config import AugmentationConfig
from tfse.data.config import DataConfig
from tfse.errors import ConfigError


def test_the_defaults_are_valid() -> None:
    DataConfig().validate()
    assert DataConfig().segment_samples == 64000
    assert DataConfig().early_samples == 800
    assert DataConfig(early_ms=0.0).early_samples == 1


@pytest.mark.parametrize(
    ("setting", "message"),
    [
        ({"sample_rate": 0}, r"`sample_rate` must be above 0; received 0"),
        ({"segment_s": math.nan}, r"`segment_s` must be above 0; received nan"),
        ({"segment_s": math.inf}, r"`segment_s` must be above 0; received inf"),
        ({"valid_mixtures": -1}, r"`valid_mixtures` must be above 0"),
        ({"test_mixtures": 0}, r"`test_mixtures` must be above 0"),
        ({"babble_speakers_min": 0}, r"`babble_speakers_min` must be above 0"),
        ({"early_ms": -1.0}, r"`early_ms` must not be negative; received -1.0"),
        ({"seed": -1}, r"`seed` must not be negative"),
        ({"max_corrupt_records": -1}, r"`max_corrupt_records` must not be negative; received -1"),
        ({"clean_probability": 1.1}, r"`clean_probability` must lie in \[0, 1\]; received 1.1"),
        ({"reverb_probability": -0.1}, r"`reverb_probability` must lie in \[0, 1\]"),
        ({"speaker_balance": 1.5}, r"`speaker_balance` must lie in \[0, 1\]; received 1.5"),
        ({"babble_probability": math.nan}, r"`babble_probability` must lie in \[0, 1\]"),
        (
            {"snr_db_min": 30.0},
            r"`snr_db_min` must not be above `snr_db_max`; received 30.0 and 20",
        ),
        ({"level_dbfs_max": -50.0}, r"`level_dbfs_min` must not be above `level_dbfs_max`"),
        ({"babble_speakers_max": 2}, r"`babble_speakers_min` must not be above"),
        ({"peak_max": 0.0}, r"`peak_max` must lie in \(0, 1\]; received 0.0"),
        ({"peak_max": 1.5}, r"`peak_max` must lie in \(0, 1\]"),
        ({"bucket_boundaries_s": ()}, r"`bucket_boundaries_s` must be positive and ascending"),
        ({"bucket_boundaries_s": (2.0, 2.0)}, r"received \(2.0, 2.0\)"),
        ({"bucket_boundaries_s": (0.0, 2.0)}, r"received \(0.0, 2.0\)"),
        (
            {
                "segment_s": 0.1,
                "augmentation": AugmentationConfig(held_sound_probability=0.1),
            },
            r"`augmentation.held_sound_probability` needs `segment_s` of at least 0.2",
        ),
    ],
)
def test_a_rule_that_is_broken_is_named(setting: dict[str, object], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        DataConfig(**setting).validate()


def test_every_kind_of_field_can_be_overridden_by_a_flag() -> None:
    values = flags.FlagValues()
    arguments = ["x", "--data.snr_db_min=-1.5", "--data.seed=7", "--data.whole_utterances=true"]
    arguments += ["--data.bucket_boundaries_s=(1.0, 2.5)"]
    config = config_flags.DEFINE_config_dataclass(
        "data", DataConfig(), flag_values=values, sys_argv=arguments
    )
    values(arguments)
    changed = DataConfig(
        snr_db_min=-1.5, seed=7, whole_utterances=True, bucket_boundaries_s=(1.0, 2.5)
    )
    assert config.value == changed
