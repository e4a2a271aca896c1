"""The client of `export/serving` against the signature functions.

TensorFlow Serving itself is not needed: `StandIn` does with a request what the
sources of the server do (util/json_tensor.cc, servables/tensorflow/predict_util.cc),
around a session on the same SavedModel. The reference is the signature function.
"""

from __future__ import annotations

import http.server
import json
import os
import pathlib
import re
import subprocess
import sys
import threading
import urllib.request
from concurrent import futures

import keras
import numpy as np
import pytest
import soundfile
import tensorflow as tf
from google.protobuf import json_format, text_format

from export.serving import client
from tests import instances
from tfse.exporting.saved_model import export_saved_model

SERVING = pathlib.Path(client.__file__).parent
MODEL, VERSION, HOP, RATE = "tiny_lstm_irm", 3, 32, 16_000


CODES = {"NOT_FOUND": 404, "INVALID_ARGUMENT": 400, "FAILED_PRECONDITION": 412}


class RefusedError(Exception):
    """A status of gRPC and what it says."""


class StandIn:
    """One model as TensorFlow Serving holds it."""

    def __init__(self, folder):
        graph = tf.Graph()
        with graph.as_default():
            self._session = tf.compat.v1.Session(graph=graph)
            loaded = tf.compat.v1.saved_model.load(self._session, ["serve"], str(folder))
        self.signature_def = loaded.signature_def

    def find(self, name, version):
        if name != MODEL or version not in (None, VERSION):
            request = f"Latest({name})" if version is None else f"Specific({name}, {version})"
            raise RefusedError("NOT_FOUND", f"Servable not found for request: {request}")

    def predict(self, name, arrays):
        if name not in self.signature_def:
            text = f'Serving signature key "{name}" not found.'
            raise RefusedError("FAILED_PRECONDITION", text)
        signature = self.signature_def[name]
        if set(arrays) != set(signature.inputs):
            raise RefusedError("INVALID_ARGUMENT", "input size does not match signature")
        fetched = {key: tensor.name for key, tensor in signature.outputs.items()}
        fed = {signature.inputs[key].name: array for key, array in arrays.items()}
        try:
            return self._session.run(fetched, fed)
        except ValueError as error:
            raise RefusedError("INVALID_ARGUMENT", str(error)) from error

    def predict_json(self, body):
        """Returns the answer to a body in the row or the columnar format."""
        request = json.loads(body)
        name = request.get("signature_name", "serving_default")
        if name not in self.signature_def:
            text = f'Serving signature name: "{name}" not found in signature def'
            raise RefusedError("INVALID_ARGUMENT", text)
        names = list(self.signature_def[name].inputs)
        if not names:
            text = f"Failed to get input map for signature: {name}"
            raise RefusedError("INVALID_ARGUMENT", text)
        if "instances" in request:
            rows = [x if isinstance(x, dict) else {names[0]: x} for x in request["instances"]]
            values = {key: [row[key] for row in rows] for key in rows[0]}
        else:
            values = request["inputs"]
            values = values if isinstance(values, dict) else {names[0]: values}
        arrays = {key: np.array(value, np.float32) for key, value in values.items()}
        outputs = {key: x.tolist() for key, x in self.predict(name, arrays).items()}
        if "instances" in request:
            rows = [
                dict(zip(outputs, row, strict=True)) for row in zip(*outputs.values(), strict=True)
            ]
            return {"predictions": rows if len(outputs) > 1 else next(iter(outputs.values()))}
        return {"outputs": outputs if len(outputs) > 1 else next(iter(outputs.values()))}

    def metadata_json(self):
        signatures = {
            name: json_format.MessageToDict(
                signature, including_default_value_fields=True, preserving_proto_field_name=True
            )
            for name, signature in self.signature_def.items()
        }
        return {"metadata": {"signature_def": {"signature_def": signatures}}}


class RestHandler(http.server.BaseHTTPRequestHandler):
    """The two resources that the client asks for."""

    stand_in: StandIn

    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self._answer(":predict", lambda: self.stand_in.predict_json(body))

    def do_GET(self):
        self._answer("/metadata", self.stand_in.metadata_json)

    def _answer(self, resource, answer):
        path = re.fullmatch(r"/v1/models/([^/:]+)(?:/versions/(\d+))?" + resource, self.path)
        try:
            if not path:
                raise RefusedError("INVALID_ARGUMENT", f"Malformed request: {self.path}")
            self.stand_in.find(path[1], path[2] and int(path[2]))
            status, values = 200, answer()
        except RefusedError as error:
            code, text = error.args
            status, values = CODES[code], {"error": text}
        content = json.dumps(values, indent=4).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *_):
        pass


