from __future__ import annotations

import dataclasses
import json
import pathlib

import pytest

from tfse.data.augmentation_config import AugmentationConfig
from tfse.data.config import DataConfig
from tfse.data.key_file import read_keys, run_settings
from tfse.errors import ConfigError


def test_each_key_comes_once_in_the_order_of_the_file(tmp_path: pathlib.Path) -> None:
    path = tmp_path / "bad.json"
    path.write_text('{"keys": ["train/0/1/2", "train/0/0/3", "train/0/1/2"], "step": 7}')
    assert read_keys(path) == ["train/0/1/2", "train/0/0/3"]


@pytest.mark.parametrize(
    "text", ["[]", "{}", '{"keys": "train/0/0/0"}', '{"keys": []}', '{"keys": [1]}', "null"]
)
def test_another_format_is_refused(tmp_path: pathlib.Path, text: str) -> None:
    path = tmp_path / "bad.json"
    path.write_text(text)
    with pytest.raises(ConfigError, match=rf'{path} is not a key file: it must hold {{"keys": '):
        read_keys(path)


def test_what_cannot_be_read_is_named(tmp_path: pathlib.Path) -> None:
    with pytest.raises(ConfigError, match=r"no\.json cannot be read: No such file"):
        read_keys(tmp_path / "no.json")
    (tmp_path / "cut.json").write_text('{"keys": [')
    with pytest.raises(ConfigError, match=r"cut\.json is not JSON: "):
        read_keys(tmp_path / "cut.json")


def test_settings_come_from_the_file_or_from_the_config_beside_it(tmp_path: pathlib.Path) -> None:
    keys, config = tmp_path / "bad.json", tmp_path / "config.json"
    keys.write_text('{"keys": ["train/0/0/0"]}')
    assert run_settings(keys) is None
    config.write_text('{"data": {"segment_s": 2.5, "bucket_boundaries_s": [1.0, 2.0]}}')
    wanted = DataConfig(segment_s=2.5, bucket_boundaries_s=(1.0, 2.0))
    assert run_settings(keys) == wanted
    keys.write_text('{"keys": ["train/0/0/0"], "data": {"segment_s": 1.5}}')
    assert run_settings(keys) == DataConfig(segment_s=1.5)


def test_settings_of_the_augmentation_come_along(tmp_path: pathlib.Path) -> None:
    config = DataConfig(augmentation=AugmentationConfig(speed_probability=0.5))
    path = tmp_path / "bad.json"
    path.write_text(json.dumps({"keys": ["train/0/0/0"], "data": dataclasses.asdict(config)}))
    assert run_settings(path) == config
    path.write_text('{"keys": ["train/0/0/0"], "data": {"augmentation": {"echo": 1}}}')
    with pytest.raises(ConfigError, match=r"has a setting that this tfse does not know: echo\."):
        run_settings(path)


def test_unknown_settings_are_named(tmp_path: pathlib.Path) -> None:
    (tmp_path / "config.json").write_text('{"data": {"loudness": 1}}')
    with pytest.raises(
        ConfigError, match=r"has a setting that this tfse does not know: loudness\."
    ):
        run_settings(tmp_path / "bad.json")
