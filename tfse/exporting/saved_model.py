"""SavedModel exports for servers."""

from __future__ import annotations

import os
import pathlib
import tempfile

import keras
import tensorflow as tf

from tfse.errors import ConfigError
from tfse.exporting import metadata, signatures, warmup_requests
from tfse.layers import offline_reason, require_streamable
from tfse.models import EnhancementModel
from tfse.streaming.steps.signature import ENHANCE, INITIAL_STATE, STEP


def export_saved_model(
    model: EnhancementModel, output_dir: str | os.PathLike[str], version: int = 1
) -> pathlib.Path:
    """Writes a model as `output_dir/NAME/VERSION/`, which runs without tfse.

    It holds `enhance` (also `serving_default`: whole waveforms of any batch and
    length, time-aligned with the input), `step` (any number of streams, one hop each)
    and `initial_state` (of one stream); `enhance` and `step` replace invalid samples, see
    `tfse.audio.finite_guard`, by silence. Of a model for recordings only, it holds `enhance`
    alone. `assets.extra` holds the metadata and, where
    tensorflow-serving-api is installed, warm-up requests for a server.

    Returns:
        Folder of the version.

    Raises:
        ConfigError: the folder exists, or the version is below 1.
        ModelError: a layer looks ahead or over all time.
    """
    if version < 1:
        raise ConfigError(f"`version` must be 1 or more; received {version}.")
    require_streamable(model, offline=True)
    target = pathlib.Path(output_dir) / model.name / str(version)
    if target.exists():
        raise ConfigError(f"{target} already exists; use another version or output folder.")
    target.parent.mkdir(parents=True, exist_ok=True)
    # Written beside the target and renamed, so that a watching server finds it complete.
    # The temporary name is not a number: servers take every number as a version.
    with tempfile.TemporaryDirectory(dir=target.parent, prefix="unfinished-") as beside:
        folder = pathlib.Path(beside) / "model"
        _write(model, folder)
        os.rename(folder, target)
    return target


def _write(model: EnhancementModel, folder: pathlib.Path) -> None:
    archive = keras.export.ExportArchive()
    # Not archive.track(model): the functions already track what they use, and the model
    # would be stored a second time.
    endpoints = {
        # The first is also `serving_default`.
        ENHANCE: signatures.enhance_signature(model),
    }
    if not offline_reason(model):
        endpoints[STEP] = signatures.step_signature(model, guarded=True)
        endpoints[INITIAL_STATE] = signatures.initial_state_signature(model)
    for name, signature in endpoints.items():
        archive.add_endpoint(name, signature.function, input_signature=list(signature.inputs))
    # Without gradients: a served model is not trained, and TensorFlow cannot save those of
    # layers with a custom gradient, such as the GRU, inside the loop of `enhance`.
    options = tf.saved_model.SaveOptions(experimental_custom_gradients=False)
    archive.write_out(str(folder), options=options, verbose=False)
    metadata.put_into_saved_model(folder, metadata.describe(model, "saved_model"))
    warmup_requests.write_requests(folder, model.hop_length)
