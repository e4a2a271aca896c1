"""Contracts of all models: streaming, saving, latency, silence and half precision."""

import subprocess
import sys

import numpy as np
import pytest
import tensorflow as tf

import tfse
from tests import contracts, instances
from tfse import models
from tfse.errors import ConfigError, ModelError
from tfse.layers import (
    STFT,
    Delay,
    InverseSTFT,
    WaveformInput,
    initial_state,
    stream_step,
)
from tfse.models.cost import multiply_accumulates
from tfse.models.enhancement_model import core_of
from tfse.training.precision import dtype_policy


@pytest.fixture(scope="module", params=instances.MODELS)
def model(request):
    return instances.MODELS[request.param]()


def _noise(model, hops=12):
    return 0.1 * instances.random(2, hops * model.hop_length)


def test_model_keeps_the_streaming_contract(model):
    contracts.check_streaming_model(model, _noise(model))


def test_one_trace_serves_blocks_of_every_length(model):
    state = initial_state(model, 1)
    specs = {name: tf.TensorSpec(zeros.shape) for name, zeros in state.items()}
    step = tf.function(
        lambda block, state: stream_step(model, block, state),
        input_signature=[tf.TensorSpec([1, None]), specs],
    )
    x = _noise(model)[:1]
    outputs = []
    for block in np.split(x, np.cumsum([1, 2, 5]) * model.hop_length, axis=1):
        output, state = step(block, state)
        outputs.append(output)
    np.testing.assert_allclose(np.concatenate(outputs, axis=1), np.asarray(model(x)), atol=1e-6)


def test_keras_file_restores_the_same_model(model, tmp_path):
    path = tmp_path / "model.keras"
    model.save(path)
    copy = tfse.load(path)
    x = _noise(model)
    np.testing.assert_array_equal(np.asarray(copy(x)), np.asarray(model(x)))
    assert (copy.sample_rate, copy.hop_length, copy.latency_samples) == (
        model.sample_rate,
        model.hop_length,
        model.latency_samples,
    )
    contracts.check_streaming_model(copy, x)


def test_output_for_digital_silence_is_silence(model):
    silence = np.zeros((1, 12 * model.hop_length), np.float32)
    np.testing.assert_allclose(np.asarray(model(silence)), 0.0, atol=1e-6)


def test_core_outputs_are_those_of_the_model(model):
    x = _noise(model)
    outputs = models.with_core_outputs(model)(x)
    np.testing.assert_array_equal(np.asarray(outputs.pop("enhanced")), np.asarray(model(x)))
    core = core_of(model)
    names = {layer.name for layer in model.layers}
    waveform = model.get_layer("dc_removal")(x) if "dc_removal" in names else x
    heads = core(model.stft(waveform)) if core else {}
    assert set(outputs) == set(heads)
    for name, head in heads.items():
        np.testing.assert_allclose(np.asarray(outputs[name]), np.asarray(head), atol=1e-6)


@pytest.mark.parametrize("policy", ["mixed_bfloat16", "mixed_float16"])
@pytest.mark.parametrize("name", instances.MODELS)
def test_model_computes_in_half_precision(name, policy):
    with dtype_policy(policy):
        model = instances.MODELS[name]()
    enhanced = model(_noise(model))
    assert enhanced.dtype == "float32"
    assert np.isfinite(np.asarray(enhanced)).all()


@pytest.mark.parametrize("samples", [1, 31, 32, 33, 1000])
def test_aligned_output_is_as_long_as_the_input(model, samples):
    x = 0.1 * instances.random(1, samples)
    y = models.enhance_aligned(model, x, model.latency_samples, model.hop_length)
    assert tuple(y.shape) == (1, samples)


def test_output_in_a_new_process_is_bit_identical(tmp_path):
    model = instances.MODELS["dpcrn"]()
    x = _noise(model)
    model.save(tmp_path / "model.keras")
    np.save(tmp_path / "x.npy", x)
    code = (
        "import sys, tfse; import numpy as np; "
        "np.save(sys.argv[1] + '/y.npy', tfse.load(sys.argv[1] + '/model.keras')("
        "np.load(sys.argv[1] + '/x.npy')))"
    )
    subprocess.run([sys.executable, "-c", code, str(tmp_path)], check=True)
    np.testing.assert_array_equal(np.load(tmp_path / "y.npy"), np.asarray(model(x)))


