"""Checks of flags that several commands share."""

from __future__ import annotations

from typing import Any

from tfse.errors import ConfigError
from tfse.training import ExperimentConfig


def experiment(config: Any) -> ExperimentConfig:
    """Returns the experiment of `--config`, checked.

    Args:
        config: value of the flag.

    Raises:
        ConfigError: there is none, it is of another type, or a setting breaks a rule.
    """
    if config is None:
        raise ConfigError("`--config` must be given, such as --config=configs/dpcrn_small.py.")
    if not isinstance(config, ExperimentConfig):
        raise ConfigError(
            "`get_config()` of the config file must return an ExperimentConfig; received a "
            f"{type(config).__name__}."
        )
    config.validate()
    return config


def use_cache(folder: str) -> None:
    """Caches compiled programs in a folder for later runs; "" for no cache."""
    if folder:
        import jax

        jax.config.update("jax_compilation_cache_dir", folder)
        jax.config.update("jax_persistent_cache_min_compile_time_secs", 1.0)


def whole_numbers(name: str, values: list[str]) -> list[int]:
    """Returns the values of a flag as whole numbers above zero.

    Raises:
        ConfigError: a value is not one.
    """
    if not all(value.isdecimal() and int(value) for value in values):
        raise ConfigError(f"`{name}` must be whole numbers above 0; received {values}.")
    return [int(value) for value in values]
