"""DTLN in NumPy, from its facts, and random weights as Keras 2 names them."""

import numpy as np

FRAME, HOP, UNITS, CODE = 64, 16, 5, 7
BINS = FRAME // 2 + 1
NORM = "instant_layer_normalization"


def random_weights(normalized, first=0, cell=""):
    """Returns arrays by path in the file.

    Args:
        normalized: with the normalization of the input.
        first: number of the first layer of each kind.
        cell: folder of an LSTM's arrays, which newer versions have.
    """
    rng = np.random.default_rng(0)
    arrays = {}

    def add(kind, number, path, *shape):
        layer = f"{kind}_{first + number}" if first + number else kind
        arrays[f"{layer}/{layer}/{path}:0"] = rng.standard_normal(shape).astype("f4")

    for number, size in enumerate((BINS, UNITS, CODE, UNITS)):
        add("lstm", number, f"{cell}kernel", size, 4 * UNITS)
        add("lstm", number, f"{cell}recurrent_kernel", UNITS, 4 * UNITS)
        add("lstm", number, f"{cell}bias", 4 * UNITS)
    for number, size in enumerate((BINS, CODE)):
        add("dense", number, "kernel", UNITS, size)
        add("dense", number, "bias", size)
    for number, size in enumerate((BINS, CODE) if normalized else (CODE,)):
        add(NORM, number, "gamma", size)
        add(NORM, number, "beta", size)
    add("conv1d", 0, "kernel", 1, FRAME, CODE)
    add("conv1d", 1, "kernel", 1, CODE, FRAME)
    return arrays


def enhanced(arrays, noisy):
    """Returns the enhanced waveform; frames start with zeros before sample 0."""
    layers = {}
    for name in sorted(arrays):
        kind = name.partition("/")[0].rstrip("_0123456789")
        layers.setdefault(kind, {}).setdefault(name.partition("/")[0], {})[
            name.rpartition("/")[2].removesuffix(":0")
        ] = arrays[name].astype("f8")
    lstms, dense, norms, (encoder, decoder) = (
        list(layers[kind].values()) for kind in ("lstm", "dense", NORM, "conv1d")
    )
    past = FRAME - HOP
    padded = np.pad(noisy.astype("f8"), (past, past + -len(noisy) % HOP))
    starts = range(0, len(padded) - past, HOP)
    spectra = np.fft.rfft([padded[start : start + FRAME] for start in starts])
    x = np.abs(spectra)
    if len(norms) == 2:
        x = _normalized(norms[0], np.log(x + 1e-7))
    spectra = spectra * _mask(lstms[:2], dense[0], x)
    code = np.fft.irfft(spectra) @ encoder["kernel"][0]
    frames = code * _mask(lstms[2:], dense[1], _normalized(norms[-1], code))
    output = np.zeros(len(padded))
    for start, frame in zip(starts, frames @ decoder["kernel"][0], strict=True):
        output[start : start + FRAME] += frame
    return output[past:][: len(noisy)]


def _mask(lstms, dense, x):
    for weights in lstms:
        x = _lstm(weights, x)
    return _sigmoid(x @ dense["kernel"] + dense["bias"])


def _lstm(weights, x):
    hidden, cell, outputs = np.zeros(UNITS), np.zeros(UNITS), []
    for frame in x @ weights["kernel"] + weights["bias"]:
        i, f, c, o = np.split(frame + hidden @ weights["recurrent_kernel"], 4)
        cell = _sigmoid(f) * cell + _sigmoid(i) * np.tanh(c)
        hidden = _sigmoid(o) * np.tanh(cell)
        outputs.append(hidden)
    return np.array(outputs)


def _normalized(weights, x):
    centred = x - x.mean(axis=-1, keepdims=True)
    deviation = np.sqrt(np.mean(centred**2, axis=-1, keepdims=True) + 1e-7)
    return centred / deviation * weights["gamma"] + weights["beta"]


def _sigmoid(x):
    return 1 / (1 + np.exp(-x))
