"""Writer of the TFLite files of the shipped models.

    python -m tools.shipped_tflite

writes tfse/pretrained/NAME.tflite for every NAME.keras, or for those that are named. The files
are float32, which alone is equal to the Keras model within 1e-5; `HALF` ones would be above
10 MB and have float16 weights. The signature `step_block` runs whole files faster where a model has
many small operations per hop.
"""

from __future__ import annotations

import argparse
import os
import pathlib
import tempfile

from tfse import pretrained
from tfse.exporting.tflite import export_tflite
from tfse.models import load

HALF = ("lstm_irm",)
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
    number_format = "float16" if name in HALF else "float32"
    with tempfile.TemporaryDirectory(dir=pretrained.FOLDER) as folder:
        (made,) = export_tflite(
            load(name), folder, [number_format], frames_per_block=BLOCKS.get(name, 0)
        )
        if made.reason:
            raise SystemExit(str(made))
        os.replace(made.path, target)
    return target


if __name__ == "__main__":
    main()
