"""Subprocess tasks: conversion, quantization and inspection of TFLite files.

The converter and the quantizer are compiled code that can end in a signal
rather than an error; then one format fails and the others are still written.

    python -m tfse.exporting.subprocess_tasks convert SAVED_MODEL OUT SIGNATURE...
    python -m tfse.exporting.subprocess_tasks quantize FLOAT32 FORMAT CALIBRATION|- SIGNALS OUT
    python -m tfse.exporting.subprocess_tasks inspect TFLITE
"""

from __future__ import annotations

import json
import os
import pathlib
import signal
import subprocess
import sys
from collections.abc import Callable

from tfse.errors import ModelError


def run(*arguments: str | os.PathLike[str]) -> None:
    """Runs one of the commands above in a subprocess; see `run_module`."""
    run_module(__name__, *arguments)


def run_module(module: str, *arguments: str | os.PathLike[str]) -> None:
    """Runs a module in a subprocess without output.

    Raises:
        ModelError: it failed; with the first argument, and its last line of output or
            the signal that ended it.
    """
    command = [sys.executable, "-m", module, *(os.fspath(argument) for argument in arguments)]
    # Exports are for devices without a GPU, and the converter must not use one.
    environment = {**os.environ, "CUDA_VISIBLE_DEVICES": "", "TF_CPP_MIN_LOG_LEVEL": "3"}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    if done.returncode < 0:
        name = signal.Signals(-done.returncode).name
        raise ModelError(f"{arguments[0]}: the process was ended by {name}.")
    if done.returncode:
        raise ModelError(f"{arguments[0]}: {_message(done.stderr)}")


def _message(stderr: str) -> str:
    """Returns the last line that is not a message of a runtime that it shut down."""
    lines = [line for line in stderr.strip().splitlines() if not line.startswith("INFO: ")]
    return lines[-1] if lines else "no error message."


def _convert(saved_model: str, target: str, *signatures: str) -> None:
    import tensorflow as tf

    # From a SavedModel with named signatures: other ways lose the names, crash, or
    # produce files whose output is NaN.
    converter = tf.lite.TFLiteConverter.from_saved_model(
        saved_model, signature_keys=list(signatures)
    )
    pathlib.Path(target).write_bytes(converter.convert())


def _quantize(source: str, number_format: str, calibration: str, signals: str, target: str) -> None:
    """Writes a file and, as OUT.json, what becomes of its sensitive layers."""
    import numpy as np

    from tfse.exporting import number_formats, sensitive_layers

    float32, made = pathlib.Path(source), pathlib.Path(target)
    kept: dict[str, float] = {}
    at_run_time: dict[str, float] = {}
    scopes: dict[bool, list[str]] = {False: [], True: []}
    ranges = None
    if calibration != "-":
        ranges = number_formats.ranges_of(float32, dict(np.load(calibration)))
    if number_format in number_formats.EIGHT_BITS:
        layers = sensitive_layers.product_layers(float32)
        waveforms = list(np.load(signals).values())
        snr_db = sensitive_layers.output_snr_db(float32, number_format, layers, ranges, waveforms)
        kept = sensitive_layers.sensitive(snr_db, layers)
        if number_format == "int8":
            at_run_time = sensitive_layers.of_run_time(snr_db, kept)
        for name in layers.keys() - kept.keys():
            scopes[name in at_run_time] += layers[name].scopes
    made.write_bytes(
        number_formats.quantize(float32, number_format, scopes[False], ranges, scopes[True])
    )
    found = {"float32_layers": kept, "run_time_layers": at_run_time}
    made.with_suffix(".json").write_text(json.dumps(found), encoding="utf-8")


def _inspect(path: str) -> None:
    from tfse.exporting import inspection

    inspection.check_tflite(pathlib.Path(path))


_TASKS: dict[str, Callable[..., None]] = {
    "convert": _convert,
    "quantize": _quantize,
    "inspect": _inspect,
}

if __name__ == "__main__":
    try:
        _TASKS[sys.argv[1]](*sys.argv[2:])
    except ModelError as error:
        sys.exit(str(error))
