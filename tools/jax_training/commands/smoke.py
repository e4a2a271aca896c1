"""Command `smoke`: speed of the training step at several batch sizes."""

from __future__ import annotations

import dataclasses
import pathlib
import time
from collections.abc import Sequence
from typing import Any

from absl import flags
from ml_collections import config_flags

DESCRIPTION = """Measures the training step.

  python -m tools.jax_training smoke --config=configs/dpcrn_large.py --data=store --seconds=60

Prints for each batch size: time to compile, seconds of audio per second, time per step,
memory; and the difference of the output on this device from that on the CPU.
"""

_CONFIG = config_flags.DEFINE_config_file("config", None, "The experiment, a file of configs/.")
_DATA = flags.DEFINE_string("data", None, "Store that `unpack` made.", required=True)
_SECONDS = flags.DEFINE_float("seconds", 60.0, "Duration of the steps, over all batch sizes.", 0.1)
_BATCH_SIZES = flags.DEFINE_list("batch_sizes", ["16", "32", "64", "128"], "Mixtures per step.")
_CACHE = flags.DEFINE_string("compilation_cache", "", "Folder of compiled programs.")
_CUDNN = flags.DEFINE_bool("cudnn", False, "Lets cuDNN run forward recurrent layers.")


def main(arguments: Sequence[str]) -> int:
    """Measures every batch size."""
    from tools.jax_training import options

    config = options.experiment(_CONFIG.value)
    sizes = options.whole_numbers("batch_sizes", _BATCH_SIZES.value)
    options.use_cache(_CACHE.value)
    for size in sizes:
        train = dataclasses.replace(config.train, batch_size=size)
        sized = dataclasses.replace(config, train=train)
        print(_measured(sized, _SECONDS.value / len(sizes)), flush=True)
    return 0


def _measured(config: Any, seconds: float) -> str:
    """Returns one line about one batch size."""
    import jax

    from tools.jax_training.session import open_session

    session = open_session(config, pathlib.Path(_DATA.value), cudnn=_CUDNN.value)
    state = session.learner.initial_state()
    start = time.monotonic()
    try:
        step = session.compiled_step(state)
        compile_s = time.monotonic() - start
        count, taken = _run(session, state, step, seconds)
    except jax.errors.JaxRuntimeError as error:
        if "RESOURCE_EXHAUSTED" not in str(error):
            raise
        return f"batch {config.train.batch_size}: out of memory"
    audio = count * session.audio_s_per_step / taken
    return (
        f"batch {config.train.batch_size}: compiled in {compile_s:.1f} s; {audio:.0f} s of audio "
        f"per s; {1000 * taken / count:.1f} ms per step; {_memory(step)}; "
        f"{_difference(session):.1e} from the CPU's output"
    )


def _run(session: Any, state: Any, step: Any, seconds: float) -> tuple[int, float]:
    """Returns the number of steps and their seconds, without the first."""
    import jax
    import jax.numpy as jnp

    from tools.jax_training.session import check_gradient

    rate = jnp.float32(session.config.train.learning_rate)
    state = step(state, session.corpus, jnp.int32(0), rate)
    check_gradient(state)
    start, count = time.monotonic(), 0
    while time.monotonic() - start < seconds or not count:
        for _ in range(2):
            count += 1
            state = step(state, session.corpus, jnp.int32(count), rate)
        jax.block_until_ready(state.sums)
    return count, time.monotonic() - start


def _memory(step: Any) -> str:
    import jax

    planned = step.memory_analysis()
    shown = f"{planned.temp_size_in_bytes / 1e9:.2f} GB for the step" if planned else ""
    found = jax.devices()[0].memory_stats() or {}
    peak = found.get("peak_bytes_in_use")
    return shown + (f", peak {peak / 1e9:.2f} GB" if peak else "")


def _difference(session: Any) -> float:
    """Returns the largest difference between the outputs of this device and the CPU."""
    import jax
    import numpy as np

    model = session.learner.model
    noisy = np.random.default_rng(0).standard_normal((1, 32 * model.hop_length))
    outputs = []
    for device in (jax.devices()[0], jax.devices("cpu")[0]):
        run = jax.jit(lambda noisy: model(noisy))
        outputs.append(np.asarray(run(jax.device_put(noisy.astype(np.float32), device))))
    return float(np.max(np.abs(outputs[0] - outputs[1])))
