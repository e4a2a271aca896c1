"""Gradient norms of single mixtures, by kind of mixture and by loss.

    python -m benchmarks.gradient_norms --model=dpcrn_medium --data_dir=prepared --count=20

Median norms over training mixtures of the config with noise, without noise, and without
speech; of the whole loss of the config and of each of its terms.
"""

from __future__ import annotations

import argparse
import dataclasses
import importlib
from collections.abc import Iterator
from typing import Any

import numpy as np
import tensorflow as tf

import tfse
from benchmarks.table import print_header, print_row
from tfse.data import pipeline
from tfse.data.config import DataConfig
from tfse.losses import LossConfig, build_loss
from tfse.losses.weighted import _BUILDERS
from tfse.models import EnhancementModel, enhance_aligned, with_core_outputs
from tfse.training.stepper import BATCH_KEYS

# Kind of mixture -> probabilities of no noise and of no speech.
KINDS = {"noisy": (0.0, 0.0), "noise-free": (1.0, 0.0), "speechless": (0.0, 1.0)}


def main() -> None:
    """Prints one row per loss."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--model", default="dpcrn_medium", help="a shipped model with a config")
    parser.add_argument("--data_dir", required=True)
    parser.add_argument("--count", type=int, default=20, help="mixtures of each kind")
    arguments = parser.parse_args()
    config = importlib.import_module(f"configs.{arguments.model}").get_config()
    model = tfse.load(arguments.model)
    batches = {kind: list(mixtures(config.data, kind, arguments)) for kind in KINDS}
    print_header(("loss", *KINDS))
    for name, loss in terms(config.loss):
        medians = norms(model, loss, batches)
        print_row(name, *(f"{value:.1f}" for value in medians))


def terms(config: LossConfig) -> Iterator[tuple[str, LossConfig]]:
    """Yields the whole loss, then each of its terms with its weight."""
    yield "all", config
    weights = {name: getattr(config, name) for name in _BUILDERS}
    for name, weight in weights.items():
        if weight:
            others = dict.fromkeys(set(weights) - {name}, 0.0)
            yield name, dataclasses.replace(config, **others)


def mixtures(data: DataConfig, kind: str, arguments: argparse.Namespace) -> Iterator[Any]:
    """Yields training mixtures of a kind, in batches of one."""
    clean, speechless = KINDS[kind]
    varied = dataclasses.replace(data.augmentation, speechless_probability=speechless)
    data = dataclasses.replace(data, clean_probability=clean, augmentation=varied)
    dataset = pipeline.training_dataset(arguments.data_dir, data, batch_size=1)
    for batch in dataset.take(arguments.count):
        yield {name: batch[name] for name in BATCH_KEYS}


def norms(
    model: EnhancementModel, config: LossConfig, batches: dict[str, list[Any]]
) -> list[float]:
    """Returns the median norm of each kind of mixture."""
    loss, forward = build_loss(config, model), with_core_outputs(model)

    def outputs(noisy: Any) -> Any:
        return forward(noisy, training=True)

    @tf.function
    def norm(batch: Any) -> Any:
        with tf.GradientTape() as tape:
            aligned = enhance_aligned(
                outputs, batch["noisy"], model.latency_samples, model.hop_length
            )
            value = tf.reduce_mean(loss(batch, aligned))
        return tf.linalg.global_norm(
            tape.gradient(value, [variable.value for variable in model.trainable_variables])
        )

    return [float(np.median([norm(batch) for batch in kind])) for kind in batches.values()]


if __name__ == "__main__":
    main()
