"""Steps: one block of a stream through a Keras model, a SavedModel or a TFLite file."""
