"""What leaves the house: SavedModel, TFLite, and the table that proves them equal."""
