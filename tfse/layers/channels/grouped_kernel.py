"""Kernels of grouped products, as dense kernels with zeros between groups."""

from __future__ import annotations

import numpy as np
from keras import ops

from tfse.errors import ConfigError
from tfse.types import Tensor


def check_groups(groups: int, channels: int, outputs: int) -> None:
    """Checks that groups divide the channels of input and output.

    Raises:
        ConfigError: they do not.
    """
    if groups < 1 or channels % groups or outputs % groups:
        raise ConfigError(
            "`groups` must divide the channels of input and output; received "
            f"groups={groups}, {channels} and {outputs} channels."
        )


def dense_kernel(kernel: Tensor, groups: int, gates: int = 1) -> Tensor:
    """Returns the dense kernel of a grouped product: output group g depends on input group g.

    Runtimes have no grouped product, and few a fast grouped convolution; for few channels one
    dense product is faster than one product per group and the copies around them.

    Args:
        kernel: `[..., channels / groups, gates * outputs]`; within each gate, the outputs of
            the first group come first.
        groups: divides channels and outputs.
        gates: parts of the outputs that are grouped each.

    Returns:
        `[..., channels, gates * outputs]`.
    """
    if groups == 1:
        return kernel
    size, outputs = kernel.shape[-2:]
    group_of_output = np.arange(outputs // gates) // (outputs // gates // groups)
    group_of_input = np.repeat(np.arange(groups), size)
    mask = np.tile(group_of_input[:, None] == group_of_output, (1, gates))
    repeats = (*[1] * (len(kernel.shape) - 2), groups, 1)
    return ops.tile(kernel, repeats) * ops.cast(mask, kernel.dtype)
