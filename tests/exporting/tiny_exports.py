"""Tiny models with random weights, their files, and audio for them."""

from __future__ import annotations

import dataclasses
import pathlib

import keras
import numpy as np
import numpy.typing as npt

from tests import instances
from tfse.layers import LogPower, MagnitudeMasking
from tfse.models import EnhancementModel
from tfse.models.enhancement_model import around_core

ROOT = pathlib.Path(__file__).parent.parent.parent


def tiny(name: str = "dpcrn") -> EnhancementModel:
    """Returns a tiny model in which no weight is zero."""
    model = instances.MODELS[name]()
    rng = np.random.default_rng(2)
    for weight in model.weights:
        # Variances and deviations must stay above zero.
        values = np.abs(rng.standard_normal(weight.shape)) * 0.3 + 0.7
        if not any(word in weight.path for word in ("variance", "deviation", "gamma")):
            values = 0.4 * rng.standard_normal(weight.shape)
        weight.assign(values)
    return model


def saved(folder: pathlib.Path, name: str = "dpcrn") -> pathlib.Path:
    """Writes a tiny model as a `.keras` file."""
    path = folder / f"{name}.keras"
    tiny(name).save(path)
    return path


def voice(seconds: float = 1.0, seed: int = 0) -> npt.NDArray[np.float32]:
    """Returns a syllabic tone in noise."""
    time = np.arange(round(16_000 * seconds)) / 16_000
    tones = sum(np.sin(2 * np.pi * 130 * k * time) / k for k in range(1, 12))
    noise = np.random.default_rng(seed).standard_normal(time.size)
    return (0.1 * tones * np.sin(2 * np.pi * 2 * time) ** 2 + 0.02 * noise).astype(np.float32)


def identity(length: int) -> EnhancementModel:
    """Returns a model whose mask is one everywhere, with transforms of a length."""
    sizes = {"frame_length": length, "hop_length": length // 2, "fft_length": length}
    config = dataclasses.replace(instances.tiny_lstm_irm(), window="sine", **sizes)
    bins = length // 2 + 1
    spectrum = keras.Input((None, bins, 2), name="spectrum")
    # Far above one and cut there: exactly one in every number format.
    dense = keras.layers.Dense(
        bins, bias_initializer=keras.initializers.Constant(9.0), name="dense"
    )
    high = dense(LogPower(1.0, name="log_power")(spectrum))
    mask = keras.layers.ReLU(max_value=1.0, name="mask")(high)
    core = keras.Model(spectrum, {"mask": mask}, name="core")
    return around_core(config, core, MagnitudeMasking(name="masking"))
