"""Writes SavedModels for servers."""

from __future__ import annotations

import os
import pathlib
import tempfile

import keras
import tensorflow as tf

from tfse.errors import ConfigError
from tfse.exporting import metadata, signatures, warmup_requests
from tfse.layers import require_streamable
from tfse.models import EnhancementModel
from tfse.streaming.steps.signature import INITIAL_STATE, STEP

ENHANCE = "enhance"


def export_saved_model(
    model: EnhancementModel, output_dir: str | os.PathLike[str], version: int = 1
) -> pathlib.Path:
    """Writes a model as `output_dir/NAME/VERSION/`, which needs nothing of tfse to run.

    It holds `enhance` (also `serving_default`: whole waveforms of any batch and
    length, time-aligned with the input), `step` (any number of streams, one hop each)
    and `initial_state` (of one stream); both take invalid samples, see
    `tfse.audio.finite_guard`, for silence. Beside them stand in `assets.extra` the metadata and,
    where tensorflow-serving-api is installed, requests that warm a server up.

    Returns:
        The folder.

    Raises:
        ConfigError: the folder exists, or the version is below 1.
        ModelError: the model cannot stream.
    """
    if version < 1:
        raise ConfigError(f"`version` must be 1 or more; received {version}.")
    require_streamable(model)
    target = pathlib.Path(output_dir) / model.name / str(version)
    if target.exists():
        raise ConfigError(f"an export must not overwrite; received {target}, which exists.")
    target.parent.mkdir(parents=True, exist_ok=True)
    # Beside the target and renamed, so that a server that watches sees it whole.
    # Its name is no number: servers take every number for a version.
    with tempfile.TemporaryDirectory(dir=target.parent, prefix="unfinished-") as beside:
        folder = pathlib.Path(beside) / "model"
        _write(model, folder)
        os.rename(folder, target)
    return target


def _write(model: EnhancementModel, folder: pathlib.Path) -> None:
    archive = keras.export.ExportArchive()
    # Not archive.track(model): what the functions use is tracked with them, and a model
    # beside it would be stored a second time.
    endpoints = {
        # The first is also `serving_default`.
        ENHANCE: signatures.enhance_signature(model),
        STEP: signatures.step_signature(model, guarded=True),
        INITIAL_STATE: signatures.initial_state_signature(model),
    }
    for name, signature in endpoints.items():
        archive.add_endpoint(name, signature.function, input_signature=list(signature.inputs))
    # Without gradients: nobody trains a served model, and TensorFlow cannot save those of
    # layers that write their own gradient, as the GRU does, inside the loop of `enhance`.
    options = tf.saved_model.SaveOptions(experimental_custom_gradients=False)
    archive.write_out(str(folder), options=options, verbose=False)
    metadata.put_into_saved_model(folder, metadata.describe(model, "saved_model"))
    warmup_requests.write_requests(folder, model.hop_length)
