"""Real Fourier transforms of composite lengths, as two small products.

With N = P Q, sample n = Q p + q and bin k = a + P b,

    X[a + P b] = sum over q of W_Q^(q b) W_N^(q a) sum over p of W_P^(p a) x[Q p + q]

where W_N = exp(-2 pi i / N). The inner sums and the factor W_N^(q a) are one matrix per q, and
the outer sums are one matrix for all a. 960 points take 88,000 multiplications in place of the
923,000 of one matrix, and 50,000 constants. For real samples, a up to P / 2 suffices: the other
bins are conjugates.

Source:
    Cooley and Tukey, "An algorithm for the machine calculation of complex Fourier series",
    Mathematics of Computation 19, 1965.
"""

from __future__ import annotations

import functools
from typing import Any

import numpy as np
import numpy.typing as npt
from keras import ops

from tfse.types import Tensor

Matrix = npt.NDArray[np.float32]

# Below this length, one matrix is small.
_LEAST_LENGTH = 128


def factors(length: int) -> tuple[int, int] | None:
    """Returns P and Q of the fewest multiplications, P even; None if one matrix is better.

    Args:
        length: points of the transform, even.
    """
    pairs = [(p, length // p) for p in range(2, length, 2) if length % p == 0]
    if length < _LEAST_LENGTH or not pairs:
        return None
    return min(pairs, key=lambda pair: _multiplications(*pair))


def _multiplications(p: int, q: int) -> int:
    return p * q * (p + 2) + (p // 2 + 1) * 4 * q * q


def forward(frames: Tensor, p: int, q: int) -> tuple[Tensor, Tensor]:
    """Returns the real and imaginary parts of the transform of real frames.

    Args:
        frames: `[..., p * q]`.
        p: first factor, even.
        q: second factor.

    Shapes:
        `[..., p * q]` -> two of `[..., p * q // 2 + 1]`.
    """
    leading = tuple(ops.shape(frames)[:-1])
    half, bins = p // 2 + 1, p * q // 2 + 1
    x = ops.transpose(ops.reshape(frames, (-1, p, q)), (2, 0, 1))
    x = ops.matmul(x, _inner(p, q))  # [q, frames, 2 * half]
    x = ops.transpose(ops.reshape(x, (q, -1, 2, half)), (1, 3, 2, 0))
    x = ops.matmul(ops.reshape(x, (-1, half, 2 * q)), _outer(q))  # [frames, half, 2 * q]
    index, sign = _bins(p, q)
    x = ops.take(ops.reshape(x, (-1, half * 2 * q)), index, axis=1) * sign
    real, imaginary = ops.split(ops.reshape(x, (*leading, 2 * bins)), 2, axis=-1)
    return real, imaginary


def inverse(real: Tensor, imaginary: Tensor, p: int, q: int) -> Tensor:
    """Returns the real frames whose half spectrum is given.

    Args:
        real: `[..., p * q // 2 + 1]`.
        imaginary: of the same shape; ignored in the first and the last bin.
        p: first factor, even.
        q: second factor.

    Shapes:
        two of `[..., p * q // 2 + 1]` -> `[..., p * q]`.
    """
    leading = tuple(ops.shape(real)[:-1])
    half = p // 2 + 1
    spectrum = ops.concatenate([real, imaginary], axis=-1)
    index, sign = _places(p, q)
    x = ops.take(ops.reshape(spectrum, (-1, 2 * (p * q // 2 + 1))), index, axis=1) * sign
    x = ops.matmul(ops.reshape(x, (-1, half, 2 * q)), _inverse_outer(q))
    x = ops.transpose(ops.reshape(x, (-1, half, 2, q)), (3, 0, 2, 1))
    x = ops.matmul(ops.reshape(x, (q, -1, 2 * half)), _inverse_inner(p, q))  # [q, frames, p]
    return ops.reshape(ops.transpose(x, (1, 2, 0)), (*leading, p * q))


def _roots(products: Any, length: int) -> Any:
    """Returns exp(-2 pi i n / length); whole turns are removed first, for accuracy."""
    return np.exp(-2j * np.pi * (products % length) / length)


@functools.cache
def _inner(p: int, q: int) -> Matrix:
    """Returns sums over p with their factors, `[q, p, 2 * half]`."""
    a, at, row = np.arange(p // 2 + 1), np.arange(p)[:, None], np.arange(q)[:, None, None]
    roots = _roots((q * at + row) * a, p * q)
    return np.concatenate([roots.real, roots.imag], axis=-1).astype(np.float32)


@functools.cache
def _outer(q: int) -> Matrix:
    """Returns complex sums over q as a real matrix, `[2 * q, 2 * q]`."""
    roots = _roots(np.outer(np.arange(q), np.arange(q)), q)
    return np.block([[roots.real, roots.imag], [-roots.imag, roots.real]]).astype(np.float32)


@functools.cache
def _inverse_outer(q: int) -> Matrix:
    # The conjugate matrix: its transpose, since the sums over q are symmetric.
    return np.ascontiguousarray(_outer(q).T)


@functools.cache
def _inverse_inner(p: int, q: int) -> Matrix:
    """Returns sums over a with their factors, and over the conjugates, `[q, 2 * half, p]`."""
    weights = np.full((p // 2 + 1, 1), 2.0 / (p * q))
    weights[[0, -1]] /= 2
    matrix = _inner(p, q).transpose(0, 2, 1) * np.concatenate([weights, weights])
    return matrix.astype(np.float32)


@functools.cache
def _bins(p: int, q: int) -> tuple[npt.NDArray[np.int32], Matrix]:
    """Returns where the bins are in `[half, 2, q]`, real parts first, and their signs."""
    k = np.arange(p * q // 2 + 1)
    is_conjugate = k % p > p // 2
    k = np.where(is_conjugate, p * q - k, k)
    place = (k % p) * 2 * q + k // p
    sign = np.concatenate([np.ones(len(k)), np.where(is_conjugate, -1.0, 1.0)])
    return np.concatenate([place, place + q]).astype(np.int32), sign.astype(np.float32)


@functools.cache
def _places(p: int, q: int) -> tuple[npt.NDArray[np.int32], Matrix]:
    """Returns which bin belongs to each place of `[half, 2, q]`, and its sign."""
    bins = p * q // 2 + 1
    k = np.arange(p // 2 + 1)[:, None] + p * np.arange(q)
    is_conjugate = k >= bins
    k = np.where(is_conjugate, p * q - k, k)
    # The imaginary parts of the first and the last bin are zero.
    is_real = k % (bins - 1) == 0
    sign = np.where(is_real, 0.0, np.where(is_conjugate, -1.0, 1.0))
    index = np.stack([k, k + bins], axis=1).reshape(-1)
    signs = np.stack([np.ones(k.shape), sign], axis=1).reshape(-1)
    return index.astype(np.int32), signs.astype(np.float32)
