"""Writer of the TFLite files of the shipped models.

    python -m tools.shipped_tflite

writes tfse/pretrained/NAME.tflite for every NAME.keras, or for those that are named. The files
are float32, which alone is equal to the Keras model within 1e-5 for any weights. Those of `HALF`
would be near 10 MB and have float16 weights; the weights of the `.keras` file are rounded to
float16 first, so that both files are the same model. The signature `step_block` runs whole files
faster where a model has many small operations per hop.
"""

from __future__ import annotations

import argparse
import os
import pathlib
import tempfile

import numpy as np

from tfse import pretrained
from tfse.exporting.tflite import export_tflite
from tfse.models import EnhancementModel, load
from tfse.training.run_folder import save_model
from tfse.types import Samples

#: Models with float16 weights: the kernel that an export divides by the deviation of its inputs,
#: and that deviation.
HALF = {"lstm_irm": ("lstm_0/lstm/lstm_cell/kernel", "standardization/deviation")}
#: Hops of the signature `step_block`: a fifth of the 2 s that a stream runs at a time. Longer
#: blocks are hardly faster, and larger.
BLOCKS = {"dpcrn_small": 25, "dpcrn_medium": 25}


def main() -> None:
    """Writes the files."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("names", nargs="*", help="shipped models; all without any")
    for name in parser.parse_args().names or pretrained.names():
        print(f"{write(name)}: written.", flush=True)


def write(name: str) -> pathlib.Path:
    """Writes and replaces the TFLite file of a shipped model."""
    target = pretrained.FOLDER / f"{name}.tflite"
    model = load(name)
    number_format = "float16" if name in HALF else "float32"
    if name in HALF and round_weights(model, *HALF[name]):
        save_model(model, pretrained.FOLDER / f"{name}.keras")
    with tempfile.TemporaryDirectory(dir=pretrained.FOLDER) as folder:
        (made,) = export_tflite(
            model, folder, [number_format], frames_per_block=BLOCKS.get(name, 0)
        )
        if made.reason:
            raise SystemExit(str(made))
        os.replace(made.path, target)
    return target


def round_weights(model: EnhancementModel, kernel: str, deviation: str) -> bool:
    """Rounds weights so that those of a float16 file are equal to them.

    Args:
        model: changed in place.
        kernel: path of a weight `[inputs, outputs]` that is rounded after division by `deviation`.
        deviation: path of a weight `[inputs]`.

    Returns:
        Whether any weight was changed.
    """
    before = {weight.path: np.asarray(weight) for weight in model.weights}
    after = {path: _rounded(value) for path, value in before.items()}
    scale = after[deviation][:, np.newaxis]
    after[kernel] = _rounded(before[kernel] / scale) * scale
    for weight in model.weights:
        weight.assign(after[weight.path])
    return any(not np.array_equal(after[path], value) for path, value in before.items())


def _rounded(value: Samples) -> Samples:
    return value.astype(np.float16).astype(np.float32)


if __name__ == "__main__":
    main()
