"""Shared data: the mixtures of a global batch, divided among machines and devices."""

from __future__ import annotations

import pathlib
from collections.abc import Callable
from typing import Any

import tensorflow as tf

from tfse.data import pipeline
from tfse.data.config import DataConfig
from tfse.errors import ConfigError
from tfse.training.stepper import BATCH_KEYS

Path = str | pathlib.Path


class SharedData:
    """Training and validation datasets of which every machine makes its own share.

    Together the replicas receive, in every step, exactly the mixtures that one
    device would receive with the same global batch.

    Args:
        data_dir: prepared data.
        config: settings of the mixtures.
        batch_size: mixtures per global batch.
        strategy: distribution strategy.

    Raises:
        ConfigError: the batch cannot be shared evenly.
    """

    def __init__(
        self,
        data_dir: Path,
        config: DataConfig,
        batch_size: int,
        strategy: tf.distribute.Strategy,
    ) -> None:
        self._data_dir = data_dir
        self._config = config
        self._batch_size = batch_size
        self._strategy = strategy
        self._replicas = strategy.num_replicas_in_sync
        if batch_size % self._replicas:
            raise ConfigError(
                "`train.batch_size` must be a multiple of the replicas; received "
                f"{batch_size} for {self._replicas} replicas."
            )

    def training(self, start: int) -> Any:
        """Returns the infinite stream of global batches from mixture `start` on."""

        def make(share: dict[str, int]) -> Any:
            return pipeline.training_dataset(
                self._data_dir,
                self._config,
                start=start,
                global_batch_size=self._batch_size,
                **share,
            )

        return self._distributed(make)

    def validation(self) -> Any:
        """Returns the fixed set; `counted` is 0 for mixtures that only fill the last batch."""
        count = self._config.valid_mixtures
        # All replicas must take the same number of steps.
        filled = count if self._replicas == 1 else -(-count // self._batch_size) * self._batch_size

        def make(share: dict[str, int]) -> Any:
            dataset = pipeline.fixed_dataset(
                self._data_dir, self._config, split="valid", count=filled, **share
            )
            return dataset.enumerate().map(_counting(count, **share))

        return self._distributed(make)

    def _distributed(self, make: Callable[[dict[str, int]], Any]) -> Any:
        def share(context: tf.distribute.InputContext) -> Any:
            return make(
                {
                    "batch_size": self._batch_size // self._replicas,
                    "shard_index": context.input_pipeline_id,
                    "num_shards": context.num_input_pipelines,
                }
            ).map(_needed)

        if self._replicas == 1:
            return share(tf.distribute.InputContext(num_input_pipelines=1, input_pipeline_id=0))
        return self._strategy.distribute_datasets_from_function(share)


def _counting(
    count: int, batch_size: int, shard_index: int, num_shards: int
) -> Callable[[Any, dict[str, Any]], dict[str, Any]]:
    """Returns a function that adds `counted` to a batch: 1 below `count`, 0 for filling."""

    def counted(number: Any, batch: dict[str, Any]) -> dict[str, Any]:
        size = tf.shape(batch["length"], out_type=tf.int64)[0]
        place = shard_index + num_shards * (number * batch_size + tf.range(size))
        return {**batch, "counted": tf.cast(place < count, tf.float32)}

    return counted


def _needed(batch: dict[str, Any]) -> dict[str, Any]:
    return {name: batch[name] for name in (*BATCH_KEYS, "counted") if name in batch}
