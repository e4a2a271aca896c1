"""Time per frame of exported files, and its ratio to the floor of the processor.

    python -m benchmarks.step_time --models=dpcrn_large,dpcrn_small,lstm_irm

For each model and number format: median ms per frame with one thread, real-time
factor, and the ratio to the floor: the multiply-accumulates of a frame over the rate
of a 512 x 512 x 512 float32 product, measured alternately with the steps in this
process. A model is a file of configs/, with random weights (time does not depend on
them), a shipped model or a .keras file. Formats with fixed ranges are calibrated on
noise, for the same reason.
"""

from __future__ import annotations

import argparse
import importlib
import pathlib
import statistics
import tempfile
import time
from typing import Any

import numpy as np

from benchmarks.table import print_header, print_row

FORMATS = "float32,float16,dynamic,int8"
_TURN = 50


def main() -> None:
    """Prints one row per model and number format."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--models", default="dpcrn_large,dpcrn_small,lstm_irm")
    parser.add_argument("--formats", default=FORMATS)
    parser.add_argument("--steps", type=int, default=500)
    arguments = parser.parse_args()
    columns = ("model", "format", "operations", "ms per frame", "real-time factor", "to the floor")
    print_header(columns, text=2)
    for name in arguments.models.split(","):
        model = model_of(name)
        with tempfile.TemporaryDirectory() as folder:
            files = _exported(model, folder, arguments.formats.split(","))
            _measure(name, model, files, arguments.steps)


def model_of(name: str) -> Any:
    """Returns a model of a config with random weights, or a trained one."""
    import tfse
    from tfse.models import build

    if pathlib.Path("configs", f"{name}.py").exists():
        return build(importlib.import_module(f"configs.{name}").get_config().model)
    return tfse.load(name)


def _exported(model: Any, folder: str, formats: list[str]) -> dict[str, pathlib.Path]:
    from tfse.exporting.tflite import export_tflite

    noise = 0.1 * np.random.default_rng(0).standard_normal(model.sample_rate)
    exported = export_tflite(model, folder, formats, calibration=[noise.astype(np.float32)])
    for outcome in exported:
        if outcome.reason:
            print(f"{outcome.number_format}: {outcome.reason}")
    return {outcome.number_format: outcome.path for outcome in exported if not outcome.reason}


def _measure(name: str, model: Any, files: dict[str, pathlib.Path], steps: int) -> None:
    from tfse.exporting.inspection import operations
    from tfse.models.cost import multiply_accumulates
    from tfse.streaming.steps.tflite import TFLiteStep

    runs = {number_format: Stepping(TFLiteStep(path)) for number_format, path in files.items()}
    product = _Product()
    for run in (*runs.values(), product):
        run.once()
    # In turns, so that other programs on the machine affect all alike; many steps per turn,
    # so that a step finds its weights in the cache as it does in a stream.
    for _ in range(-(-steps // _TURN)):
        for run in (*runs.values(), product):
            run.once()
            for _ in range(_TURN):
                run.timed()
    rate = product.multiply_accumulates / product.median()
    cost, hop_s = multiply_accumulates(model), model.hop_length / model.sample_rate
    for number_format, run in runs.items():
        median = run.median()
        count = sum(operations(files[number_format]).values())
        times = f"{1e3 * median:.3f}", f"{median / hop_s:.4f}", f"{median * rate / cost:.2f}"
        print_row(name, number_format, count, *times)
    floor = f"floor: {cost:,} multiply-accumulates at {rate / 1e9:.1f} G per second"
    print_row(name, floor, "", f"{1e3 * cost / rate:.3f}", f"{cost / rate / hop_s:.4f}", 1)


class _Timed:
    def __init__(self) -> None:
        self.seconds: list[float] = []

    def once(self) -> None:
        raise NotImplementedError

    def timed(self) -> None:
        began = time.perf_counter()
        self.once()
        self.seconds.append(time.perf_counter() - began)

    def median(self) -> float:
        return statistics.median(self.seconds)


class Stepping(_Timed):
    """Stream of noise through a step."""

    def __init__(self, step: Any) -> None:
        super().__init__()
        self._step = step
        self._state = step.initial_state(1)
        shape = (1, step.hop_length)
        self._noisy = 0.1 * np.random.default_rng(1).standard_normal(shape).astype(np.float32)

    def once(self) -> None:
        _, self._state = self._step(self._noisy, self._state)


class _Product(_Timed):
    """Float32 product in the runtime that also runs the steps."""

    SIZE = 512
    multiply_accumulates = SIZE**3

    def __init__(self) -> None:
        super().__init__()
        import tensorflow as tf
        from ai_edge_litert.interpreter import Interpreter

        constant = tf.random.stateless_normal((self.SIZE, self.SIZE), seed=(0, 1))

        @tf.function(input_signature=[tf.TensorSpec((self.SIZE, self.SIZE), name="x")])
        def product(x: Any) -> Any:
            return {"y": tf.matmul(x, constant)}

        with tempfile.TemporaryDirectory() as folder:
            module = tf.Module()
            module.product = product
            tf.saved_model.save(module, folder, signatures={"product": product})
            content = tf.lite.TFLiteConverter.from_saved_model(folder).convert()
        interpreter = Interpreter(model_content=content, num_threads=1)
        self._run = interpreter.get_signature_runner("product")
        self._x = np.random.default_rng(0).standard_normal((self.SIZE, self.SIZE), np.float32)

    def once(self) -> None:
        self._run(x=self._x)


if __name__ == "__main__":
    main()
