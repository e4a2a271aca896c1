"""Measurement of one variant of a model over recordings, in a subprocess.

So each variant is timed with one thread, its memory is measured separately, and one that
dies costs a row of the table and not the table.

    python -m tfse.exporting.verification.measure_variant VARIANT MODEL RECORDINGS.npz OUT.npz
"""

from __future__ import annotations

import functools
import os
import pathlib
import resource
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from tfse.errors import ModelError
from tfse.exporting import subprocess_tasks
from tfse.streaming.steps.signature import ENHANCED
from tfse.types import Samples

OFFLINE = "offline Keras"
STREAMING = "streaming Keras"
SERVING = "SavedModel enhance"
SERVING_STEP = "SavedModel step"
TFLITE = "TFLite"


@dataclass(frozen=True)
class Measured:
    """Measurements of one variant.

    Attributes:
        enhanced: output for each recording.
        step_ms: p50 and p99 of the time per step, in ms; for a variant that takes
            whole recordings, of their time per hop.
        seconds_per_sample: processing time over number of samples.
        memory_mb: largest resident size of its process.
    """

    enhanced: list[Samples]
    step_ms: tuple[float, float]
    seconds_per_sample: float
    memory_mb: float


def measure(variant: str, model: str | pathlib.Path, recordings: Sequence[Samples]) -> Measured:
    """Runs a variant of a model over recordings in a subprocess.

    Args:
        variant: one of the five above.
        model: a `.keras` file or a name, a SavedModel folder, or a `.tflite` file.
        recordings: noisy, `[samples]` each, at the rate of the model.

    Raises:
        ModelError: it failed; with its last line of output or the signal that ended it.
    """
    with tempfile.TemporaryDirectory(prefix="tfse-verify-") as folder:
        source, target = (os.path.join(folder, name) for name in ("noisy.npz", "enhanced.npz"))
        np.savez(source, *recordings)
        subprocess_tasks.run_module(__name__, variant, model, source, target)
        found = np.load(target)
        enhanced = [found[f"arr_{n}"] for n in range(len(recordings))]
        half, most = (float(ms) for ms in found["step_ms"])
        factor, memory = float(found["seconds_per_sample"]), float(found["memory_mb"])
        return Measured(enhanced, (half, most), factor, memory)


# Enhances recordings; returns output, and seconds and samples of each step.
_Run = Callable[[list[Samples]], tuple[list[Samples], list[tuple[float, int]]]]


class _TimedStep:
    """Step that records the time of its calls."""

    def __init__(self, step: Any) -> None:
        self._step = step
        self.sample_rate = step.sample_rate
        self.hop_length = step.hop_length
        self.latency_samples = step.latency_samples
        self.initial_state = step.initial_state
        self.calls: list[tuple[float, int]] = []

    def __call__(self, noisy: Samples, state: Any) -> Any:
        began = time.perf_counter()
        result = self._step(noisy, state)
        steps = noisy.shape[1] // self.hop_length
        # A recording ends with a call of several steps.
        seconds = (time.perf_counter() - began) / steps
        self.calls += [(seconds, self.hop_length)] * steps
        return result


def _step_by_step(step: Any) -> _Run:
    from tfse.streaming.streaming_enhancer import StreamingEnhancer

    def run(recordings: list[Samples]) -> Any:
        timed = _TimedStep(step)
        enhanced = []
        for noisy in recordings:
            enhancer = StreamingEnhancer(timed)
            starts = range(0, noisy.size, timed.hop_length)
            pieces = [enhancer.process(noisy[at : at + timed.hop_length]) for at in starts]
            enhanced.append(np.concatenate([*pieces, enhancer.flush()]))
        return enhanced, timed.calls

    return run


def _whole(enhance: Callable[[Samples], Any], hop_length: int) -> _Run:
    def run(recordings: list[Samples]) -> Any:
        enhanced, calls = [], []
        for noisy in recordings:
            began = time.perf_counter()
            enhanced.append(np.asarray(enhance(noisy[np.newaxis]))[0])
            hops = noisy.size / hop_length
            calls.append(((time.perf_counter() - began) / hops, hop_length))
        return enhanced, calls

    return run


def _offline(name: str) -> _Run:
    import tensorflow as tf

    from tfse.models import enhance_aligned, load

    model = load(name)

    @tf.function(input_signature=[tf.TensorSpec((None, None), tf.float32)])
    def enhance(noisy: Any) -> Any:
        # In one piece: the reference for variants that run in blocks.
        forward = functools.partial(model.__call__, training=False)
        return enhance_aligned(forward, noisy, model.latency_samples, model.hop_length)

    return _whole(enhance, model.hop_length)


def _serving(folder: str) -> _Run:
    import tensorflow as tf

    from tfse.streaming.steps.saved_model import load_saved_model
    from tfse.streaming.steps.signature import saved_model_metadata

    path = pathlib.Path(folder)
    loaded = load_saved_model(path)

    def run(noisy: Samples) -> Any:
        # Through `loaded`: a signature does not keep it alive.
        return loaded.signatures["serving_default"](noisy=tf.constant(noisy))[ENHANCED]

    return _whole(run, saved_model_metadata(path).hop_length)


def _streaming(model: str) -> _Run:
    from tfse.streaming.steps.open_step import open_step

    # The caller has trusted it, or has just exported it.
    return _step_by_step(open_step(model, one_hop=True, trust_saved_model=True))


def _tflite(path: str) -> _Run:
    # Not open_step, which imports TensorFlow: the memory is to be that of a device.
    from tfse.streaming.steps.tflite import TFLiteStep

    return _step_by_step(TFLiteStep(path))


_RUNS: dict[str, Callable[[str], _Run]] = {
    OFFLINE: _offline,
    STREAMING: _streaming,
    SERVING: _serving,
    SERVING_STEP: _streaming,
    TFLITE: _tflite,
}


def _main(variant: str, model: str, source: str, target: str) -> None:
    if variant != TFLITE:
        import tensorflow as tf

        tf.config.threading.set_intra_op_parallelism_threads(1)
        tf.config.threading.set_inter_op_parallelism_threads(1)
    noisy = np.load(source)
    recordings = [noisy[f"arr_{n}"] for n in range(len(noisy.files))]
    run = _RUNS[variant](model)
    run(recordings[:1])  # graphs are compiled at their first call, which is not timed
    enhanced, calls = run(recordings)
    seconds, samples = np.array(calls).T
    np.savez(
        target,
        *enhanced,
        step_ms=1000 * np.percentile(seconds, [50, 99]),
        seconds_per_sample=seconds.sum() / samples.sum(),
        memory_mb=_peak_memory_mb(),
    )


def _peak_memory_mb() -> float:
    # On Linux a subprocess inherits ru_maxrss of its parent, but not this.
    status = pathlib.Path("/proc/self/status")
    if status.exists():
        peak = next(row for row in status.read_text().splitlines() if row.startswith("VmHWM"))
        return int(peak.split()[1]) / 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


if __name__ == "__main__":
    try:
        _main(*sys.argv[1:])
    except ModelError as error:
        sys.exit(str(error))
