"""Session: store, corpus, mixer and learner of one experiment, and its compiled functions."""

from __future__ import annotations

import dataclasses
import functools
import math
import pathlib
from collections.abc import Iterator
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from tfse.errors import ConfigError
from tfse.training import ExperimentConfig
from tfse.training.feature_statistics import measure_statistics
from tfse.training.warm_start import Source
from tools.jax_training import checkpoint
from tools.jax_training.corpus import Corpus, load_corpus
from tools.jax_training.learner import Learner, State, build_learner
from tools.jax_training.mixing import Mixer, make_mixer
from tools.jax_training.store import Store, read_store

# Mixtures per validation batch.
_VALIDATION_BATCH = 16


@dataclasses.dataclass(frozen=True, eq=False)
class Session:
    """One experiment on one accelerator.

    Attributes:
        config: the experiment.
        corpus: corpus on the accelerator.
        mixer: mixer of the training mixtures.
        learner: model and steps.
        validation: batches of fixed mixtures.
    """

    config: ExperimentConfig
    corpus: Corpus
    mixer: Mixer
    learner: Learner
    validation: tuple[dict[str, Any], ...]

    def compiled_step(self, state: State) -> Any:
        """Compiles a step: (state, corpus, number, learning rate) -> state."""
        arguments = (state, self.corpus, jnp.int32(0), jnp.float32(0))
        return jax.jit(self._step, donate_argnums=0).lower(*arguments).compile()

    def validate(self, state: State) -> tuple[float, float]:
        """Returns loss and SI-SDR gain (dB) of the validation mixtures; NaN without any."""
        if not self.validation:
            return math.nan, math.nan
        sums = sum(np.asarray(self._validate(state, batch)) for batch in self.validation)
        loss, count, gain, noisy = (float(value) for value in sums)
        return loss / count, gain / noisy if noisy else math.nan

    def begin(self, source: Source | None) -> None:
        """Sets the initial weights and measured statistics.

        Raises:
            ModelError: the source cannot be widened to the model.
            ConfigError: it has another config.
        """
        model = self.learner.model
        if source:
            checkpoint.load_weights(model, source)
        known = [weight.path for weight in model.weights] if source else []
        measure_statistics(model, self._batches(self.config.train.statistics_batches), known)

    @property
    def audio_s_per_step(self) -> float:
        """Audio that one step trains on, seconds."""
        return self.config.train.mixtures_per_step * self.config.data.segment_s

    def _step(self, state: State, corpus: Corpus, number: Any, learning_rate: Any) -> State:
        key = jax.random.fold_in(jax.random.key(self.config.data.seed), number)
        batch = self.mixer.batch(key, corpus, self.config.train.mixtures_per_step)
        return self.learner.step(state, batch, learning_rate)

    @functools.cached_property
    def _validate(self) -> Any:
        return jax.jit(self.learner.validate)

    def _batches(self, count: int) -> Iterator[dict[str, Any]]:
        size = self.config.train.batch_size
        make = jax.jit(lambda key, corpus: self.mixer.batch(key, corpus, size))
        # Other mixtures than those of the steps.
        base = jax.random.fold_in(jax.random.key(self.config.data.seed), 2**31 - 1)
        for number in range(count):
            batch = make(jax.random.fold_in(base, number), self.corpus)
            yield {**batch, "length": np.asarray(batch["length"]).astype(int)}


def open_session(config: ExperimentConfig, store: pathlib.Path, *, cudnn: bool) -> Session:
    """Opens a store for an experiment and builds its session.

    Raises:
        ConfigError: a setting breaks a rule.
        DataError: the store is not whole, or lacks what the settings need.
    """
    opened = read_store(store)
    if config.data.augmentation.splice_probability > 0 and config.train.batch_size < 2:
        raise ConfigError("`train.batch_size` must be above 1: splices join mixtures of a batch.")
    learner = build_learner(config, cudnn=cudnn)
    return Session(
        config,
        load_corpus(opened, config.data),
        make_mixer(opened, config.data),
        learner,
        tuple(_validation(opened)),
    )


def check_gradient(state: State) -> None:
    """Checks after the first step that there is a gradient.

    Raises:
        ConfigError: the gradient is zero.
    """
    if float(state.sums.norm) == 0 and int(state.sums.good):
        raise ConfigError("the loss must depend on the weights; its gradient is zero.")


def _validation(store: Store) -> Iterator[dict[str, Any]]:
    for start in range(0, len(store.noisy), _VALIDATION_BATCH):
        rows = slice(start, start + _VALIDATION_BATCH)
        noisy, clean = jnp.asarray(store.noisy[rows]), jnp.asarray(store.clean[rows])
        length = jnp.full(noisy.shape[0], noisy.shape[1], jnp.float32)
        yield {"noisy": noisy, "clean": clean, "noise": noisy - clean, "length": length}
