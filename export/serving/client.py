"""Client of TensorFlow Serving: enhances a recording at once or hop by hop.

    python client.py noisy.wav enhanced.wav --model=dpcrn_small
    python client.py noisy.wav enhanced.wav --model=dpcrn_small --stream
    python client.py noisy.wav enhanced.wav --model=dpcrn_small --protocol=grpc

It needs numpy and soundfile, for gRPC also tensorflow-serving-api, and nothing of
tfse: copy it to where the recordings are. README.md beside it describes the requests.
Exit code: 0 done, 1 an error in one line, 2 bad usage.
"""

from __future__ import annotations

import argparse
import http.client
import json
import os
import sys
import urllib.error
import urllib.request
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import soundfile

Samples = npt.NDArray[np.float32]
Tensors = Mapping[str, Samples]

ENHANCE, STEP, NOISY, ENHANCED = "enhance", "step", "noisy", "enhanced"


class ClientError(Exception):
    """Error with a one-line message for the user."""


def rest_body(noisy: Samples, signature: str = ENHANCE, states: Tensors | None = None) -> bytes:
    """Returns the body of a POST to `/v1/models/NAME:predict`, in the columnar format.

    Args:
        noisy: `[streams, samples]`; for `step` one hop per stream.
        signature: `enhance` or `step`.
        states: of `step`, by name, each `[streams, ...]`.
    """
    inputs = {name: values.tolist() for name, values in {NOISY: noisy, **(states or {})}.items()}
    return json.dumps({"signature_name": signature, "inputs": inputs}).encode()


def rest_answer(content: bytes) -> dict[str, Samples]:
    """Returns the arrays of an answer by name; a single output has no name in the answer."""
    outputs = _json(content, "outputs")
    named = outputs if isinstance(outputs, dict) else {ENHANCED: outputs}
    return {name: np.asarray(values, np.float32) for name, values in named.items()}


def grpc_request(
    spec: Mapping[str, Any], noisy: Samples, signature: str = ENHANCE, states: Tensors | None = None
) -> Any:
    """Returns the `PredictRequest` with the contents of `rest_body`.

    Args:
        spec: `name` of the model, and `version`, `{"value": 1}`, unless the newest.
        noisy, signature, states: as for `rest_body`.
    """
    import tensorflow as tf
    from tensorflow_serving.apis import predict_pb2

    request = predict_pb2.PredictRequest(model_spec={**spec, "signature_name": signature})
    for name, values in {NOISY: noisy, **(states or {})}.items():
        request.inputs[name].CopyFrom(tf.make_tensor_proto(values))
    return request


def grpc_answer(response: Any) -> dict[str, Samples]:
    """Returns the arrays of a `PredictResponse` by name."""
    import tensorflow as tf

    return {name: tf.make_ndarray(tensor) for name, tensor in response.outputs.items()}


class RestServer:
    """Model on a server over HTTP and JSON.

    Args:
        address: such as `localhost:8501`.
        model: its name on the server.
        version: None for the newest.
        timeout_s: for one answer, in seconds.
    """

    def __init__(self, address: str, model: str, version: int | None, timeout_s: float) -> None:
        base = address if "://" in address else f"http://{address}"
        selected = "" if version is None else f"/versions/{version}"
        self._url = f"{base.rstrip('/')}/v1/models/{model}{selected}"
        self._timeout_s = timeout_s

    def run(self, noisy: Samples, signature: str, states: Tensors) -> dict[str, Samples]:
        """Returns the outputs of a signature by name."""
        return rest_answer(self._ask(":predict", rest_body(noisy, signature, states)))

    def signatures(self) -> Any:
        """Returns the model's metadata of its signatures."""
        return _json(self._ask("/metadata"), "metadata", "signature_def")

    def _ask(self, resource: str, body: bytes | None = None) -> bytes:
        url = self._url + resource
        try:
            request = urllib.request.Request(url, body, {"Content-Type": "application/json"})
            with urllib.request.urlopen(request, timeout=self._timeout_s) as response:
                return bytes(response.read())
        except urllib.error.HTTPError as error:
            reason = error.read().decode(errors="replace")
            raise ClientError(f"{url} answered {error.code}: {reason}") from error
        except (OSError, http.client.HTTPException, ValueError) as error:
            raise ClientError(f"no answer from {url}: {error}") from error


class GrpcServer:
    """Model on a server over gRPC; arguments of `RestServer`, address such as `localhost:8500`."""

    def __init__(self, address: str, model: str, version: int | None, timeout_s: float) -> None:
        try:
            import grpc
            from tensorflow_serving.apis import prediction_service_pb2_grpc
        except ImportError as error:
            raise ClientError("gRPC needs: pip install tensorflow-serving-api") from error
        # The default limit of gRPC, 4 MiB, would be 65 s at 16 kHz.
        limits = [("grpc.max_receive_message_length", -1), ("grpc.max_send_message_length", -1)]
        channel = grpc.insecure_channel(address, limits)
        self._service = prediction_service_pb2_grpc.PredictionServiceStub(channel)
        self._spec = {"name": model, **({} if version is None else {"version": {"value": version}})}
        self._address, self._timeout_s = address, timeout_s

    def run(self, noisy: Samples, signature: str, states: Tensors) -> dict[str, Samples]:
        """Returns the outputs of a signature by name."""
        request = grpc_request(self._spec, noisy, signature, states)
        return grpc_answer(self._ask("Predict", request))

    def signatures(self) -> Any:
        """Returns the model's metadata of its signatures, in the format of REST."""
        from google.protobuf.json_format import MessageToDict
        from tensorflow_serving.apis import get_model_metadata_pb2 as metadata

        request = metadata.GetModelMetadataRequest(
            model_spec=self._spec, metadata_field=["signature_def"]
        )
        signatures = metadata.SignatureDefMap()
        self._ask("GetModelMetadata", request).metadata["signature_def"].Unpack(signatures)
        return MessageToDict(signatures, preserving_proto_field_name=True)

    def _ask(self, method: str, request: Any) -> Any:
        import grpc

        try:
            return getattr(self._service, method)(request, timeout=self._timeout_s)
        except grpc.RpcError as error:
            reason = f"{error.code().name}: {error.details()}"
            raise ClientError(f"{self._address} answered {reason}") from error