def grpc_service(stand_in):
    """Returns the methods that the client calls."""
    import grpc
    from tensorflow_serving.apis import (
        get_model_metadata_pb2,
        predict_pb2,
        prediction_service_pb2_grpc,
    )

    class Service(prediction_service_pb2_grpc.PredictionServiceServicer):
        def Predict(self, request, context):  # noqa: N802
            spec = request.model_spec
            arrays = {name: tf.make_ndarray(x) for name, x in request.inputs.items()}
            name = spec.signature_name or "serving_default"
            outputs = self._checked(spec, context, lambda: stand_in.predict(name, arrays))
            response = predict_pb2.PredictResponse()
            for key, values in outputs.items():
                # In the field of its type, where `tf.make_tensor_proto` writes bytes.
                tensor = response.outputs[key]
                tensor.dtype = tf.float32.as_datatype_enum
                tensor.tensor_shape.CopyFrom(tf.TensorShape(values.shape).as_proto())
                tensor.float_val.extend(values.ravel().tolist())
            return response

        def GetModelMetadata(self, request, context):  # noqa: N802
            self._checked(request.model_spec, context, dict)
            assert list(request.metadata_field) == ["signature_def"]
            signatures = get_model_metadata_pb2.SignatureDefMap()
            for name, signature in stand_in.signature_def.items():
                signatures.signature_def[name].CopyFrom(signature)
            response = get_model_metadata_pb2.GetModelMetadataResponse()
            response.metadata["signature_def"].Pack(signatures)
            return response

        @staticmethod
        def _checked(spec, context, answer):
            try:
                stand_in.find(spec.name, spec.version.value if spec.HasField("version") else None)
                return answer()
            except RefusedError as error:
                code, text = error.args
                return context.abort(grpc.StatusCode[code], text)

    return Service()


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    keras.utils.set_random_seed(0)
    model = instances.MODELS["lstm_irm"]()
    return export_saved_model(model, tmp_path_factory.mktemp("served"), VERSION)


@pytest.fixture(scope="module")
def signatures(folder):
    """The functions themselves, as the reference."""
    return tf.saved_model.load(str(folder)).signatures


@pytest.fixture(scope="module")
def stand_in(folder):
    return StandIn(folder)


@pytest.fixture(scope="module")
def rest(stand_in):
    handler = type("Handler", (RestHandler,), {"stand_in": stand_in})
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"127.0.0.1:{server.server_port}"
        server.shutdown()


@pytest.fixture(scope="module")
def grpc_address(stand_in):
    pytest.importorskip("tensorflow_serving", reason="tensorflow-serving-api is not installed")
    import grpc
    from tensorflow_serving.apis import prediction_service_pb2_grpc

    server = grpc.server(futures.ThreadPoolExecutor(2))
    prediction_service_pb2_grpc.add_PredictionServiceServicer_to_server(
        grpc_service(stand_in), server
    )
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    yield f"127.0.0.1:{port}"
    server.stop(None)


@pytest.fixture(params=["rest", "grpc"])
def protocol(request):
    """Flags of the client that reach the stand-in."""
    fixture = {"rest": "rest", "grpc": "grpc_address"}[request.param]
    address = request.getfixturevalue(fixture)
    return [f"--model={MODEL}", f"--protocol={request.param}", f"--server={address}"]


@pytest.fixture(autouse=True)
def no_proxy(monkeypatch):
    monkeypatch.setenv("no_proxy", "127.0.0.1")


@pytest.fixture
def recording(tmp_path):
    """A noisy recording of two channels in float32, so that nothing is rounded."""
    path = tmp_path / "noisy.wav"
    soundfile.write(path, noise(2, 1003).T, RATE, "FLOAT")
    return path


def noise(*shape):
    return (0.1 * instances.random(*shape)).astype(np.float32)


def enhanced_by(signatures, noisy):
    return signatures["enhance"](noisy=tf.constant(noisy))["enhanced"].numpy()


def post(address, body):
    request = urllib.request.Request(f"http://{address}/v1/models/{MODEL}:predict", body)
    with urllib.request.urlopen(request) as response:
        return response.read()


def test_a_body_of_enhance_gives_what_the_signature_gives(signatures, rest):
    noisy = noise(3, 101)
    body = client.rest_body(noisy)
    assert json.loads(body)["signature_name"] == "enhance"
    outputs = client.rest_answer(post(rest, body))
    assert list(outputs) == ["enhanced"]
    np.testing.assert_allclose(outputs["enhanced"], enhanced_by(signatures, noisy), atol=1e-6)


