"""Names of the engines that run a model; nothing is imported, so that flags may use them."""

LITERT, KERAS = "litert", "keras"
ENGINES = (LITERT, KERAS)
