"""Output and gradients of a `.keras` file under JAX; arguments FILE, input.npz, result.npz."""

import sys

import jax
import keras
import numpy as np

from tfse import load


def main(file: str, source: str, result: str) -> None:
    """Writes `output`, and the gradients of its mean square as `gradient_NUMBER`."""
    model = load(file)
    x = np.load(source)["x"]
    other = [v.value for v in model.non_trainable_variables]

    def loss(trainable):
        y, _ = model.stateless_call(trainable, other, x, training=False)
        return keras.ops.mean(keras.ops.square(y))

    gradients = jax.jit(jax.grad(loss))([v.value for v in model.trainable_variables])
    arrays = {f"gradient_{n}": np.asarray(g) for n, g in enumerate(gradients)}
    np.savez(result, output=np.asarray(model(x)), **arrays)


if __name__ == "__main__":
    main(*sys.argv[1:])
