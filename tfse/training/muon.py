"""Muon optimizer: momentum whose matrices are orthogonalized before each step."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import keras
from keras import ops

from tfse.types import Tensor

# Coefficients and number of the Newton-Schulz iterations (Jordan et al.).
_QUINTIC = (3.4445, -4.7750, 2.0315)
_ITERATIONS = 5
# The step's root mean square is then about that of Adam (Liu et al., section 2.2).
_RMS = 0.2
_ADAM_BETAS = (0.9, 0.999)
_ADAM_EPSILON = 1e-7
_SMALLEST_NORM = 1e-7


@keras.saving.register_keras_serializable(package="tfse")
class Muon(keras.optimizers.Optimizer):
    """Optimizer with Muon for the matrices of a model and Adam for all other variables.

        m = momentum m + (1 - momentum) g,   u = momentum m + (1 - momentum) g
        W = W - learning_rate 0.2 sqrt(max(rows, columns)) orthogonalized(u)

    A kernel of more than two axes is the matrix of all but its last axis by the last one:
    of a convolution, `[taps * inputs, outputs]`. A kernel that holds several matrices side
    by side, as a GRU does for its gates, is orthogonalized matrix by matrix.

    Args:
        learning_rate: learning rate of the matrices.
        matrices: number of matrices that a variable holds side by side along its last
            axis, by path. See `tfse.training.optimizer.matrices_of`.
        momentum: momentum of the matrices.
        adam_ratio: learning rate of all other variables, as a share of `learning_rate`.
        weight_decay: weight decay of the matrices, as a share of the learning rate; None
            for none.

    Source:
        Jordan et al., "Muon: An optimizer for hidden layers in neural networks", 2024; the
        scale of the step from Liu et al., "Muon is scalable for LLM training",
        arXiv 2502.16982. Keras' own `Muon` leaves convolutions to Adam.
    """

    def __init__(
        self,
        learning_rate: float = 3e-3,
        matrices: Mapping[str, int] | None = None,
        momentum: float = 0.95,
        adam_ratio: float = 1.0 / 3.0,
        weight_decay: float | None = None,
        name: str = "muon",
        **kwargs: Any,
    ) -> None:
        super().__init__(learning_rate, weight_decay=weight_decay, name=name, **kwargs)
        self.matrices = dict(matrices or {})
        self.momentum = momentum
        self.adam_ratio = adam_ratio

    def build(self, variables: list[keras.Variable]) -> None:
        if self.built:
            return
        super().build(variables)
        # TensorFlow hands its own variables to `update_step`, which have no path.
        self._counts = [self.matrices.get(variable.path, 0) for variable in variables]
        self._means = [self._slot(variable, "mean") for variable in variables]
        self._squares = [
            None if count else self._slot(variable, "square")
            for variable, count in zip(variables, self._counts, strict=True)
        ]

    def _slot(self, variable: keras.Variable, name: str) -> keras.Variable:
        return self.add_variable_from_reference(reference_variable=variable, name=name)

    def update_step(self, gradient: Tensor, variable: keras.Variable, learning_rate: Any) -> None:
        index = self._get_variable_index(variable)
        mean, square = self._means[index], self._squares[index]
        learning_rate = ops.cast(learning_rate, variable.dtype)
        gradient = ops.cast(gradient, variable.dtype)
        if square is None:
            step = self._muon_step(gradient, mean, self._counts[index])
        else:
            step = self.adam_ratio * self._adam_step(gradient, mean, square)
        self.assign_sub(variable, learning_rate * step)

    def _muon_step(self, gradient: Tensor, mean: Any, count: int) -> Tensor:
        fresh = (1.0 - self.momentum) * gradient
        average = self.momentum * mean + fresh
        self.assign(mean, average)
        shape = gradient.shape
        rows, columns = math.prod(shape[:-1]), shape[-1] // count
        matrices = ops.reshape(self.momentum * average + fresh, (rows, count, columns))
        step = orthogonalized(ops.transpose(matrices, (1, 0, 2)))
        step = ops.reshape(ops.transpose(step, (1, 0, 2)), shape)
        return _RMS * math.sqrt(max(rows, columns)) * step

    def _adam_step(self, gradient: Tensor, mean: Any, square: Any) -> Tensor:
        taken = ops.cast(self.iterations + 1, gradient.dtype)
        first, second = _ADAM_BETAS
        average = first * mean + (1.0 - first) * gradient
        power = second * square + (1.0 - second) * ops.square(gradient)
        self.assign(mean, average)
        self.assign(square, power)
        average = average / (1.0 - ops.power(first, taken))
        power = power / (1.0 - ops.power(second, taken))
        return average / (ops.sqrt(power) + _ADAM_EPSILON)

    def get_config(self) -> dict[str, Any]:
        return {
            **super().get_config(),
            "matrices": self.matrices,
            "momentum": self.momentum,
            "adam_ratio": self.adam_ratio,
        }


def orthogonalized(matrices: Tensor) -> Tensor:
    """Returns matrices whose singular values are all near 1, between 0.7 and 1.2.

    Shapes:
        `[matrices, rows, columns]` -> the same.
    """
    tall = matrices.shape[1] > matrices.shape[2]
    x = _transposed(matrices) if tall else matrices
    x = x / (ops.sqrt(ops.sum(ops.square(x), axis=(1, 2), keepdims=True)) + _SMALLEST_NORM)
    a, b, c = _QUINTIC
    for _ in range(_ITERATIONS):
        gram = ops.matmul(x, _transposed(x))
        x = a * x + ops.matmul(b * gram + c * ops.matmul(gram, gram), x)
    return _transposed(x) if tall else x


def _transposed(matrices: Tensor) -> Tensor:
    return ops.transpose(matrices, (0, 2, 1))
