"""SavedModels against the models they came from, and without tfse."""

from __future__ import annotations

import functools
import os
import pathlib
import subprocess
import sys

import keras
import numpy as np
import pytest
import tensorflow as tf

from tests import instances
from tfse.errors import ConfigError, ModelError
from tfse.exporting import warmup_requests
from tfse.exporting.metadata import weights_hash
from tfse.exporting.saved_model import export_saved_model
from tfse.exporting.signatures import BLOCK_S
from tfse.layers import STFT, InverseSTFT
from tfse.models import EnhancementModel, enhance_aligned
from tfse.streaming import StreamingEnhancer, enhance, open_step
from tfse.streaming.steps.signature import EXTRA_ASSETS, METADATA_FILE, saved_model_metadata

HOP = 32
RATE = 16_000


class Export:
    """A model and what was written of it."""

    def __init__(self, name, output_dir):
        keras.utils.set_random_seed(0)
        self.model = instances.MODELS[name]()
        self.folder = export_saved_model(self.model, output_dir, 3)
        self.signatures = tf.saved_model.load(str(self.folder)).signatures

    def run(self, noisy, signature="enhance"):
        return self.signatures[signature](noisy=tf.constant(noisy))["enhanced"].numpy()


@pytest.fixture(scope="module")
def exports(tmp_path_factory):
    """Returns the export of a model of `tests.instances` by name."""
    return functools.cache(lambda name: Export(name, tmp_path_factory.mktemp(name)))


@pytest.fixture(scope="module", params=["lstm_irm", "dpcrn_full_frame", "fastenhancer_polar"])
def export(request, exports):
    return exports(request.param)


@pytest.fixture(scope="module")
def small(exports):
    """One model, where a second would only take time."""
    return exports("lstm_irm")


def noise(*shape):
    return (0.1 * instances.random(*shape)).astype(np.float32)


def test_it_stands_under_name_and_version_with_its_signatures(export):
    assert export.folder.parts[-2:] == (export.model.name, "3")
    assert set(export.signatures) == {"serving_default", "enhance", "step", "initial_state"}
    for path in export.folder.parent.iterdir():
        assert path.name == "3", "a server that watches the folder must find versions alone"


def test_serving_default_is_enhance(export):
    noisy = noise(2, 1000)
    np.testing.assert_array_equal(export.run(noisy, "serving_default"), export.run(noisy))


@pytest.mark.parametrize("samples", [0, 1, HOP - 1, HOP, HOP + 1, 2 * HOP, 1003])
@pytest.mark.parametrize("batch", [1, 3])
def test_enhance_is_the_aligned_model_for_any_batch_and_length(export, batch, samples):
    model, noisy = export.model, noise(batch, samples)
    enhanced = export.run(noisy)
    wanted = enhance_aligned(model, noisy, model.latency_samples, model.hop_length)
    assert enhanced.shape == noisy.shape
    np.testing.assert_allclose(enhanced, wanted, atol=1e-5)


def test_enhance_runs_long_waveforms_block_by_block(export):
    block = round(BLOCK_S * RATE)
    for samples in (block - HOP, block, 2 * block + 7):
        noisy = noise(2, samples)
        wanted = enhance_aligned(export.model, noisy, HOP, HOP)
        np.testing.assert_allclose(export.run(noisy), wanted, atol=1e-5)


# The largest resident size before and after a waveform, in MB.
_MEMORY = """
import pathlib, sys
import numpy as np, tensorflow as tf

loaded = tf.saved_model.load(sys.argv[1])

def peak_after(seconds):
    noisy = np.zeros((1, seconds * 16_000), np.float32)
    loaded.signatures["enhance"](noisy=tf.constant(noisy))
    status = pathlib.Path("/proc/self/status").read_text()
    return int(status.split("VmHWM:")[1].split()[0]) / 1024

print(peak_after(4), peak_after(160))
"""


