"""FastEnhancer: parity with the authors' code, sizes and checks of settings."""

import dataclasses
import importlib
import pathlib

import keras
import numpy as np
import pytest

from tfse import models
from tfse.errors import ConfigError
from tfse.importing.originals import fastenhancer
from tfse.importing.source import Part, Source
from tfse.layers import PowerLawCompression, PowerLawExpansion
from tfse.models.cost import multiply_accumulates

FIXTURE = pathlib.Path(__file__).with_name("fastenhancer_original.npz")
SMALL = models.FastEnhancerConfig(
    frame_length=64,
    hop_length=32,
    fft_length=64,
    channels=8,
    blocks=2,
    block_channels=12,
    bands=6,
    heads=4,
)


def test_mask_equals_the_authors():
    """`fastenhancer_original.npz` contains arrays computed by the authors' PyTorch code.

    Their `Model(channels=8, kernel_size=[8, 3, 3], stride=4, rnnformer_kwargs=dict(
    num_blocks=2, channels=12, freq=6, num_heads=4, eps=1e-5, positional_embedding="train"),
    pre_post_init="linear_fixed", n_fft=64, hop_size=32, window="hann", weight_norm=True,
    normalize_final_conv=True, input_compression=0.3)` got random weights, and random scales,
    offsets and moving statistics in every normalization. `state/...` is its state dict,
    `effective/...` the kernels after weight normalization; `compressed` is the compressed
    spectrum of seeded noise with a slow envelope, without the highest bin, and `mask` what
    `model_forward` returned for it, both `[batch, bins, frames, 2]`.
    """
    arrays = dict(np.load(FIXTURE))
    core = models.build(SMALL).get_layer("core")
    _assign(core, _original(arrays).weights)
    compressed = _with_highest_bin(arrays["compressed"])
    network = keras.Model(core.get_layer("compression").output, core.get_layer("decoder_0").output)
    mask = np.asarray(network(compressed))
    expected = arrays["mask"].transpose(0, 2, 1, 3)
    assert np.abs(expected).max() > 1.0
    np.testing.assert_allclose(mask[:, :, :-1], expected, atol=2e-5)


def test_expanded_mask_is_the_mask_of_the_compressed_spectrum():
    rng = np.random.default_rng(0)
    spectrum, mask = rng.standard_normal((2, 1, 3, 9, 2)).astype(np.float32)
    compressed = _complex(PowerLawCompression(0.3)(spectrum))
    product = compressed * _complex(mask)
    expected = product * np.abs(product) ** (1 / 0.3 - 1)
    result = _complex(spectrum) * _complex(PowerLawExpansion(0.3)(mask))
    np.testing.assert_allclose(result, expected, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize(
    ("name", "published", "macs"),
    [("tiny", 21_774, 60e6), ("base", 91_430, 262e6), ("small", 194_418, 664e6)],
)
def test_sizes_are_the_papers(name, published, macs):
    config = importlib.import_module(f"configs.fastenhancer_{name}").get_config().model
    config = dataclasses.replace(config, log_power_input=False, mask="compressed")
    model = models.build(config)
    core = model.get_layer("core")
    norms = [layer for layer in core.layers if isinstance(layer, keras.layers.BatchNormalization)]
    # In the published count normalizations are folded into biases, and a GRU has a second
    # bias for the gates z and r.
    trainable = sum(int(np.prod(v.shape)) for v in model.trainable_variables)
    folded = trainable - sum(layer.gamma.shape[0] for layer in norms)
    assert folded + 2 * config.blocks * config.block_channels == published
    assert multiply_accumulates(model) * 62.5 == pytest.approx(macs, rel=0.03)


@pytest.mark.parametrize(
    ("setting", "message"),
    [
        ({"kernel_sizes": (4, 3)}, "longer than `stride`"),
        ({"kernel_sizes": ()}, "longer than `stride`"),
        ({"kernel_sizes": (7, 3)}, "longer than `stride`"),
        ({"kernel_sizes": (8, 4)}, "must be odd"),
        ({"stride": 5, "kernel_sizes": (9,)}, "must divide half"),
        ({"heads": 5}, "must divide the channels"),
        ({"bands": 1}, "2 or more"),
        ({"compression": 0.0}, "above 0"),
        ({"level_time_s": -1.0}, "`level_time_s` must not be negative"),
        ({"mask": "complex"}, "`mask` must be one of"),
    ],
)
def test_invalid_settings_are_refused(setting, message):
    with pytest.raises(ConfigError, match=message):
        models.build(dataclasses.replace(SMALL, **setting))


def test_sizes_are_read_from_the_weights():
    config = _original(dict(np.load(FIXTURE))).config
    assert config == dataclasses.replace(SMALL, name="fastenhancer")


def _assign(core, arrays):
    variables = {"/".join(v.path.split("/")[-2:]): v for v in core.variables}
    assert set(variables) == set(arrays)
    for name, variable in variables.items():
        assert variable.shape == arrays[name].shape, name
        variable.assign(arrays[name])


def _with_highest_bin(spectrum):
    """Transposes to `[batch, frames, bins + 1, 2]`, zero in the last bin."""
    return np.pad(spectrum.transpose(0, 2, 1, 3), [(0, 0), (0, 0), (0, 1), (0, 0)])


def _complex(x):
    x = np.asarray(x)
    return x[..., 0] + 1j * x[..., 1]


def test_maps_over_frequency_are_the_authors():
    theirs = _original(dict(np.load(FIXTURE))).weights
    core = models.build(SMALL).get_layer("core")
    for layer in ("to_bands", "from_bands"):
        ours = np.asarray(core.get_layer(layer).kernel)
        np.testing.assert_allclose(ours, theirs[f"{layer}/kernel"], atol=1e-6)


def test_initial_embedding_is_waves_of_ascending_frequency():
    embedding = np.asarray(
        models.build(SMALL).get_layer("core").get_layer("band_embedding").embedding
    )
    angles = np.pi / 6 * np.outer(np.arange(1, 7), 5.0 ** np.linspace(0, 1, 6))
    np.testing.assert_allclose(embedding, np.hstack([np.sin(angles), np.cos(angles)]), atol=1e-5)


def test_training_starts_near_the_identity_mask():
    model = models.build(SMALL)
    x = 0.1 * np.random.default_rng(0).standard_normal((1, 640)).astype(np.float32)
    y = np.asarray(model(x))[:, model.latency_samples :]
    assert np.corrcoef(y[0], x[0, : y.shape[1]])[0, 1] > 0.8


def _original(arrays):
    """Returns the conversion of the fixture's state dict, its weight normalization restored."""
    part = Part("x.pth", "torch", b"", _state_dict(arrays))
    return fastenhancer.convert(Source((part,)))


def _state_dict(arrays):
    """Returns the authors' state dict: the fixture has the kernels after weight normalization."""
    state = {k.removeprefix("state/"): v for k, v in arrays.items() if k.startswith("state/")}
    for name, kernel in arrays.items():
        name = name.removeprefix("effective/")
        if name == "dec_post.3.weight":
            state[name] = 3 * kernel
            state["dec_post.3.scale"] = np.linalg.norm(kernel, keepdims=True).ravel()
        elif f"effective/{name}" in arrays:
            module, _, matrix = name.rpartition(".")
            norms = np.linalg.norm(kernel, axis=1, keepdims=True)
            original = f"{module}.parametrizations.{matrix}.original"
            state |= {f"{original}0": norms, f"{original}1": kernel * np.sqrt(norms)}
    return {**state, "enc_pre.1.num_batches_tracked": np.asarray(9, np.int64)}
