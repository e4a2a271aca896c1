"""Calibration settings: those of the training, without what the data lacks."""

from __future__ import annotations

import dataclasses
import json
import pathlib

import numpy as np
import pytest

from tests.data.corpus import settings
from tfse.data.augmentation_config import AugmentationConfig
from tfse.data.config import DataConfig
from tfse.data.preparation.prepare import prepare
from tfse.errors import DataError
from tfse.exporting import number_formats
from tfse.exporting.calibration import calibration_settings, served_by, training_mixtures
from tfse.exporting.verification import recordings


@pytest.fixture(scope="module")
def roomless(corpus: pathlib.Path, tmp_path_factory: pytest.TempPathFactory) -> pathlib.Path:
    folder = tmp_path_factory.mktemp("roomless") / "prepared"
    prepare(settings(corpus, folder, rir_dirs=[]))
    return folder


def test_data_without_rooms_calibrates_and_verifies(roomless: pathlib.Path) -> None:
    served = calibration_settings("dpcrn_small", roomless, 16_000)
    assert served.left_out == ("rooms",)
    assert [mixture.size for mixture in training_mixtures(roomless, served.config, 2)] == [
        64_000
    ] * 2
    pairs, left_out = recordings.from_prepared(roomless, 16_000, 2)
    assert (len(pairs), left_out) == (2, ("rooms",))


def test_what_the_data_has_is_used(prepared: pathlib.Path) -> None:
    served = served_by(prepared, DataConfig(), "train")
    assert (served.config, served.left_out) == (DataConfig(), ())
    with pytest.raises(DataError, match="`data_dir` must"):
        served_by(prepared / "nothing", DataConfig(), "train")


def test_data_of_one_voice_without_noise_is_used_as_it_is(
    prepared: pathlib.Path, tmp_path: pathlib.Path
) -> None:
    index = json.loads((prepared / "index.json").read_text())
    (voice,) = {r["group"] for s in index["shards"] for r in s["records"] if "anna" in r["group"]}
    index["shards"] = [shard for shard in index["shards"] if shard["set"] == "speech"]
    for shard in index["shards"]:
        shard["records"] = [r for r in shard["records"] if r["group"] == voice]
        (tmp_path / shard["file"]).write_bytes((prepared / shard["file"]).read_bytes())
    (tmp_path / "index.json").write_text(json.dumps(index))
    (split,) = {shard["split"] for shard in index["shards"] if shard["records"]}
    augmentation = AugmentationConfig(second_talker_probability=0.5)
    served = served_by(tmp_path, DataConfig(augmentation=augmentation), split)
    assert served.left_out == ("rooms", "voices for babble", "second talkers", "noise")
    assert served.config.augmentation.second_talker_probability == 0
    assert served.config.clean_probability == 1
    assert served.config.reverb_probability == served.config.babble_probability == 0


def test_a_model_of_a_run_is_calibrated_with_the_settings_of_the_run(
    prepared: pathlib.Path, tmp_path: pathlib.Path
) -> None:
    run = DataConfig(snr_db_min=3.0, level_dbfs_min=-70.0, level_dbfs_max=-20.0, segment_s=1.0)
    run.augmentation.clip_probability = 0.5
    (tmp_path / "config.json").write_text(json.dumps({"data": dataclasses.asdict(run)}))
    config = calibration_settings(tmp_path / "best.keras", prepared, 16_000).config
    assert config.snr_db_min == 3.0
    assert config.augmentation.clip_probability == 0.5
    # A recording may be louder than the mixtures of the training.
    assert (config.level_dbfs_min, config.level_dbfs_max) == (-70.0, -5.0)
    assert config.segment_s == 4.0


@pytest.mark.parametrize("model", ["dpcrn_small", "elsewhere/last.keras"])
def test_a_model_of_unknown_training_gets_all_levels(model: str, prepared: pathlib.Path) -> None:
    config = calibration_settings(model, prepared, 16_000).config
    assert config == dataclasses.replace(DataConfig(), level_dbfs_min=-60.0, level_dbfs_max=-5.0)


def test_a_tensor_that_is_always_zero_has_a_range() -> None:
    # Such as the output of the pathway convolution in the weights of DeepFilterNet3: its scale
    # would be so small that XNNPACK refuses the file.
    dead = {"min": np.zeros(1), "max": np.full(1, 1e-12)}
    alive = {"min": np.full(1, -1.0), "max": np.full(1, 2.0)}
    assert number_formats._widened(dead)["max"] == 1.0
    assert number_formats._widened(alive)["max"] == 2.0