@pytest.mark.skipif(not pathlib.Path("/proc/self/status").exists(), reason="no /proc here")
def test_the_memory_of_enhance_does_not_grow_with_the_length(exports, stranger):
    said = stranger(sys.executable, "-c", _MEMORY, exports("dpcrn_full_frame").folder)
    short, long = map(float, said.split())
    # Input, output and their copies are 10 MB each; in one piece it is 800 MB more.
    assert long - short < 80


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf, 3e38, -2e12])
@pytest.mark.parametrize("signature", ["enhance", "step"])
def test_an_invalid_sample_is_silence_and_spoils_nothing_else(export, signature, value):
    bad = noise(2, 1003 if signature == "enhance" else HOP)
    bad[0, 20] = value
    silenced = np.where(np.arange(2)[:, np.newaxis] + np.arange(bad.shape[1]) == 20, 0, bad)
    silenced[1] = bad[1]
    state = {}
    if signature == "step":
        zeros = export.signatures["initial_state"]()
        state = {name: tf.repeat(x, 2, axis=0) for name, x in zeros.items()}
    run = export.signatures[signature]
    got, wanted = (run(noisy=tf.constant(x), **state) for x in (bad, silenced.astype(np.float32)))
    for name, values in got.items():
        np.testing.assert_array_equal(values, wanted[name], name)


def test_enhance_is_what_the_library_does_with_the_model(export):
    noisy = noise(3, 1003)
    wanted = enhance(noisy.T, RATE, export.model).T
    np.testing.assert_allclose(export.run(noisy), wanted, atol=1e-5)


def test_steps_of_two_streams_are_enhance(export):
    noisy = noise(2, 1003)
    step = open_step(export.folder, trust_saved_model=True)
    enhancer = StreamingEnhancer(step, 2)
    parts = [enhancer.process(noisy[:, i : i + 100]) for i in range(0, noisy.shape[1], 100)]
    streamed = np.concatenate([*parts, enhancer.flush()], axis=1)
    np.testing.assert_allclose(streamed, export.run(noisy), atol=1e-5)


def test_a_state_goes_in_under_the_name_it_comes_out(export):
    states = export.signatures["initial_state"]()
    step = export.signatures["step"]
    outputs = step(noisy=tf.zeros((1, HOP)), **states)
    assert set(outputs) == {"enhanced", *states}
    for name, zeros in states.items():
        assert outputs[name].shape == zeros.shape
        # A client over REST, which can not call `initial_state`, starts with zeros.
        assert not zeros.numpy().any()


def test_the_metadata_tells_how_to_feed_it(export):
    metadata = saved_model_metadata(export.folder)
    assert metadata.sample_rate == RATE
    assert (metadata.hop_length, metadata.latency_samples) == (HOP, HOP)
    content = (export.folder / EXTRA_ASSETS / METADATA_FILE).read_text(encoding="utf-8")
    assert weights_hash(export.model) in content


def test_a_version_is_never_written_over(export):
    before = {path: path.stat().st_mtime_ns for path in export.folder.rglob("*")}
    with pytest.raises(
        ConfigError, match=r"3 already exists; use another version or output folder\.$"
    ):
        export_saved_model(export.model, export.folder.parent.parent, 3)
    assert {path: path.stat().st_mtime_ns for path in export.folder.rglob("*")} == before


@pytest.mark.parametrize("version", [0, -1])
def test_a_version_below_one_is_refused(small, tmp_path, version):
    with pytest.raises(ConfigError, match=f"`version` must be 1 or more; received {version}"):
        export_saved_model(small.model, tmp_path, version)
    assert not list(tmp_path.iterdir())


def test_a_model_that_can_not_stream_is_refused(tmp_path):
    noisy = keras.Input((None,), name="noisy")
    spectrum = STFT(64, 32, name="stft")(noisy)
    mixed = keras.layers.Conv2D(2, (3, 1), padding="same", name="culprit")(spectrum)
    waveform = InverseSTFT(64, 32, name="inverse_stft")(mixed)
    model = EnhancementModel(noisy, waveform, name="whole_only")
    with pytest.raises(ModelError, match="'culprit'"):
        export_saved_model(model, tmp_path)
    assert not list(tmp_path.iterdir())


def test_a_failure_leaves_no_file_behind(small, tmp_path, monkeypatch):
    def fail(*_):
        raise OSError("No space left on device")

    monkeypatch.setattr(warmup_requests, "write_requests", fail)
    with pytest.raises(OSError, match="No space left"):
        export_saved_model(small.model, tmp_path)
    assert not list((tmp_path / small.model.name).iterdir())


