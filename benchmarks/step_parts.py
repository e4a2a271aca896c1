"""Time of every layer of a model in one step, each exported and timed separately.

    TF_CPP_MIN_LOG_LEVEL=3 python -m benchmarks.step_parts --model=dpcrn_large

Float32, one frame, one thread; CPU time of this thread, on which other programs on the
machine have little influence. A single layer finds its weights in the cache, which the
whole model does not: the sum of the parts is a lower bound.
"""

from __future__ import annotations

import argparse
import importlib
import statistics
import tempfile
import time
from collections.abc import Iterator
from typing import Any

import keras
import numpy as np
import tensorflow as tf
from ai_edge_litert.interpreter import Interpreter

from benchmarks.table import print_header, print_row
from tfse.layers import StreamingLayer, initial_state, stream_step
from tfse.layers.graph import all_layers, input_shapes, operations
from tfse.layers.lowering import lowering
from tfse.models import build, cost
from tfse.streaming.steps.signature import signature_name

_RUNS = 300


def main() -> None:
    """Prints one row per layer, the sum and the whole model."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--model", default="dpcrn_large", help="a file of configs/")
    name = parser.parse_args().model
    model = build(importlib.import_module(f"configs.{name}").get_config().model)
    print_header(("layer", "ms", "multiply-accumulates", "G per second"))
    total = 0.0
    for layer, shape in _layers(model):
        seconds = _time(_converted(layer, *_signature_of_layer(layer, shape)))
        count = cost._of(layer, shape)
        total += seconds
        rate = f"{count / seconds / 1e9:.1f}" if count else ""
        print_row(layer.name, f"{1e3 * seconds:.3f}", f"{count:,}", rate)
    whole = _time(_converted(model, *_signature_of_model(model)))
    count = cost.multiply_accumulates(model)
    for label, seconds in (("sum of the parts", total), ("whole model", whole)):
        rate = count / seconds / 1e9
        print_row(label, f"{1e3 * seconds:.3f}", f"{count:,}", f"{rate:.1f}")


def _layers(model: keras.Model) -> Iterator[tuple[Any, tuple[int, ...]]]:
    """Yields the layers with one input, and its shape for one frame."""
    for layer in operations(model):
        shapes = input_shapes(layer)
        if len(shapes) == 1:
            frame = model.hop_length if len(shapes[0]) == 2 else 1
            yield layer, (1, frame, *shapes[0][2:])


Signature = tuple[Any, list[tf.TensorSpec]]


def _signature_of_layer(layer: Any, shape: tuple[int, ...]) -> Signature:
    zeros = layer.initial_state(1) if isinstance(layer, StreamingLayer) else {}
    inner = [part for part in all_layers(layer) if isinstance(part, StreamingLayer)]
    if inner and not zeros:
        inputs = keras.Input((None, *shape[2:]))
        return _signature_of_model(keras.Model(inputs, layer(inputs)))

    def step(x: Any, *states: Any) -> dict[str, Any]:
        with lowering():
            if not zeros:
                return {"y": layer(x)}
            y, following = layer.advance(x, dict(zip(zeros, states, strict=True)))
            return {"y": y, **following}

    states = [tf.TensorSpec(x.shape, name=name) for name, x in zeros.items()]
    return step, [tf.TensorSpec(shape, name="x"), *states]


def _signature_of_model(model: keras.Model) -> Signature:
    zeros = initial_state(model, 1)

    def step(x: Any, *states: Any) -> dict[str, Any]:
        with lowering():
            y, following = stream_step(model, x, dict(zip(zeros, states, strict=True)))
        return {"y": y, **{signature_name(name): value for name, value in following.items()}}

    shape = tuple(model.inputs[0].shape)
    frame = getattr(model, "hop_length", 1) if len(shape) == 2 else 1
    states = [tf.TensorSpec(x.shape, name=signature_name(name)) for name, x in zeros.items()]
    return step, [tf.TensorSpec((1, frame, *shape[2:]), name="x"), *states]


def _converted(layer: Any, function: Any, specs: list[tf.TensorSpec]) -> bytes:
    archive = keras.export.ExportArchive()
    archive.track(layer)
    archive.add_endpoint("step", function, input_signature=specs)
    with tempfile.TemporaryDirectory() as folder:
        archive.write_out(folder, verbose=False)
        converter = tf.lite.TFLiteConverter.from_saved_model(folder, signature_keys=["step"])
        return bytes(converter.convert())


def _time(content: bytes) -> float:
    interpreter = Interpreter(model_content=content, num_threads=1)
    interpreter.allocate_tensors()
    rng = np.random.default_rng(0)
    for details in interpreter.get_input_details():
        interpreter.set_tensor(details["index"], rng.standard_normal(details["shape"], np.float32))
    seconds = []
    for _ in range(_RUNS):
        began = time.thread_time()
        interpreter.invoke()
        seconds.append(time.thread_time() - began)
    return statistics.median(seconds)


if __name__ == "__main__":
    main()
