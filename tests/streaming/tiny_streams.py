"""Tiny models and recordings for the tests of streams and files."""

from __future__ import annotations

import functools
import pathlib

import keras
import numpy as np
import soundfile

from tfse import models
from tfse.layers import STFT, InverseSTFT
from tfse.models import EnhancementModel
from tfse.streaming import KerasStep
from tfse.streaming.steps.base import Step
from tfse.types import Samples

RATE = 16_000


class Stateless:
    """Step without state or delay; subclasses define the processing."""

    sample_rate = RATE
    hop_length = 256
    latency_samples = 0

    def initial_state(self, num_streams: int) -> None:
        return None


@functools.cache
def identity() -> EnhancementModel:
    """Model with a mask of all ones."""
    noisy = keras.Input((None,), name="noisy")
    spectrum = STFT(512, 256, name="stft")(noisy)
    waveform = InverseSTFT(512, 256, name="inverse_stft")(spectrum)
    return EnhancementModel(noisy, waveform, name="identity")


@functools.cache
def lstm() -> EnhancementModel:
    keras.utils.set_random_seed(0)
    return models.build(models.LSTMIRMConfig(name="tiny_lstm", units=(16, 16)))


@functools.cache
def dpcrn() -> EnhancementModel:
    keras.utils.set_random_seed(0)
    return models.build(
        models.DPCRNConfig(
            name="tiny_dpcrn",
            frame_length=64,
            hop_length=32,
            fft_length=64,
            filters=(4, 4, 8),
            kernel_sizes=((2, 5), (2, 3), (2, 3)),
            strides=(2, 2, 1),
            paddings=((0, 2), (0, 1), (1, 1)),
            frequency_units=4,
            time_units=4,
        )
    )


@functools.cache
def identity_step() -> Step:
    return KerasStep(identity())


@functools.cache
def lstm_step() -> Step:
    return KerasStep(lstm())


@functools.cache
def dpcrn_step() -> Step:
    return KerasStep(dpcrn())


def noise(samples: int, channels: int | None = None, seed: int = 0) -> Samples:
    shape = samples if channels is None else (samples, channels)
    return np.random.default_rng(seed).uniform(-0.3, 0.3, shape).astype(np.float32)


def tones(samples: int, rate: int, channels: int = 1) -> Samples:
    """Returns one sine per channel, faded at both ends, for any rate above 3 kHz."""
    time = np.arange(samples)[:, np.newaxis] / rate
    frequencies = 300.0 + 97.0 * np.arange(channels)
    fade = np.minimum(1.0, np.minimum(time, time[::-1]) / 0.1)
    return (0.5 * fade * np.sin(2 * np.pi * frequencies * time)).astype(np.float32)


def write(
    path: pathlib.Path,
    samples: Samples,
    rate: int = RATE,
    subtype: str | None = None,
    format: str | None = None,
) -> pathlib.Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    soundfile.write(path, samples, rate, subtype=subtype, format=format)
    return path


def read(path: pathlib.Path) -> Samples:
    samples, _ = soundfile.read(path, dtype="float32", always_2d=True)
    return samples


def leftovers(folder: pathlib.Path) -> list[str]:
    """Returns partial files; there must be none."""
    return [str(path) for path in folder.rglob(".tfse-*")]
