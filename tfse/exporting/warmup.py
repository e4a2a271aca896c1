"""Requests that a server runs once before it answers, so that no user waits for a first trace."""

from __future__ import annotations

import importlib.util
import pathlib

import numpy as np
import tensorflow as tf

from tfse.streaming.contract import EXTRA_ASSETS, INITIAL_STATE, NOISY, STEP

WARMUP_FILE = "tf_serving_warmup_requests"


def write_requests(folder: pathlib.Path, hop_length: int) -> bool:
    """Writes one request for each signature of a SavedModel that takes input.

    Args:
        folder: of the SavedModel, whose `assets.extra` exists.
        hop_length: samples of a step.

    Returns:
        Whether it could: False where tensorflow-serving-api is not installed.
    """
    if importlib.util.find_spec("tensorflow_serving") is None:
        return False
    from tensorflow_serving.apis import prediction_log_pb2

    loaded = tf.saved_model.load(str(folder))
    states = {name: x.numpy() for name, x in loaded.signatures[INITIAL_STATE]().items()}
    one_hop = np.zeros((1, hop_length), np.float32)
    requests = {
        "serving_default": {NOISY: np.zeros((1, 10 * hop_length), np.float32)},
        STEP: {NOISY: one_hop, **states},
    }
    path = folder / EXTRA_ASSETS / WARMUP_FILE
    with tf.io.TFRecordWriter(str(path)) as writer:
        for signature, inputs in requests.items():
            log = prediction_log_pb2.PredictionLog()
            request = log.predict_log.request
            # A server fills in its own name of the model and the version it loads.
            request.model_spec.signature_name = signature
            for name, values in inputs.items():
                request.inputs[name].CopyFrom(tf.make_tensor_proto(values))
            writer.write(log.SerializeToString())
    return True
