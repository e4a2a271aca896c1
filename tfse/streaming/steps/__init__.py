"""Steps: streaming inference of one block with Keras, SavedModel or TFLite."""
