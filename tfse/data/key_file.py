"""Reads the keys of mixtures that a training run has noted, and what they were made with."""

from __future__ import annotations

import dataclasses
import json
import pathlib
from typing import Any

from tfse.data.augmentation_config import AugmentationConfig
from tfse.data.config import DataConfig
from tfse.errors import ConfigError

# The settings of a run, in its folder.
RUN_CONFIG = "config.json"


def read_keys(path: pathlib.Path) -> list[str]:
    """Reads a file of keys, JSON of the form {"keys": ["train/0/3/17", ...]}.

    Returns:
        Each key once, in the order of the file.

    Raises:
        ConfigError: the file is missing, or is not of that form.
    """
    value = _json(path)
    keys = value.get("keys") if isinstance(value, dict) else None
    if not (isinstance(keys, list) and keys and all(isinstance(key, str) for key in keys)):
        raise ConfigError(
            f'A file of keys must hold {{"keys": [...]}} with text in it; received {path}, '
            "which does not."
        )
    return list(dict.fromkeys(keys))


def run_settings(path: pathlib.Path) -> DataConfig | None:
    """Returns how the run made its mixtures, if the file of keys or what is beside it says so.

    That is `data` in the file, or in the config.json of the run folder that it lies in.

    Raises:
        ConfigError: what is there are not settings of this tfse.
    """
    for place in (path, path.parent / RUN_CONFIG):
        value = _json(place) if place.exists() else None
        settings = value.get("data") if isinstance(value, dict) else None
        if isinstance(settings, dict):
            return _config(place, settings)
    return None


def _config(path: pathlib.Path, settings: dict[str, Any]) -> DataConfig:
    # JSON knows no tuples.
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
                f"`data` in {path} must be settings of this tfse; received {unknown[0]}."
            )
    return DataConfig(**values, augmentation=AugmentationConfig(**augmentation))


def _json(path: pathlib.Path) -> Any:
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise ConfigError(f"{path} must be readable; received {error.strerror}.") from error
    except ValueError as error:
        raise ConfigError(f"{path} must be JSON; received {error}.") from error
