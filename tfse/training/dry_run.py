"""Dry run of an experiment: builds everything, runs two steps and writes nothing."""

from __future__ import annotations

import pathlib
import resource
import sys
import time

import tensorflow as tf

from tfse.data import pipeline
from tfse.models.cost import multiply_accumulates
from tfse.training.config import ExperimentConfig
from tfse.training.learner import Learner, build_learner
from tfse.training.progress_display import clock
from tfse.training.shared_data import SharedData
from tfse.training.warm_start import load_source


def dry_run(
    config: ExperimentConfig,
    data_dir: str | pathlib.Path,
    strategy: tf.distribute.Strategy,
    init_from: str = "",
    widens: bool = False,
) -> str:
    """Runs two steps of an experiment and times the second.

    Args:
        config: the experiment.
        data_dir: prepared data.
        strategy: distribution strategy.
        init_from: model with the initial weights; empty for fresh ones.
        widens: `init_from` is a narrower model, see `widen`.

    Returns:
        Report: size and cost of the model, memory, number of mixtures, and time of an
        epoch and of the whole training.

    Raises:
        ConfigError: a setting breaks a rule.
        DataError: the data is missing or incomplete.
        ModelError: `init_from` is not a model, or cannot be widened to this one.
    """
    config.validate()
    data = SharedData(data_dir, config.data, config.train.batch_size, strategy)
    mixtures = pipeline.mixtures_per_epoch(data_dir, config.data)
    learner = build_learner(config, strategy)
    source = load_source(init_from, widens)
    warm_start = [str(source.copy_to(learner.model))] if source else []
    batches = iter(data.training(0))
    losses, seconds = [], 0.0
    for _ in range(2):
        begin = time.perf_counter()
        losses.append(learner.step(batches, config.train, config.train.learning_rate).loss)
        seconds = time.perf_counter() - begin
    rows = {
        **_model_rows(learner),
        "losses of two steps": ", ".join(f"{loss:.4f}" for loss in losses),
        **_time_rows(config, mixtures, seconds),
        "memory": _memory(),
        "replicas": str(strategy.num_replicas_in_sync),
    }
    width = max(map(len, rows))
    return "\n".join([*warm_start, *(f"{name:{width}}  {value}" for name, value in rows.items())])


def _model_rows(learner: Learner) -> dict[str, str]:
    model = learner.model
    frames_per_s = model.sample_rate / model.hop_length
    macs = multiply_accumulates(model)
    return {
        "parameters": f"{model.count_params():,}",
        "multiply-accumulates": f"{macs * frames_per_s / 1e6:,.1f} M per second, "
        f"{macs:,} per frame",
        "latency": f"{1000 * model.latency_samples / model.sample_rate:.1f} ms, "
        f"one frame per {1000 / frames_per_s:.1f} ms",
    }


def _time_rows(config: ExperimentConfig, mixtures: int, seconds: float) -> dict[str, str]:
    per_step = config.train.mixtures_per_step
    steps = -(-mixtures // per_step)
    hours = mixtures * config.data.segment_s / 3600
    length = "utterances" if config.data.whole_utterances else f"mixtures, {hours:.2f} h"
    return {
        "epoch": f"{mixtures:,} {length}; {steps:,} steps of {per_step}",
        "time per step": f"{seconds:.3f} s",
        "time per epoch": f"{clock(steps * seconds)}, without validation",
        "total time": f"{clock(config.train.steps * seconds)} for {config.train.steps:,} steps",
    }


def _memory() -> str:
    # macOS counts bytes, Linux kilobytes.
    unit = 1 if sys.platform == "darwin" else 1024
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit
    devices = [
        device.name.removeprefix("/device:") for device in tf.config.list_logical_devices("GPU")
    ]
    peaks = [tf.config.experimental.get_memory_info(device)["peak"] for device in devices]
    shown = [f"{name} {size / 1e6:,.0f} MB" for name, size in zip(devices, peaks, strict=True)]
    return ", ".join([f"{peak / 1e6:,.0f} MB peak of the process", *shown])
