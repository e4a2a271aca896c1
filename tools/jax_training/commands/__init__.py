"""Commands of the JAX training, one module each."""
