"""Metadata of exports; `tfse.streaming.steps.signature` reads a part of it."""

from __future__ import annotations

import hashlib
import json
import pathlib
import zipfile
from importlib import metadata
from typing import Any

import numpy as np

from tfse.models import EnhancementModel
from tfse.streaming.steps import signature
from tfse.streaming.steps.signature import EXTRA_ASSETS, METADATA_FILE


def describe(
    model: EnhancementModel,
    number_format: str,
    frames_per_step: int = 1,
    **more: Any,
) -> str:
    """Returns the metadata of an export of a model, as JSON.

    Args:
        model: the exported model.
        number_format: such as "float32" or "int8".
        frames_per_step: hops per block.
        more: further entries, such as `float32_layers` (layers without 8-bit weights in a
            format that has them), `run_time_layers` (those whose activations are quantized at
            run time), or `inputs` and `outputs` (names of a file's tensors by position).
    """
    values = {
        "model": model.name,
        "format": number_format,
        "sample_rate": model.sample_rate,
        "hop_length": model.hop_length,
        "frames_per_step": frames_per_step,
        # Delay of the output, and the longest wait of a sample: its block must be complete first.
        "latency_samples": model.latency_samples,
        "algorithmic_latency_samples": model.latency_samples + frames_per_step * model.hop_length,
        "weights_sha256": weights_hash(model),
        "tfse": metadata.version("tfse"),
        **more,
    }
    return json.dumps(values, indent=2) + "\n"


def weights_hash(model: EnhancementModel) -> str:
    """Returns the SHA-256 of all weights with their paths, as hexadecimal digits."""
    digest = hashlib.sha256()
    for weight in sorted(model.weights, key=lambda weight: str(weight.path)):
        values = np.ascontiguousarray(weight.numpy())
        digest.update(f"{weight.path} {values.dtype} {values.shape}\n".encode())
        digest.update(values.tobytes())
    return digest.hexdigest()


def read_from_saved_model(folder: pathlib.Path) -> dict[str, Any]:
    """Returns the metadata of a SavedModel.

    Raises:
        ModelError: it has no metadata of tfse.
    """
    signature.saved_model_metadata(folder)
    return signature.saved_model_values(folder)


def read_from_tflite(path: pathlib.Path) -> dict[str, Any]:
    """Returns the metadata of a TFLite file.

    Raises:
        ModelError: it has no metadata of tfse.
    """
    signature.tflite_metadata(path)
    return signature.tflite_values(path)


def put_into_saved_model(folder: pathlib.Path, description: str) -> None:
    """Writes the metadata into `assets.extra` of a SavedModel."""
    assets = folder / EXTRA_ASSETS
    assets.mkdir(exist_ok=True)
    (assets / METADATA_FILE).write_text(description, encoding="utf-8")


def put_into_tflite(path: pathlib.Path, description: str) -> None:
    """Appends the metadata to a file, as the archive that TensorFlow Lite tools read."""
    with zipfile.ZipFile(path, "a") as archive:
        # With the present date, two equal exports would differ in their bytes.
        archive.writestr(zipfile.ZipInfo(METADATA_FILE), description)
