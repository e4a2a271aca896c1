"""Limits for the sizes that published files state, before memory is taken for them."""

from __future__ import annotations

import contextlib
import dataclasses
import math
from collections.abc import Iterator, Mapping
from typing import Any

import keras

from tfse.errors import ModelError
from tfse.importing.readers.limits import MAX_BYTES
from tfse.importing.source import Array
from tfse.models import ModelConfig, SpectralModelConfig

# Far above those of any published model: the channels of an LSTM, the points of a transform,
# samples per second.
LARGEST = 1 << 16
LARGEST_TRANSFORM = 1 << 13
LARGEST_RATE = 192_000
# Parameters that a model may have beyond twice those of the file, so that the message on a
# model of nearly the same size can name the arrays.
_SLACK = 1 << 20
# As many as a file may hold, in float32.
_MOST = MAX_BYTES // 4


def check_settings(config: ModelConfig) -> None:
    """Checks that settings read from a file are within the limits.

    Args:
        config: of the model.

    Raises:
        ModelError: one is not; the message names it.
    """
    fields = dataclasses.asdict(config)
    require_within("sample_rate", fields.pop("sample_rate"), 1, LARGEST_RATE)
    if isinstance(config, SpectralModelConfig):
        require_within("fft_length", config.fft_length, 2, LARGEST_TRANSFORM)
        require_within("frame_length", config.frame_length, 2, config.fft_length)
        require_within("hop_length", config.hop_length, 1, config.frame_length)
    for name, value in fields.items():
        for number in _numbers(value):
            require_within(name, number, 0 if isinstance(number, int) else -LARGEST, LARGEST)


def require_within(name: str, value: float, least: float, most: float) -> None:
    """Checks a setting.

    Args:
        name: for the message.
        value: the setting.
        least: smallest value that is allowed.
        most: largest value that is allowed.

    Raises:
        ModelError: it is smaller, larger or no number.
    """
    if not least <= value <= most:
        raise ModelError(f"`{name}` must be from {least:,} to {most:,}; received {value}.")


def _numbers(value: Any) -> Iterator[float]:
    if isinstance(value, int | float):
        yield value
    elif isinstance(value, list | tuple):
        for each in value:
            yield from _numbers(each)


@contextlib.contextmanager
def weights_limited_by(arrays: Mapping[str, Array]) -> Iterator[None]:
    """Keeps models that are built inside from having far more parameters than the arrays.

    A small array can state the size of large ones that the file does not hold. Layers are
    stopped before they make these.

    Args:
        arrays: for the model.

    Raises:
        ModelError: a model would have far more.
    """
    # Arrays that share numbers can be many more than the file holds.
    left = min(_SLACK + 2 * sum(array.size for array in arrays.values()), _MOST)
    add_weight = keras.layers.Layer.add_weight

    def limited(layer: keras.Layer, shape: Any = None, **settings: Any) -> Any:
        nonlocal left
        left -= math.prod(shape or ())
        if left < 0:
            raise ModelError(
                f"the sizes in the file are those of a larger model: a weight of {layer.name} "
                f"would have the shape {tuple(shape)}."
            )
        return add_weight(layer, shape=shape, **settings)

    keras.layers.Layer.add_weight = limited
    try:
        yield
    finally:
        keras.layers.Layer.add_weight = add_weight
