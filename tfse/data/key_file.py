"""Key file: the keys of mixtures that a training run noted, and the settings of that run."""

from __future__ import annotations

import dataclasses
import json
import pathlib
from typing import Any

from tfse.data.augmentation_config import AugmentationConfig
from tfse.data.config import DataConfig
from tfse.errors import ConfigError

# Settings of a run, in its folder.
RUN_CONFIG = "config.json"


def read_keys(path: pathlib.Path) -> list[str]:
    """Reads a key file, JSON such as {"keys": ["train/0/3/17", ...]}.

    Returns:
        Each key once, in the order of the file.

    Raises:
        ConfigError: the file is missing, or is not a key file.
    """
    value = _json(path)
    keys = value.get("keys") if isinstance(value, dict) else None
    if not (isinstance(keys, list) and keys and all(isinstance(key, str) for key in keys)):
        raise ConfigError(
            f'{path} is not a key file: it must hold {{"keys": [...]}}, a list of strings.'
        )
    return list(dict.fromkeys(keys))


def run_settings(path: pathlib.Path) -> DataConfig | None:
    """Returns the settings of the run's mixtures, None if they are not stored.

    They are `data` in the key file, or in the config.json of its folder.

    Raises:
        ConfigError: a setting is unknown to this tfse.
    """
    for place in (path, path.parent / RUN_CONFIG):
        value = _json(place) if place.exists() else None
        settings = value.get("data") if isinstance(value, dict) else None
        if isinstance(settings, dict):
            return _config(place, settings)
    return None


def _config(path: pathlib.Path, settings: dict[str, Any]) -> DataConfig:
    # JSON has no tuples.
    values: dict[str, Any] = {
        k: tuple(v) if isinstance(v, list) else v for k, v in settings.items()
    }
    augmentation = values.pop("augmentation", {})
    if not isinstance(augmentation, dict):
        augmentation = {"augmentation": augmentation}
    for settings_of, given in ((DataConfig, values), (AugmentationConfig, augmentation)):
        known = {field.name for field in dataclasses.fields(settings_of)}
        if unknown := sorted(given.keys() - known):
            raise ConfigError(
                f"`data` in {path} has a setting that this tfse does not know: {unknown[0]}."
            )
    return DataConfig(**values, augmentation=AugmentationConfig(**augmentation))


def _json(path: pathlib.Path) -> Any:
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise ConfigError(f"{path} cannot be read: {error.strerror}.") from error
    except ValueError as error:
        raise ConfigError(f"{path} is not JSON: {error}.") from error
