"""Models for recordings: files in any blocks, everything but streams, and a clear refusal."""

import numpy as np
import pytest
import soundfile
import tensorflow as tf

import tfse
from tests import contracts, instances
from tfse import models
from tfse.errors import ModelError
from tfse.exporting.saved_model import export_saved_model
from tfse.exporting.tflite import export_tflite
from tfse.layers import initial_state, require_streamable, stream_step
from tfse.streaming import KerasStep, StreamingEnhancer, open_step
from tfse.streaming.live.live_engine import LiveEngine
from tfse.streaming.recording_enhancer import RecordingEnhancer
from tfse.training.precision import dtype_policy

RATE = 16_000
REFUSAL = r"'tiny_segan_plus' is offline only: .* the layer 'windows' \(OverlappedWindows\)"


@pytest.fixture(scope="module", params=instances.OFFLINE_MODELS)
def model(request):
    return instances.OFFLINE_MODELS[request.param]()


@pytest.fixture(scope="module")
def step(model):
    return open_step(model)


@pytest.fixture(scope="module")
def noisy():
    return 0.1 * instances.random(2, 1_003).T


@pytest.fixture(scope="module")
def whole(model, noisy):
    enhanced = models.enhance_aligned(model, noisy.T, model.latency_samples, model.hop_length)
    return np.asarray(enhanced).T


@pytest.mark.parametrize("piece", [1_003, 1, 160, 64])
def test_result_does_not_depend_on_the_blocks(step, noisy, whole, piece):
    enhancer = RecordingEnhancer(step, RATE, 2)
    pieces = [enhancer.process(noisy[i : i + piece]) for i in range(0, len(noisy), piece)]
    enhanced = np.concatenate([part.enhanced for part in [*pieces, enhancer.finish()]])
    assert enhanced.shape == noisy.shape
    np.testing.assert_allclose(enhanced, whole, atol=1e-6)


def test_files_and_arrays_are_enhanced(model, noisy, whole, tmp_path):
    model.save(tmp_path / "model.keras")
    np.testing.assert_allclose(
        tfse.enhance(noisy, RATE, tmp_path / "model.keras"), whole, atol=1e-6
    )
    soundfile.write(tmp_path / "noisy.wav", noisy, RATE, "FLOAT")
    tfse.enhance_file(tmp_path / "noisy.wav", tmp_path / "out.wav", tmp_path / "model.keras")
    enhanced, rate = soundfile.read(tmp_path / "out.wav", dtype="float32")
    assert rate == RATE
    np.testing.assert_allclose(enhanced, whole, atol=1e-6)


def test_future_never_reaches_the_past_beyond_the_window(model):
    x = 0.1 * instances.random(1, 12 * model.hop_length)
    contracts.check_causal(
        lambda y: np.asarray(model(y)), x, np.asarray(model(x)), model.hop_length
    )


def test_saved_model_enhances_and_has_no_step(model, noisy, whole, tmp_path):
    folder = export_saved_model(model, tmp_path)
    signatures = tf.saved_model.load(str(folder)).signatures
    assert set(signatures) == {"enhance", "serving_default"}
    enhanced = signatures["enhance"](noisy=tf.constant(noisy.T))["enhanced"]
    np.testing.assert_allclose(enhanced.numpy().T, whole, atol=1e-6)
    with pytest.raises(ModelError, match=r"is of a model for recordings only"):
        open_step(folder, trust_saved_model=True)


@pytest.mark.parametrize(
    "use",
    [
        lambda model: require_streamable(model),
        lambda model: initial_state(model),
        lambda model: stream_step(model, np.zeros((1, model.hop_length), np.float32), {}),
        lambda model: StreamingEnhancer(open_step(model)),
        lambda model: LiveEngine(open_step(model)),
        lambda model: open_step(model, one_hop=True),
        lambda model: KerasStep(model, one_hop=True),
        lambda model: export_tflite(model, "never", ["float32"]),
    ],
)
def test_streams_are_refused_by_name(model, use):
    with pytest.raises(ModelError, match=REFUSAL):
        use(model)


@pytest.mark.parametrize("policy", ["mixed_bfloat16", "mixed_float16"])
def test_model_computes_in_half_precision(policy):
    with dtype_policy(policy):
        model = instances.OFFLINE_MODELS["segan_plus"]()
    enhanced = model(0.1 * instances.random(2, 4 * model.hop_length))
    assert enhanced.dtype == "float32"
    assert np.isfinite(np.asarray(enhanced)).all()