@pytest.mark.parametrize("frame_length, hop_length", [(64, 32), (64, 16), (60, 24)])
def test_measured_delay_is_the_declared_latency(frame_length, hop_length):
    import keras

    inputs = keras.Input((None,))
    spectrum = STFT(frame_length, hop_length, 64, "hann")(inputs)
    waveform = InverseSTFT(frame_length, hop_length, 64, "hann")(spectrum)
    model = models.EnhancementModel(inputs, waveform)
    assert model.latency_samples == frame_length - hop_length
    assert contracts.measured_latency(model, 20 * hop_length) == model.latency_samples


def test_declared_delay_of_the_signal_counts_in_the_latency():
    import keras

    inputs = keras.Input((None,))
    waveform = Delay(24, samples_per_step=1)(WaveformInput(8_000, 8)(inputs))
    features = Delay(3)(inputs)  # of another tensor
    model = models.EnhancementModel(inputs, waveform + 0.0 * features)
    assert (model.sample_rate, model.hop_length, model.latency_samples) == (8_000, 8, 24)
    assert contracts.measured_latency(model, 200) == 24
    assert (model.stft.sample_rate, model.stft.frame_length) == (8_000, 256)


def test_waveform_of_partial_hops_is_refused():
    with pytest.raises(ConfigError, match="whole hops of 8; received 12 samples"):
        WaveformInput(8_000, 8)(np.zeros((1, 12), np.float32))


@pytest.mark.parametrize("layer", [lambda: WaveformInput(0, 8), lambda: Delay(-1)])
def test_invalid_sizes_are_refused(layer):
    with pytest.raises(ConfigError, match="received"):
        layer()


def test_model_without_sample_rate_is_refused():
    import keras

    inputs = keras.Input((None,))
    model = models.EnhancementModel(inputs, keras.layers.ReLU()(inputs), name="bare")
    with pytest.raises(ModelError, match="'bare' has no STFT or WaveformInput layer"):
        model.hop_length  # noqa: B018


def test_dpcrn_of_the_paper_has_its_number_of_parameters():
    model = models.build(models.DPCRNConfig())
    assert model.count_params() == 804_646
    assert model.latency_samples == 200


def test_small_dpcrn_is_small():
    from configs import dpcrn_small

    assert 60_000 <= models.build(dpcrn_small.get_config().model).count_params() <= 150_000


@pytest.mark.parametrize(
    ("config", "message"),
    [
        (
            models.DPCRNConfig(mask="none"),
            r"`mask` must be one of \['complex', 'polar'\]; received 'none'",
        ),
        (models.ModelConfig(), "`config` must be one of .*received ModelConfig"),
        (
            models.DPCRNConfig(filters=(8, 8)),
            "must have one entry per encoder stage; received the lengths .*'filters': 2",
        ),
        (
            models.DPCRNConfig(paddings=((0, 3), (0, 1), (1, 1), (1, 1), (1, 1))),
            "multiple of its stride; received 204 padded bins",
        ),
    ],
)
def test_invalid_configs_are_refused(config, message):
    with pytest.raises(ConfigError, match=message):
        models.build(config)


def test_file_that_is_not_an_archive_is_refused(tmp_path):
    path = tmp_path / "not.keras"
    path.write_text("hello")
    with pytest.raises(ModelError, match=r"not\.keras is not a complete \.keras archive"):
        tfse.load(path)


def test_keras_model_without_tfse_is_refused(tmp_path):
    import keras

    inputs = keras.Input((3,))
    keras.Model(inputs, keras.layers.Dense(1)(inputs)).save(tmp_path / "other.keras")
    with pytest.raises(ModelError, match=r"other\.keras holds a Functional, not a tfse model"):
        tfse.load(tmp_path / "other.keras")


def test_lambda_is_not_run(tmp_path):
    import keras

    inputs = keras.Input((3,))
    outputs = keras.layers.Lambda(lambda x: x + 1)(inputs)
    models.EnhancementModel(inputs, outputs).save(tmp_path / "lambda.keras")
    with pytest.raises(ModelError, match=r"lambda\.keras"):
        tfse.load(tmp_path / "lambda.keras")


def test_unknown_name_is_refused_with_the_names_that_exist():
    with pytest.raises(ModelError, match=r"one of \[.*\]; received 'nobody'"):
        tfse.load("nobody")


@pytest.mark.parametrize(
    ("config", "wanted"),
    [
        # Sizes of the papers, counted by hand per stage.
        (models.DPCRNConfig(), 37_465_600),
        (models.LSTMIRMConfig(), 4 * 512 * (257 + 512) + 4 * 256 * (512 + 256) + 256 * 257),
    ],
)
def test_multiply_accumulates_per_frame(config, wanted):
    assert multiply_accumulates(models.build(config)) == wanted
