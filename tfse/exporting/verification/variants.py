"""Variants of a model that a verification runs."""

from __future__ import annotations

import os
import pathlib
from collections.abc import Iterable, Iterator

from tfse.errors import ModelError
from tfse.exporting.metadata import read_from_saved_model, read_from_tflite, weights_hash
from tfse.exporting.verification import measure_variant
from tfse.exporting.verification.verify import LIMITS, Variant
from tfse.layers import offline_reason
from tfse.models import EnhancementModel
from tfse.streaming.steps.trust import require_trust


def of_keras(path: str, model: EnhancementModel) -> list[Variant]:
    """Returns the offline model, which is the reference, and the stream if it can stream.

    Args:
        path: of the model, or its name.
        model: the model itself.
    """
    kinds = (measure_variant.OFFLINE, measure_variant.STREAMING)
    return [Variant(kind, kind, path) for kind in _possible(kinds, model)]


def of_saved_model(folder: pathlib.Path, model: EnhancementModel) -> list[Variant]:
    """Returns the signatures of a SavedModel that take audio.

    Args:
        folder: of the SavedModel.
        model: from which it was made; one for recordings only has no signature `step`.
    """
    kinds = (measure_variant.SERVING, measure_variant.SERVING_STEP)
    return [Variant(kind, kind, folder) for kind in _possible(kinds, model)]


def _possible(kinds: tuple[str, str], model: EnhancementModel) -> tuple[str, ...]:
    """Returns the kind for whole recordings, and that for streams if the model can stream."""
    return kinds[:1] if offline_reason(model) else kinds


def of_tflite(path: pathlib.Path) -> Variant:
    """Returns the variant of a TFLite file, with the limit of its number format.

    Raises:
        ModelError: it has no metadata of tfse, or an unknown format.
    """
    described = read_from_tflite(path)
    number_format = str(described.get("format"))
    if number_format not in LIMITS:
        raise ModelError(f"{path}: `format` must be one of {', '.join(LIMITS)}.")
    frames = described.get("frames_per_step", 1)
    if not isinstance(frames, int):
        raise ModelError(f"{path}: `frames_per_step` must be a number; received {frames!r:.40}.")
    name = f"{measure_variant.TFLITE} {number_format}" + (
        f", {frames} frames" if frames > 1 else ""
    )
    return Variant(name, measure_variant.TFLITE, path, LIMITS[number_format])


def found_in(
    places: Iterable[str | os.PathLike[str]],
    model: EnhancementModel,
    trust_saved_model: bool = False,
) -> list[Variant]:
    """Returns the exports of a model in files and folders.

    Raises:
        ModelError: a file is not of tfse, no export is found, or one was made from
            other weights; or there is a SavedModel, which is code, and it is not trusted.
    """
    variants: list[Variant] = []
    wanted = weights_hash(model)
    for path, described in _exports(places):
        if described.get("model") != model.name:
            continue
        if described.get("weights_sha256") != wanted:
            raise ModelError(f"{path} was made from other weights than those of {model.name}.")
        if path.is_dir():
            require_trust(path, trust_saved_model)
            variants += of_saved_model(path, model)
        else:
            variants.append(of_tflite(path))
    if not variants:
        received = ", ".join(str(place) for place in places)
        raise ModelError(f"`exports` must hold exports of {model.name}; received {received}.")
    return variants


def _exports(
    places: Iterable[str | os.PathLike[str]],
) -> Iterator[tuple[pathlib.Path, dict[str, object]]]:
    for place in map(pathlib.Path, places):
        if place.is_file():
            yield place, read_from_tflite(place)
            continue
        for file in sorted(place.rglob("saved_model.pb")):
            yield file.parent, read_from_saved_model(file.parent)
        for file in sorted(place.rglob("*.tflite")):
            yield file, read_from_tflite(file)
