"""Difference of streams from the offline model, by model, chunk size and runtime.

    python -m benchmarks.equality --models=lstm_irm,dpcrn_small
    python -m benchmarks.equality --models=lstm_irm --seconds=3600 --chunks=4096,0 --keras_only

Offline is the Keras model in one call on the whole recording. The stream passes the
same samples, cut into chunks, through a `StreamingEnhancer` with the shipped TFLite file on
LiteRT, which is what a shipped name means, the step of the Keras model, the same compiled for
one hop, or the step of a SavedModel exported for this. The result is the largest absolute
difference of any sample. Exits with 1 if it is not below 1e-5; the TFLite file of `lstm_irm`,
with float16 weights, is above it.
"""

from __future__ import annotations

import argparse
import tempfile

import numpy as np
import tensorflow as tf

from benchmarks.table import print_header, print_row
from tfse import models
from tfse.exporting.saved_model import export_saved_model
from tfse.exporting.signatures import enhance_signature
from tfse.models import EnhancementModel
from tfse.streaming import KerasStep, Step, StreamingEnhancer, open_step
from tfse.streaming.steps.signature import ENHANCED
from tfse.types import Samples

RUNTIMES = ("LiteRT", "Keras", "Keras, one hop", "SavedModel")
RANDOM = 0
LIMIT = 1e-5


def main() -> int:
    """Prints the table; returns 1 if a difference is not below the limit."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--models", default="lstm_irm,dpcrn_small")
    parser.add_argument("--seconds", type=float, default=20.0)
    parser.add_argument("--chunks", default="1,7,160,256,4096,0", help="in samples; 0 for random")
    parser.add_argument("--keras_only", action="store_true", help="only the fastest step")
    arguments = parser.parse_args()
    worst = 0.0
    runtimes_shown = ("Keras",) if arguments.keras_only else RUNTIMES
    print_header(("model", "chunk", *runtimes_shown))
    for name in arguments.models.split(","):
        chunks = [int(chunk) for chunk in arguments.chunks.split(",")]
        worst = max(
            worst, measure(models.load(name), arguments.seconds, chunks, arguments.keras_only)
        )
    print(f"largest: {worst:.1e}, limit {LIMIT:.0e}")
    return int(worst >= LIMIT)


def measure(
    model: EnhancementModel, seconds: float, chunks: list[int], keras_only: bool = False
) -> float:
    """Prints the rows of one model and returns the largest difference."""
    samples = speech_like(int(seconds * model.sample_rate))
    wanted = offline(model, samples)
    worst = 0.0
    with tempfile.TemporaryDirectory() as folder:
        steps = runtimes(model, folder, keras_only)
        for chunk in chunks:
            differences = [np.abs(streamed(s, samples, chunk) - wanted).max() for s in steps]
            worst = max(worst, *differences)
            cells = [f"{difference:.1e}" for difference in differences]
            print_row(model.name, chunk or "random", *cells)
    return worst


def offline(model: EnhancementModel, samples: Samples) -> Samples:
    """Returns the output for the whole recording at once, time-aligned with it."""
    signature = enhance_signature(model)
    # A graph: called eagerly, a loop over the 225,000 frames of an hour takes minutes.
    enhance = tf.function(signature.function, input_signature=signature.inputs)
    return np.asarray(enhance(samples[np.newaxis])[ENHANCED])[0]


def runtimes(model: EnhancementModel, folder: str, keras_only: bool) -> list[Step]:
    """Returns the steps to compare."""
    keras = KerasStep(model)
    if keras_only:
        return [keras]
    saved_model = open_step(export_saved_model(model, folder), trust_saved_model=True)
    litert = open_step(model.name, engine="litert")
    return [litert, keras, KerasStep(model, one_hop=True), saved_model]


def speech_like(samples: int) -> Samples:
    """Returns noise with a modulation of 4 Hz."""
    envelope = 0.15 * (1 + np.sin(2 * np.pi * 4 / 16_000 * np.arange(samples)))
    noise = np.random.default_rng(0).standard_normal(samples, np.float32)
    return (envelope * noise).astype(np.float32)


def streamed(step: Step, samples: Samples, chunk: int) -> Samples:
    """Returns the output of a stream that is cut into chunks."""
    enhancer = StreamingEnhancer(step)
    pieces = np.split(samples, cuts(samples.size, chunk))
    return np.concatenate([*(enhancer.process(piece) for piece in pieces), enhancer.flush()])


def cuts(samples: int, chunk: int) -> Samples:
    """Returns where to cut; at random places for 0."""
    if chunk != RANDOM:
        return np.arange(chunk, samples, chunk)
    return np.sort(np.random.default_rng(1).integers(0, samples, samples // 1000))


if __name__ == "__main__":
    raise SystemExit(main())
