"""Training on one accelerator with Keras' JAX backend, the mixtures made on the device."""
