"""DPCRN of stock Keras layers with random weights, and its weights as Keras 2 saves them."""

import keras
import numpy as np
from keras import ops

from tfse.layers.recurrent.lstm import keras2_hard_sigmoid

BINS, FILTERS, UNITS = 17, (2, 2, 3, 3, 4), 4
_KERNELS = [(2, 5), (2, 3), (2, 3), (2, 3), (2, 3)]
_STRIDES = [2, 2, 1, 1, 1]
_PADDINGS = [(0, 2), (0, 1), (1, 1), (1, 1), (1, 1)]


class Reference:
    """The authors' graph: frames from sample 0, `[1, samples]` -> `[1, samples]`.

    Layer normalizations of Keras 2 keep scales as (channels, bins) and reshape them.

    Args:
        first_number: of the names that Keras gives, above 0 if models were built before.

    Attributes:
        saved: weights by their path in the file, after the first call.
    """

    def __init__(self, seed=0, prefix="model0", first_number=0):
        self._rng = np.random.default_rng(seed)
        self.saved = {}
        self._prefix = prefix
        self._numbers = dict.fromkeys(("p_re_lu", "dprnn_block"), first_number)
        self._inner = {}

    def __call__(self, noisy):
        frame_length, hop = 2 * (BINS - 1), BINS - 1
        window = np.sin((np.arange(frame_length) + 0.5) * np.pi / frame_length)
        count = (noisy.shape[1] - frame_length) // hop + 1
        frames = np.stack([noisy[0, t * hop :][:frame_length] for t in range(count)])
        spectrum = np.fft.rfft(frames * window)
        x = np.stack([spectrum.real, spectrum.imag], -1)[None].astype(np.float32)
        mask = np.asarray(self._network(x))[0]
        enhanced = np.fft.irfft(spectrum * (mask[..., 0] + 1j * mask[..., 1])) * window
        output = np.zeros((1, (count - 1) * hop + frame_length), np.float32)
        for t in range(count):
            output[0, t * hop :][:frame_length] += enhanced[t]
        return output

    def _network(self, x):
        x = self._layer_norm(x, "input_norm/input_norm")
        skips = []
        for stage, kernel in enumerate(_KERNELS):
            padding = [[0, 0], [1, 0], list(_PADDINGS[stage]), [0, 0]]
            layer = keras.layers.Conv2D(FILTERS[stage], kernel, (1, _STRIDES[stage]))
            x = self._applied(layer, ops.pad(x, padding), f"{self._prefix}_conv_{stage + 1}")
            skips.append(x := self._normalized(x, f"{self._prefix}_bn_{stage + 1}"))
        for _ in range(2):
            x = self._dual_path(x)
        for number, stage in enumerate(reversed(range(5)), 1):
            x = self._decoder_stage(ops.concatenate([skips[stage], x], -1), stage, number)
        return x

    def _decoder_stage(self, x, stage, number):
        filters = FILTERS[stage - 1] if stage else 2
        padding = "same" if stage else "valid"
        layer = keras.layers.Conv2DTranspose(
            filters, _KERNELS[stage], (1, _STRIDES[stage]), padding=padding
        )
        x = self._applied(layer, x, f"{self._prefix}_dconv_{number}")
        if not stage:
            return x[:, :-1, :-2]
        return self._normalized(x, f"{self._prefix}_dbn_{number}")

    def _normalized(self, x, name):
        x = self._applied(keras.layers.BatchNormalization(epsilon=1e-3), x, name)
        return self._applied(keras.layers.PReLU(shared_axes=[1, 2]), x, self._auto("p_re_lu"))

    def _dual_path(self, x):
        block = self._auto("dprnn_block")
        _, frames, bins, channels = x.shape
        y = ops.reshape(x, (-1, bins, channels))
        lstms = [self._lstm(UNITS // 2), self._lstm(UNITS // 2, go_backwards=True)]
        names = ["forward", "backward"]
        y = ops.concatenate(
            [
                self._applied(lstm, y, block, f"bidirectional/{name}_lstm")[:, :: 1 - 2 * n]
                for n, (lstm, name) in enumerate(zip(lstms, names, strict=True))
            ],
            -1,
        )
        y = self._applied(keras.layers.Dense(channels), y, block, self._inner_name("dense"))
        y = ops.reshape(y, x.shape)
        x = x + self._layer_norm(y, f"{block}/{block}/{self._inner_name('layer_normalization')}")
        y = ops.reshape(ops.transpose(x, (0, 2, 1, 3)), (bins, frames, channels))
        y = self._applied(self._lstm(UNITS), y, block, self._inner_name("lstm"))
        y = self._applied(keras.layers.Dense(channels), y, block, self._inner_name("dense"))
        y = ops.transpose(ops.reshape(y, (1, bins, frames, channels)), (0, 2, 1, 3))
        return x + self._layer_norm(y, f"{block}/{block}/{self._inner_name('layer_normalization')}")

    def _lstm(self, units, **settings):
        gates = keras2_hard_sigmoid
        return keras.layers.LSTM(
            units, return_sequences=True, recurrent_activation=gates, **settings
        )

    def _applied(self, layer, x, group, inner=""):
        """Applies a layer with random weights, and saves them."""
        layer.build(x.shape)
        for weight in layer.weights:
            value = 0.5 * self._rng.standard_normal(weight.shape)
            # Variances must be positive.
            value = np.abs(value) + 0.5 if "variance" in weight.name else value
            weight.assign(value)
            path = "/".join(filter(None, (group, inner, f"{weight.name}:0")))
            self.saved[f"{group}/{path}"] = np.asarray(weight)
        return layer(x)

    def _layer_norm(self, x, path):
        bins, channels = x.shape[2:]
        gamma, beta = self._rng.standard_normal((2, channels, bins)).astype(np.float32)
        self.saved |= {f"{path}/gamma:0": gamma, f"{path}/beta:0": beta}
        mean, variance = ops.moments(x, (2, 3), keepdims=True)
        gamma, beta = (ops.reshape(w, (bins, channels)) for w in (gamma, beta))
        return (x - mean) / ops.sqrt(variance + 1e-3) * gamma + beta

    def _auto(self, kind):
        """Returns the name that Keras gives: numbered, but the first."""
        number = self._numbers[kind]
        self._numbers[kind] += 1
        return f"{kind}_{number}" if number else kind

    def _inner_name(self, kind):
        number = self._inner.setdefault(kind, 0)
        self._inner[kind] += 1
        return f"{kind}_{number}" if number else kind
