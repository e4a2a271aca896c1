"""Registry of model builders, by type of config."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from tfse.errors import ConfigError
from tfse.models.config import ModelConfig
from tfse.models.enhancement_model import EnhancementModel

Builder = Callable[[Any], EnhancementModel]
_B = TypeVar("_B", bound=Builder)

_builders: dict[type[ModelConfig], Builder] = {}


def register(config_type: type[ModelConfig]) -> Callable[[_B], _B]:
    """Registers the decorated function as the builder for configs of a type."""

    def registered(builder: _B) -> _B:
        _builders[config_type] = builder
        return builder

    return registered


def build(config: ModelConfig) -> EnhancementModel:
    """Builds the model that a config describes, with initial weights.

    Args:
        config: an instance of a registered subclass of `ModelConfig`.

    Returns:
        A functional model on waveforms.

    Raises:
        ConfigError: no model is registered for this type of config, or a setting is
            invalid.

    Example:
        >>> import tfse
        >>> model = tfse.models.build(tfse.models.LSTMIRMConfig(units=(64, 64)))
        >>> model.latency_samples
        256
    """
    if type(config) not in _builders:
        known = sorted(config_type.__name__ for config_type in _builders)
        raise ConfigError(f"`config` must be one of {known}; received {type(config).__name__}.")
    return _builders[type(config)](config)
