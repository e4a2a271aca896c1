"""Models from arrays of the authors, as the program would make them."""

from __future__ import annotations

import dataclasses
import pathlib
from typing import Any

import numpy as np

from tfse import models
from tfse.importing.import_weights import assign
from tfse.importing.source import Importer, Part, Source


def fixture(path: pathlib.Path) -> tuple[Source, dict[str, Any]]:
    """Returns the `state/...` of a fixture as a source of PyTorch, and its other arrays."""
    arrays = dict(np.load(path))
    state = {k.removeprefix("state/"): v for k, v in arrays.items() if k.startswith("state/")}
    others = {k: v for k, v in arrays.items() if not k.startswith("state/")}
    return source(state), others


def source(state: dict[str, Any]) -> Source:
    """Returns the source of one state dict."""
    return Source((Part("weights.pt", "torch", b"", state),))


def converted(importer: Importer, found: Source, **settings: Any) -> models.EnhancementModel:
    """Returns the model of a source, every weight of it from the source."""
    assert importer.recognizes(found)
    conversion = importer.convert(found)
    model = models.build(dataclasses.replace(conversion.config, **settings))
    assign(model, conversion)
    return model
