"""Subprocesses that run the JAX training as a user does."""

from __future__ import annotations

import os
import pathlib
import subprocess
import sys

from tests.waiting import HANGS_S

ROOT = pathlib.Path(__file__).parent.parent.parent

# Compiling takes most of the time of these tests, not running.
XLA_FLAGS = (
    "--xla_cpu_multi_thread_eigen=false --xla_backend_optimization_level=0 "
    "--xla_llvm_disable_expensive_passes=true"
)

CONFIG = """
from tests.instances import tiny_dpcrn
from tfse.data.augmentation_config import AugmentationConfig
from tfse.data.config import DataConfig
from tfse.losses import LossConfig
from tfse.training import ExperimentConfig, TrainConfig


def get_config():
    return ExperimentConfig(
        model=tiny_dpcrn(),
        data=DataConfig(segment_s=0.5, babble_probability=0.1),
        loss=LossConfig(negative_snr=1.0, log_spectral_mse=1.0),
        train=TrainConfig(
            batch_size=4, steps=40, warmup_steps=5, learning_rate=5e-3, ema_decay=0.9
        ),
    )
"""


def run(*arguments: object, **environment: str):
    """Runs a Python program in the root of the repository."""
    return subprocess.run(
        [sys.executable, *map(str, arguments)],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT), **environment},
        capture_output=True,
        text=True,
        timeout=HANGS_S,
    )


def jax_training(*arguments: object):
    """Runs `python -m tools.jax_training` with arguments."""
    return run("-m", "tools.jax_training", *arguments, XLA_FLAGS=XLA_FLAGS)


def on_jax(checks: str, **environment: str):
    """Runs the tests of a file with Keras on JAX."""
    path = ROOT / "tests" / "tools" / checks
    arguments = ("-m", "pytest", "-q", "-p", "no:cacheprovider", "-o", "addopts=", path)
    return run(*arguments, KERAS_BACKEND="jax", XLA_FLAGS=XLA_FLAGS, **environment)
