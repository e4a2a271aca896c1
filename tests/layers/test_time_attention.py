"""Attention over a limited past and convolutional feed-forward: values of slow references."""

import numpy as np
import pytest

from tests import instances
from tfse import layers
from tfse.errors import ConfigError

HEADS, WINDOW, CHANNELS = 2, 4, 6


def _randomized(layer, shape):
    layer.build(shape)
    rng = np.random.default_rng(3)
    layer.set_weights([0.5 * rng.standard_normal(w.shape) for w in layer.get_weights()])
    return layer


def test_attention_is_a_softmax_over_the_window_of_every_frame():
    x = instances.random(1, 12, CHANNELS)
    layer = _randomized(layers.TimeAttention(HEADS, WINDOW), x.shape)
    kernel, bias = layer.get_weights()
    rows = np.concatenate([np.zeros((WINDOW - 1, 3 * CHANNELS)), x[0] @ kernel])
    query, key, value = (part.reshape(-1, HEADS, 3) for part in np.split(rows, 3, axis=1))
    expected = np.zeros((12, HEADS, 3))
    for frame in range(12):
        for head in range(HEADS):
            seen = slice(frame, frame + WINDOW)  # rows are WINDOW - 1 late
            scores = key[seen, head] @ query[frame + WINDOW - 1, head] / np.sqrt(3) + bias[head]
            weights = np.exp(scores) / np.exp(scores).sum()
            expected[frame, head] = weights @ value[seen, head]
    np.testing.assert_allclose(np.asarray(layer(x))[0], expected.reshape(12, -1), atol=1e-5)


def test_feed_forward_is_two_convolutions_of_the_newest_frames():
    x = instances.random(1, 12, 4)
    layer = _randomized(layers.ConvolutionalFeedForward(5, 3), x.shape)
    first, first_bias, second, second_bias = layer.get_weights()

    def convolved(frames, kernel, bias):
        padded = np.concatenate([np.zeros((2, frames.shape[1])), frames])
        return bias + sum(padded[tap : tap + len(frames)] @ kernel[tap] for tap in range(3))

    hidden = np.maximum(convolved(x[0], first, first_bias), 0.0)
    expected = convolved(hidden, second, second_bias)
    np.testing.assert_allclose(np.asarray(layer(x))[0], expected, atol=1e-5)


@pytest.mark.parametrize(
    ("layer", "message"),
    [
        (lambda: layers.TimeAttention(2, 0), "`window` must be 1 or more"),
        (lambda: layers.TimeAttention(4, 3).build((1, 1, 6)), "`heads` must divide the channels"),
        (lambda: layers.ConvolutionalFeedForward(0), "`units` and `kernel_size` must be 1 or more"),
    ],
)
def test_invalid_settings_are_refused(layer, message):
    with pytest.raises(ConfigError, match=message):
        layer()