# Run with every module of the project forbidden, from a folder that is not ours.
STRANGER = """
import sys

class NothingOfOurs:
    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] == "tfse":
            raise ImportError(name)

sys.meta_path.insert(0, NothingOfOurs())
import numpy as np
import tensorflow as tf

folder, source, target = sys.argv[1:]
signatures = tf.saved_model.load(folder).signatures
noisy = np.load(source)
state = {name: tf.repeat(x, 2, axis=0) for name, x in signatures["initial_state"]().items()}
outputs = signatures["step"](noisy=tf.constant(noisy[:, :32]), **state)
assert outputs["enhanced"].shape == (2, 32)
np.save(target, signatures["enhance"](noisy=tf.constant(noisy))["enhanced"])
print([name for name in sys.modules if name.split(".")[0] == "tfse"])
"""


@pytest.fixture
def stranger(tmp_path):
    """Runs commands of this environment in a folder of their own, without a GPU."""

    def run(*command):
        environment = {k: v for k, v in os.environ.items() if k != "PYTHONPATH"}
        environment |= {"CUDA_VISIBLE_DEVICES": "", "TF_CPP_MIN_LOG_LEVEL": "3"}
        done = subprocess.run(
            [str(part) for part in command],
            cwd=tmp_path,
            env=environment,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    return run


def test_it_runs_where_there_is_tensorflow_and_nothing_of_ours(small, tmp_path, stranger):
    noisy = noise(2, 1003)
    np.save(tmp_path / "noisy.npy", noisy)
    said = stranger(sys.executable, "-I", "-c", STRANGER, small.folder, "noisy.npy", "enhanced.npy")
    assert said.splitlines()[-1] == "[]"
    enhanced = np.load(tmp_path / "enhanced.npy")
    np.testing.assert_allclose(enhanced, small.run(noisy), atol=1e-6)


def test_saved_model_cli_shows_and_runs_it(small, tmp_path, stranger):
    noisy = noise(2, 1003)
    np.save(tmp_path / "noisy.npy", noisy)
    cli = pathlib.Path(sys.executable).with_name("saved_model_cli")
    model = ["--dir", small.folder, "--tag_set", "serve", "--signature_def"]
    shown = stranger(cli, "show", *model, "step")
    for name in ("noisy", "enhanced", *small.signatures["initial_state"]()):
        assert f"puts['{name}'] tensor_info:" in shown
    assert f"shape: (-1, {HOP})" in shown
    stranger(cli, "run", *model, "enhance", "--inputs", "noisy=noisy.npy", "--outdir", tmp_path)
    np.testing.assert_allclose(np.load(tmp_path / "enhanced.npy"), small.run(noisy), atol=1e-6)


def test_warm_up_requests_run_through_every_signature_that_takes_input(small):
    pytest.importorskip("tensorflow_serving", reason="tensorflow-serving-api is not installed")
    from tensorflow_serving.apis import prediction_log_pb2

    path = small.folder / EXTRA_ASSETS / "tf_serving_warmup_requests"
    logs = [
        prediction_log_pb2.PredictionLog.FromString(record.numpy())
        for record in tf.data.TFRecordDataset(str(path))
    ]
    requests = {log.predict_log.request.model_spec.signature_name: log for log in logs}
    # `enhance` and `serving_default` are graphs of their own to a server.
    assert sorted(requests) == ["enhance", "serving_default", "step"]
    for name, log in requests.items():
        assert log.WhichOneof("log_type") == "predict_log"
        inputs = log.predict_log.request.inputs
        arrays = {argument: tf.make_ndarray(tensor) for argument, tensor in inputs.items()}
        outputs = small.signatures[name](**{n: tf.constant(x) for n, x in arrays.items()})
        assert outputs["enhanced"].shape == arrays["noisy"].shape
        assert all(np.isfinite(x).all() for x in outputs.values())


def test_without_the_package_there_are_no_warm_up_requests(small, tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "tensorflow_serving", None)
    (tmp_path / EXTRA_ASSETS).mkdir()
    assert not warmup_requests.write_requests(tmp_path, HOP)
    assert not list((tmp_path / EXTRA_ASSETS).iterdir())