def test_a_body_of_step_gives_what_the_signature_gives(signatures, rest):
    zeros = signatures["initial_state"]()
    states = {name: noise(2, *x.shape[1:]) for name, x in zeros.items()}
    noisy = noise(2, HOP)
    got = client.rest_answer(post(rest, client.rest_body(noisy, "step", states)))
    inputs = {name: tf.constant(x) for name, x in states.items()}
    wanted = signatures["step"](noisy=tf.constant(noisy), **inputs)
    assert set(got) == set(wanted)
    for name, values in wanted.items():
        np.testing.assert_allclose(got[name], values, atol=1e-6)


def test_float32_passes_through_json_unchanged():
    noisy = np.array([[np.pi, 1e-30, -1 / 3, np.finfo(np.float32).tiny]], np.float32)
    decoded = json.loads(client.rest_body(noisy))["inputs"]["noisy"]
    np.testing.assert_array_equal(np.array(decoded, np.float32), noisy)


def test_the_bodies_in_the_readme_are_answered_as_it_says(signatures, rest):
    text = (SERVING / "README.md").read_text(encoding="utf-8")
    bodies = [body.encode() for body in re.findall(r"-d '(.+?)'", text)]
    assert len(bodies) == 2
    noisy = np.array(json.loads(bodies[0])["inputs"], np.float32)
    wanted = enhanced_by(signatures, noisy)
    columnar, row = (json.loads(post(rest, body)) for body in bodies)
    np.testing.assert_allclose(columnar["outputs"], wanted, atol=1e-6)
    np.testing.assert_allclose(row["predictions"], wanted, atol=1e-6)


@pytest.mark.parametrize("way", [[], ["--stream"], [f"--version={VERSION}", "--stream"]])
def test_the_client_enhances_a_recording(signatures, protocol, recording, tmp_path, way):
    output = tmp_path / "enhanced.wav"
    assert client.main([str(recording), str(output), *protocol, *way]) == 0
    enhanced, rate = soundfile.read(output, dtype="float32")
    assert (rate, soundfile.info(output).subtype) == (RATE, "FLOAT")
    wanted = enhanced_by(signatures, noise(2, 1003))
    np.testing.assert_allclose(enhanced.T, wanted, atol=1e-5)


@pytest.mark.parametrize("samples", [0, 1, HOP - 1, HOP, HOP + 1])
def test_steps_are_enhance_for_any_length(signatures, rest, samples):
    server = client.RestServer(rest, MODEL, None, 10.0)
    noisy = noise(2, samples)
    streamed = client.enhance_by_steps(server, noisy)
    assert streamed.shape == noisy.shape
    np.testing.assert_allclose(streamed, enhanced_by(signatures, noisy), atol=1e-5)


