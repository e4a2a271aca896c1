"""Warm-up requests: a server runs them before it answers, so that no user waits."""

from __future__ import annotations

import importlib.util
import pathlib
from typing import Any

import numpy as np
import numpy.typing as npt
import tensorflow as tf

from tfse.streaming.steps.saved_model import load_saved_model
from tfse.streaming.steps.signature import EXTRA_ASSETS

WARMUP_FILE = "tf_serving_warmup_requests"

#: Length of the recording in a request, in hops.
_HOPS = 10


def write_requests(folder: pathlib.Path, hop_length: int) -> bool:
    """Writes one request for each signature of a SavedModel that takes input.

    A server prepares every signature separately, so `serving_default` does not
    warm `enhance` up, though both are the same function. A signature without
    input gets no request: with `--enable_batching` it would be an error, and a
    server does not load a model whose warm-up fails.

    Args:
        folder: SavedModel with `assets.extra`.
        hop_length: samples per step.

    Returns:
        Whether requests were written: False where tensorflow-serving-api is not installed.
    """
    if importlib.util.find_spec("tensorflow_serving") is None:
        return False
    from tensorflow_serving.apis import prediction_log_pb2

    signatures = load_saved_model(folder).signatures
    path = folder / EXTRA_ASSETS / WARMUP_FILE
    with tf.io.TFRecordWriter(str(path)) as writer:
        for name in sorted(signatures):
            inputs = signatures[name].structured_input_signature[1]
            if not inputs:
                continue
            log = prediction_log_pb2.PredictionLog()
            request = log.predict_log.request
            # Without model and version: the server runs the request on the one it loads.
            request.model_spec.signature_name = name
            for argument, spec in inputs.items():
                zeros = _zeros(spec, _HOPS * hop_length)
                request.inputs[argument].CopyFrom(tf.make_tensor_proto(zeros))
            writer.write(log.SerializeToString())
    return True


def _zeros(spec: Any, samples: int) -> npt.NDArray[Any]:
    """Returns a silent input or an initial state of one stream."""
    _, *rest = spec.shape
    return np.zeros((1, *(samples if size is None else size for size in rest)), spec.dtype.name)