Server = RestServer | GrpcServer


def enhance(server: Server, noisy: Samples) -> Samples:
    """Returns whole waveforms enhanced, `[streams, samples]` like the input."""
    return _enhanced(server.run(noisy, ENHANCE, {}))


def enhance_by_steps(server: Server, noisy: Samples, latency_samples: int | None = None) -> Samples:
    """Returns waveforms enhanced hop by hop, with states passed back, like a live stream.

    Args:
        server: its model must have the signature `step`.
        noisy: `[streams, samples]`.
        latency_samples: of the model, from its `tfse.json`; None for one hop.
    """
    shapes = step_shapes(server.signatures())
    hop = shapes.pop(NOISY)[1]
    latency = hop if latency_samples is None else latency_samples
    streams, samples = noisy.shape
    padding = latency + -(samples + latency) % hop
    blocks = np.pad(noisy, ((0, 0), (0, padding))).reshape(streams, -1, hop)
    # `initial_state` returns zeros, but REST cannot call a signature without inputs.
    states = {name: np.zeros((streams, *shape[1:]), np.float32) for name, shape in shapes.items()}
    enhanced = []
    for block in blocks.swapaxes(0, 1):
        states = server.run(block, STEP, states)
        enhanced.append(_enhanced(states))
    return np.concatenate(enhanced, axis=1)[:, latency : latency + samples]


def step_shapes(signatures: Any) -> dict[str, list[int]]:
    """Returns the shape of every input of `step`; -1 is any number of streams."""
    try:
        inputs = signatures["signature_def"][STEP]["inputs"].items()
        return {n: [int(dim.get("size", 0)) for dim in x["tensor_shape"]["dim"]] for n, x in inputs}
    except KeyError as error:
        raise ClientError(f"the model must have the signature `{STEP}`.") from error


def _enhanced(outputs: dict[str, Samples]) -> Samples:
    """Removes the enhanced samples from an answer, leaving the states, and returns them."""
    if ENHANCED not in outputs:
        raise ClientError(f"the answer must hold `{ENHANCED}`; received {sorted(outputs)}.")
    return outputs.pop(ENHANCED)


def _json(content: bytes, *keys: str) -> Any:
    try:
        found = json.loads(content)
        for key in keys:
            found = found[key]
        return found
    except (ValueError, KeyError, TypeError) as error:
        place = ".".join(keys)
        raise ClientError(f"the answer must hold {place}; received {content[:60]!r}.") from error


def main(arguments: Sequence[str] | None = None) -> int:
    """Enhances one recording; its channels are the streams of a batch."""
    options = _parser().parse_args(arguments)
    kind: Any = {"rest": RestServer, "grpc": GrpcServer}[options.protocol]
    address = (
        options.server or {"rest": "localhost:8501", "grpc": "localhost:8500"}[options.protocol]
    )
    try:
        if os.path.exists(options.output):
            raise ClientError(f"{options.output} already exists; choose another name.")
        samples, rate = soundfile.read(options.input, dtype="float32", always_2d=True)
        if rate != options.sample_rate:
            raise ClientError(f"{options.input} must have {options.sample_rate} Hz; it has {rate}.")
        server: Server = kind(address, options.model, options.version, options.timeout_s)
        noisy = np.ascontiguousarray(samples.T)
        if options.stream:
            enhanced = enhance_by_steps(server, noisy, options.latency_samples)
        else:
            enhanced = enhance(server, noisy)
        soundfile.write(options.output, enhanced.T, rate, soundfile.info(options.input).subtype)
    except (ClientError, OSError, soundfile.LibsndfileError, ValueError) as error:
        print(f"client.py: {' '.join(str(error).split())[:300]}", file=sys.stderr)
        return 1
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description="Enhances a recording with TensorFlow Serving.")
    parser.add_argument("input", help="noisy recording, at the sample rate of the model")
    parser.add_argument("output", help="enhanced recording")
    parser.add_argument("--model", required=True, help="its name on the server")
    parser.add_argument("--version", type=int, help="of the model; default: the newest")
    parser.add_argument("--server", help="HOST:PORT; default: localhost:8501 (gRPC: 8500)")
    parser.add_argument("--protocol", choices=["rest", "grpc"], default="rest")
    parser.add_argument("--stream", action="store_true", help="send hop by hop to `step`")
    parser.add_argument("--latency_samples", type=int, help="for --stream; default: one hop")
    parser.add_argument("--sample_rate", type=int, default=16_000, help="of the model, in Hz")
    parser.add_argument("--timeout_s", type=float, default=60.0, help="for one answer, in seconds")
    return parser


if __name__ == "__main__":
    sys.exit(main())