def test_the_client_needs_neither_tfse_nor_tensorflow(signatures, rest, recording, tmp_path):
    alone = tmp_path / "alone.py"
    alone.write_bytes((SERVING / "client.py").read_bytes())
    hidden = "import runpy, sys; sys.modules.update(tfse=None, tensorflow=None); del sys.argv[0]; "
    run = f"{hidden}runpy.run_path(sys.argv[0], run_name='__main__')"
    output = tmp_path / "enhanced.wav"
    arguments = [alone, recording, output, f"--model={MODEL}", f"--server={rest}"]
    done = subprocess.run(
        [sys.executable, "-I", "-c", run, *map(str, arguments)],
        cwd=tmp_path,
        env={**os.environ, "no_proxy": "127.0.0.1"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")
    enhanced, _ = soundfile.read(output, dtype="float32")
    np.testing.assert_allclose(enhanced.T, enhanced_by(signatures, noise(2, 1003)), atol=1e-5)


def refusal(capsys, *arguments):
    """Returns the one line that a failed run of the client says."""
    assert client.main([str(argument) for argument in arguments]) == 1
    out, err = capsys.readouterr()
    assert out == ""
    assert err.startswith("client.py: ")
    assert err.count("\n") == 1
    return err


@pytest.mark.parametrize("way", [[], ["--stream"]])
@pytest.mark.parametrize(
    ("flag", "said"), [("--model=nobody", "Latest(nobody)"), ("--version=9", f"({MODEL}, 9)")]
)
def test_a_model_that_is_not_served_is_named(protocol, recording, capsys, way, flag, said):
    output = recording.with_name("enhanced.wav")
    line = refusal(capsys, recording, output, *protocol, *way, flag)
    assert "404" in line or "NOT_FOUND" in line
    assert f"Servable not found for request: {'Specific' if '9' in said else ''}{said}" in line
    assert not output.exists()


def test_a_wrong_signature_is_named(protocol, recording, capsys, monkeypatch):
    monkeypatch.setattr(client, "ENHANCE", "denoise")
    assert '"denoise' in refusal(capsys, recording, "enhanced.wav", *protocol).replace("\\", "")
    monkeypatch.setattr(client, "STEP", "hop")
    line = refusal(capsys, recording, "enhanced.wav", *protocol, "--stream")
    assert "the model must have the signature `hop`" in line


def test_a_wrong_shape_is_told(protocol, recording, capsys, monkeypatch):
    shapes = client.step_shapes
    monkeypatch.setattr(client, "step_shapes", lambda x: {**shapes(x), "noisy": [-1, HOP + 1]})
    line = refusal(capsys, recording, "enhanced.wav", *protocol, "--stream")
    assert f"(2, {HOP + 1})" in line


@pytest.mark.parametrize("kind", ["rest", "grpc"])
def test_a_server_that_is_down_is_told(recording, capsys, kind):
    if kind == "grpc":
        pytest.importorskip("tensorflow_serving", reason="tensorflow-serving-api is missing")
    # Nothing can listen on port 1 without privileges.
    flags = [f"--model={MODEL}", f"--protocol={kind}", "--server=127.0.0.1:1", "--timeout_s=5"]
    line = refusal(capsys, recording, "enhanced.wav", *flags)
    assert "127.0.0.1:1" in line
    assert "refused" in line or "UNAVAILABLE" in line


def test_an_answer_that_is_none_is_told(recording, capsys, monkeypatch):
    monkeypatch.setattr(client.RestServer, "_ask", lambda *_: b"<html>Welcome</html>")
    for way in ([], ["--stream"]):
        line = refusal(capsys, recording, "enhanced.wav", f"--model={MODEL}", *way)
        assert "received b'<html>Welcome</html>'" in line


def test_a_recording_that_can_not_be_sent_is_told(rest, recording, capsys):
    flags = [f"--model={MODEL}", f"--server={rest}"]
    line = refusal(capsys, recording, "enhanced.wav", *flags, "--sample_rate=8000")
    assert "must have 8000 Hz; it has 16000" in line
    assert "missing.wav" in refusal(capsys, "missing.wav", "enhanced.wav", *flags)
    assert "already exists; choose another name" in refusal(capsys, recording, recording, *flags)


def test_without_the_package_grpc_says_what_to_install(recording, capsys, monkeypatch):
    monkeypatch.setitem(sys.modules, "tensorflow_serving.apis", None)
    flags = [f"--model={MODEL}", "--protocol=grpc"]
    assert "pip install tensorflow-serving-api" in refusal(capsys, recording, "x.wav", *flags)


def test_a_grpc_request_fits_the_signature(signatures):
    pytest.importorskip("tensorflow_serving", reason="tensorflow-serving-api is not installed")
    states = {name: noise(2, *x.shape[1:]) for name, x in signatures["initial_state"]().items()}
    spec = {"name": MODEL, "version": {"value": VERSION}}
    request = client.grpc_request(spec, noise(2, HOP), "step", states)
    assert request.model_spec.name == MODEL
    assert request.model_spec.version.value == VERSION
    assert request.model_spec.signature_name == "step"
    specs = signatures["step"].structured_input_signature[1]
    assert set(request.inputs) == set(specs)
    for name, tensor in request.inputs.items():
        array = tf.make_ndarray(tensor)
        assert specs[name].dtype == array.dtype
        assert specs[name].shape.is_compatible_with(array.shape)
        np.testing.assert_array_equal(array, states.get(name, noise(2, HOP)))
    newest = client.grpc_request({"name": MODEL}, noise(2, HOP))
    assert not newest.model_spec.HasField("version")
    assert newest.model_spec.signature_name == "enhance"


def test_the_example_of_a_model_config_is_one():
    pytest.importorskip("tensorflow_serving", reason="tensorflow-serving-api is not installed")
    from tensorflow_serving.config import model_server_config_pb2

    text = (SERVING / "model.config").read_text(encoding="utf-8")
    plain = text_format.Parse(text, model_server_config_pb2.ModelServerConfig())
    models = {model.name: model.base_path for model in plain.model_config_list.config}
    assert models == {name: f"/models/{name}" for name in ("lstm_irm", "dpcrn_small")}
    # The policy that stands there as a comment is one too.
    chosen = text_format.Parse(
        re.sub(r"#( *model_version_policy)", r"\1", text),
        model_server_config_pb2.ModelServerConfig(),
    )
    policy = chosen.model_config_list.config[1].model_version_policy
    assert list(policy.specific.versions) == [1, 2]
