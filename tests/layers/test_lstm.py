"""LSTMs, against their equations in NumPy."""

import numpy as np
import pytest

from tests import instances
from tfse.errors import ConfigError
from tfse.layers import FrequencyBLSTM, TimeLSTM, keras2_hard_sigmoid


def _sigmoid(x):
    return 1 / (1 + np.exp(-x))


def _hard(x):
    return np.clip(0.2 * x + 0.5, 0, 1)


def _lstm(x, kernel, recurrent, bias, gate):
    """Runs [steps, channels], gates in the order i f c o."""
    units = recurrent.shape[0]
    hidden, cell, outputs = np.zeros(units), np.zeros(units), []
    for frame in x:
        i, f, c, o = np.split(frame @ kernel + hidden @ recurrent + bias, 4)
        cell = gate(f) * cell + gate(i) * np.tanh(c)
        hidden = gate(o) * np.tanh(cell)
        outputs.append(hidden)
    return np.array(outputs)


@pytest.mark.parametrize("name, gate", [("sigmoid", _sigmoid), ("keras2_hard_sigmoid", _hard)])
def test_time_lstm_runs_over_time_for_each_bin(name, gate):
    x = instances.spectra()
    layer = TimeLSTM(4, name)
    y = np.asarray(layer(x))
    weights = [np.asarray(w) for w in layer.get_weights()]
    for example, bin_ in np.ndindex(2, 9):
        expected = _lstm(x[example, :, bin_], *weights, gate)
        np.testing.assert_allclose(y[example, :, bin_], expected, atol=1e-5)


@pytest.mark.parametrize("name, gate", [("sigmoid", _sigmoid), ("keras2_hard_sigmoid", _hard)])
def test_frequency_blstm_runs_over_bins_forward_first(name, gate):
    x = instances.spectra()
    layer = FrequencyBLSTM(4, name)
    y = np.asarray(layer(x))
    weights = [np.asarray(w) for w in layer.get_weights()]
    forward = _lstm(x[1, 5], *weights[:3], gate)
    backward = _lstm(x[1, 5, ::-1], *weights[3:], gate)[::-1]
    np.testing.assert_allclose(y[1, 5], np.concatenate([forward, backward], 1), atol=1e-5)


def test_keras2_hard_sigmoid_is_the_old_one():
    values = np.asarray(keras2_hard_sigmoid(np.float32([-3, -2.5, 0, 1, 2.5, 3])))
    np.testing.assert_allclose(values, [0, 0, 0.5, 0.7, 1, 1], atol=1e-7)


def test_forget_gate_starts_open():
    layer = TimeLSTM(3)
    layer.build((None, None, 2))
    np.testing.assert_array_equal(layer.get_weights()[2], [0] * 3 + [1] * 3 + [0] * 6)


@pytest.mark.parametrize("layer", [TimeLSTM, FrequencyBLSTM])
def test_unknown_gate_is_refused(layer):
    with pytest.raises(ConfigError, match=r"`recurrent_activation` must be one of.*'relu'"):
        layer(3, "relu")
