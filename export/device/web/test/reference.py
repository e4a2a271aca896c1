"""Reference files for the test of the page: recordings, models and results of Python.

    python reference.py FOLDER [MODEL.tflite ...]

Without a model it exports `dpcrn_small` in float32 and dynamic-range.
"""

from __future__ import annotations

import json
import pathlib
import shutil
import sys

import numpy as np
import soundfile as sf

from tfse.streaming import StreamingEnhancer, open_step

NOISY = pathlib.Path(__file__).parents[4] / "demo" / "noisy.flac"


def main(folder: pathlib.Path, models: list[pathlib.Path]) -> None:
    """Writes all files and `cases.json`, which lists the models."""
    folder.mkdir(parents=True, exist_ok=True)
    noisy, rate = sf.read(NOISY, dtype="float32")
    # Floats: browsers convert integers to floats differently.
    sf.write(folder / "noisy.wav", noisy, rate, subtype="FLOAT")
    stereo = np.repeat(noisy, 3)[: 3 * rate * 2, np.newaxis] * [0.5, 1.0]
    sf.write(folder / "stereo_two_seconds.wav", stereo, 3 * rate, subtype="PCM_16")
    cases = []
    for path in models or export(folder):
        if path.parent != folder:
            shutil.copy(path, folder)
        enhancer = StreamingEnhancer(open_step(path))
        enhanced = np.concatenate([enhancer.process(noisy), enhancer.flush()])
        sf.write(folder / f"{path.stem}.wav", enhanced, rate, subtype="FLOAT")
        cases.append({"name": path.stem, "latency": enhancer.latency_samples})
    (folder / "cases.json").write_text(json.dumps(cases), encoding="utf-8")


def export(folder: pathlib.Path) -> list[pathlib.Path]:
    """Exports the shipped model."""
    from tfse import models
    from tfse.exporting.tflite import export_tflite

    exported = export_tflite(models.load("dpcrn_small"), folder, ["float32", "dynamic"])
    return [one.path for one in exported]


if __name__ == "__main__":
    if len(sys.argv) < 2:
        sys.exit(__doc__)
    main(pathlib.Path(sys.argv[1]), [pathlib.Path(name) for name in sys.argv[2:]])
