"""Smallest exports with the signature of `tfse.streaming.steps.signature`."""

from __future__ import annotations

import json
import pathlib
import zipfile
from typing import Any

import keras
import tensorflow as tf

from tfse.layers import streaming
from tfse.models import EnhancementModel
from tfse.streaming.steps.signature import EXTRA_ASSETS, METADATA_FILE, signature_name


def metadata(sample_rate: int, hop_length: int, latency_samples: int) -> bytes:
    values = {
        "sample_rate": sample_rate,
        "hop_length": hop_length,
        "latency_samples": latency_samples,
        "model": "tiny",
    }
    return json.dumps(values).encode()


def export_saved_model(model: EnhancementModel, folder: pathlib.Path) -> pathlib.Path:
    """Writes `step`, for one hop of one stream, and `initial_state`."""
    zeros = streaming.initial_state(model, 1)
    names = list(zeros)
    specs = [tf.TensorSpec([1, model.hop_length], tf.float32, name="noisy")]
    specs += [tf.TensorSpec(z.shape, z.dtype, name=signature_name(n)) for n, z in zeros.items()]

    def step(noisy: Any, *states: Any) -> dict[str, Any]:
        state = dict(zip(names, states, strict=True))
        enhanced, following = streaming.stream_step(model, noisy, state)
        return {"enhanced": enhanced, **{signature_name(n): following[n] for n in names}}

    def initial_state() -> dict[str, Any]:
        return {signature_name(n): tf.zeros(z.shape, z.dtype) for n, z in zeros.items()}

    archive = keras.export.ExportArchive()
    archive.track(model)
    archive.add_endpoint("step", step, input_signature=specs)
    archive.add_endpoint("initial_state", initial_state, input_signature=[])
    archive.write_out(str(folder), verbose=False)
    assets = folder / EXTRA_ASSETS
    assets.mkdir()
    content = metadata(model.sample_rate, model.hop_length, model.latency_samples)
    (assets / METADATA_FILE).write_bytes(content)
    return folder


class Delay(tf.Module):
    """Step for TFLite: the previous block plus a tenth of the sum of all earlier ones."""

    HOP = 16

    def __init__(self) -> None:
        super().__init__()
        block = tf.TensorSpec([1, self.HOP], tf.float32)
        self.step = tf.function(
            self._step,
            input_signature=[
                tf.TensorSpec(block.shape, name="noisy"),
                tf.TensorSpec(block.shape, name="delay__past"),
                tf.TensorSpec(block.shape, name="delay__sum"),
            ],
        )

    @staticmethod
    def _step(noisy: Any, delay__past: Any, delay__sum: Any) -> dict[str, Any]:
        return {
            "delay__sum": delay__sum + delay__past,
            "enhanced": delay__past + 0.1 * delay__sum,
            "delay__past": noisy + 0.0,
        }


def export_tflite(path: pathlib.Path) -> pathlib.Path:
    """Writes `Delay` with its metadata."""
    delay = Delay()
    folder = path.parent / f"{path.stem}_saved_model"
    tf.saved_model.save(delay, str(folder), signatures={"step": delay.step})
    converter = tf.lite.TFLiteConverter.from_saved_model(str(folder), signature_keys=["step"])
    path.write_bytes(converter.convert())
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr(METADATA_FILE, metadata(16_000, Delay.HOP, Delay.HOP))
    return path
