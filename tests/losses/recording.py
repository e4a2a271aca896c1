"""Recording of the demo as targets and outputs of losses."""

import functools
import pathlib

import numpy as np
import soundfile

_DEMO = pathlib.Path(__file__).parents[2] / "demo"
RATE = 16_000


@functools.cache
def speech():
    """Returns clean and noisy, `[samples]`, at 16 kHz."""
    pair = [soundfile.read(_DEMO / f"{name}.flac", dtype="float32") for name in ("clean", "noisy")]
    assert {rate for _, rate in pair} == {RATE}
    return tuple(samples for samples, _ in pair)


def pair(noise_gain=1.0, start=0, stop=None):
    """Returns targets and outputs of one example, whose estimate has the noise at `noise_gain`."""
    clean, noisy = (samples[None, start:stop] for samples in speech())
    targets = {"clean": clean, "noisy": noisy, "noise": noisy - clean}
    targets["length"] = np.array([clean.shape[1]], np.int32)
    return targets, {"enhanced": clean + noise_gain * (noisy - clean)}
