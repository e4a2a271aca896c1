"""Averaged weights of models of one config.

    python -m tools.average_weights --models=before.keras,after.keras --shares=0.25,0.75 \\
        --output=averaged.keras

Between a model and its fine-tuned self lie models that have much of both: the quality of the
first on its mixtures, and what the second learned on others. Moving averages of batch
normalization are averaged like the weights.

Source: Wortsman et al., "Robust fine-tuning of zero-shot models", CVPR 2022 (WiSE-FT).
"""

from __future__ import annotations

import argparse
import math
import pathlib
import sys
from collections.abc import Sequence

import numpy as np

from tfse.errors import ConfigError, ModelError
from tfse.models import EnhancementModel, load
from tfse.training.run_folder import save_model
from tfse.training.warm_start import other_settings


def averaged(models: Sequence[EnhancementModel], shares: Sequence[float]) -> EnhancementModel:
    """Returns the first model with the weighted mean of all weights.

    Args:
        models: models of one config; the first is changed.
        shares: weight of each; they sum to 1.

    Raises:
        ConfigError: shares that do not sum to 1, or not one for each model.
        ModelError: models of different configs.
    """
    if len(shares) != len(models) or not math.isclose(sum(shares), 1.0):
        raise ConfigError(
            f"`shares` must be a number for each of {len(models)} models and sum to 1; received "
            f"{list(shares)}."
        )
    first, *others = models
    weights = [{weight.path: np.asarray(weight) for weight in model.weights} for model in models]
    shapes = [{path: value.shape for path, value in values.items()} for values in weights]
    for model, other in zip(others, shapes[1:], strict=True):
        if other != shapes[0] or other_settings(first, model):
            raise ModelError(f"models must have one config; {model.name} differs from the first.")
    for weight in first.weights:
        parts = (share * own[weight.path] for share, own in zip(shares, weights, strict=True))
        weight.assign(sum(parts))
    return first


def main(arguments: Sequence[str] | None = None) -> None:
    """Writes the averaged model."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--models", required=True, help=".keras files or shipped names")
    parser.add_argument("--shares", required=True, help="a number for each, which sum to 1")
    parser.add_argument("--output", type=pathlib.Path, required=True, help=".keras file to write")
    options = parser.parse_args(arguments)
    try:
        shares = [float(share) for share in options.shares.split(",")]
    except ValueError as error:
        parser.error(f"--shares: {error}")
    try:
        model = averaged([load(name) for name in options.models.split(",")], shares)
    except (ConfigError, ModelError) as error:
        sys.exit(str(error))
    save_model(model, options.output)
    print(f"{options.output}: written.")


if __name__ == "__main__":
    main()
