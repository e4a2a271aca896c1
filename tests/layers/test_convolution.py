"""Convolutions, against their defining sums in NumPy."""

import numpy as np
import pytest

from tests import instances
from tfse.errors import ConfigError
from tfse.layers import CausalConv2D, CausalConv2DTranspose

FRAMES, BINS = 5, 7


@pytest.mark.parametrize(
    "stride, dilation", [(1, (1, 1)), (2, (1, 1)), (3, (1, 1)), (1, (2, 1)), (1, (2, 2))]
)
def test_convolution_is_its_sum(stride, dilation):
    x = instances.random(1, FRAMES, BINS, 3)
    layer = CausalConv2D(4, (2, 3), stride, dilation, padding=(1, 2))
    y, kernel = np.asarray(layer(x)), np.asarray(layer.kernel)
    padded = np.pad(x, [(0, 0), (dilation[0], 0), (1, 2), (0, 0)])
    for t, f in np.ndindex(*y.shape[1:3]):
        expected = sum(
            padded[0, t + a * dilation[0], f * stride + b * dilation[1]] @ kernel[a, b]
            for a, b in np.ndindex(2, 3)
        )
        np.testing.assert_allclose(y[0, t, f], expected, atol=1e-5)


@pytest.mark.parametrize(
    "stride, dilation, bins, cropping, frames",
    [
        (1, (1, 1), 3, (1, 1), 2),
        (2, (1, 1), 3, (0, 1), 2),
        (2, (1, 1), 5, (0, 2), 2),
        (3, (1, 1), 4, (1, 0), 3),
        (1, (2, 2), 3, (1, 2), 2),
        (4, (1, 1), 3, (0, 0), 1),
        (2, (1, 1), 3, (0, 3), 2),
        (2, (1, 1), 5, (5, 4), 2),
        (3, (1, 1), 2, (7, 1), 2),
        (1, (1, 1), 3, (4, 3), 2),
        (1, (1, 3), 3, (3, 6), 2),
    ],
)
def test_transposed_convolution_is_its_sum(stride, dilation, bins, cropping, frames):
    x = instances.random(1, FRAMES, BINS, 3)
    layer = CausalConv2DTranspose(4, (frames, bins), stride, dilation, cropping)
    y, kernel = np.asarray(layer(x)), np.asarray(layer.kernel)
    full = np.zeros((FRAMES, (BINS - 1) * stride + dilation[1] * (bins - 1) + 1, 4))
    for t, a, f, b in np.ndindex(FRAMES, frames, BINS, bins):
        past = t - a * dilation[0]
        if past >= 0:
            full[t, f * stride + b * dilation[1]] += x[0, past, f] @ kernel[frames - 1 - a, b]
    expected = full[:, cropping[0] : full.shape[1] - cropping[1]]
    np.testing.assert_allclose(y[0], expected, atol=1e-5)


@pytest.mark.parametrize("layer", [CausalConv2D, CausalConv2DTranspose])
@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"kernel_size": (0, 3)}, r"must be 1 or more.*kernel_size=\(0, 3\)"),
        (
            {"kernel_size": (2, 3), "stride": 2, "dilation": (2, 1)},
            "`stride` and `dilation` must not both be above 1",
        ),
    ],
)
def test_invalid_sizes_are_refused(layer, settings, message):
    with pytest.raises(ConfigError, match=message):
        layer(4, **settings)


def test_kernel_wider_than_the_bins_is_refused():
    with pytest.raises(ConfigError, match=r"must fit into the padded bins.*bins=7"):
        CausalConv2D(4, (2, 9))(instances.random(1, FRAMES, BINS, 3))


def test_cropping_everything_is_refused():
    with pytest.raises(ConfigError, match=r"cropping must leave a bin.*\(5, 5\)"):
        CausalConv2DTranspose(4, (2, 3), cropping=(5, 5))(instances.random(1, FRAMES, BINS, 3))


def test_unknown_bins_are_refused():
    with pytest.raises(ConfigError, match="bins and channels must be known"):
        CausalConv2D(4, (2, 3)).build((None, None, None, 3))
