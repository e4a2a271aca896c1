"""States that stay zero until the first full frame."""

import keras
import numpy as np
import pytest
from keras import ops

from tests import instances
from tfse import layers, models
from tfse.errors import ConfigError, ModelError


@pytest.mark.parametrize(
    ("settings", "partial"),
    [(instances.tiny_dpcrn, 1), (instances.tiny_fastenhancer, 1), (instances.tiny_lstm_irm, 1)],
)
def test_mask_is_that_of_frames_from_sample_zero(settings, partial):
    model = models.build(settings())
    full = models.build(settings(first_frame="full"))
    full.set_weights(model.get_weights())
    spectrum = model.stft(0.1 * instances.random(2, 12 * model.hop_length))
    expected = np.asarray(model.get_layer("core")(spectrum[:, partial:])["mask"])
    whole = np.asarray(model.get_layer("core")(spectrum)["mask"])
    mask = np.asarray(full.get_layer("core")(spectrum)["mask"])
    np.testing.assert_allclose(mask[:, partial:], expected, atol=1e-6)
    assert not np.allclose(whole[:, partial:], expected, atol=1e-5)
    # Partial frames keep the mask that they had.
    np.testing.assert_allclose(mask[:, :partial], whole[:, :partial], atol=1e-6)


def test_each_of_several_partial_frames_starts_from_zero():
    frames = keras.Input((None, 4))
    lstm = layers.TimeLSTM(5)
    model = layers.FullFrameModel(frames, lstm(layers.FrameCounter(3)(frames)))
    x = instances.random(2, 9, 4)
    starts = [np.asarray(lstm(ops.convert_to_tensor(x[:, t : t + 1]))) for t in range(3)]
    expected = np.concatenate([*starts, np.asarray(lstm(x[:, 3:]))], axis=1)
    np.testing.assert_allclose(np.asarray(model(x)), expected, atol=1e-6)


def test_training_runs_all_frames_at_once():
    frames = keras.Input((None, 4))
    norm = layers.BatchNormalization()
    model = layers.FullFrameModel(frames, norm(layers.FrameCounter(1)(frames)))
    x = instances.random(2, 9, 4)
    np.testing.assert_allclose(
        np.asarray(model(x, training=True)).mean(axis=(0, 1)), np.zeros(4), atol=1e-6
    )


def test_a_model_without_a_counter_is_refused():
    frames = keras.Input((None, 4))
    model = layers.FullFrameModel(frames, layers.TimeLSTM(5)(frames))
    with pytest.raises(ModelError, match="FrameCounter"):
        model(instances.random(1, 3, 4))


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"first_frame": "half"}, "`first_frame` must be one of"),
        ({"first_frame": "full", "hop_length": 24}, "`hop_length` must divide `frame_length`"),
    ],
)
def test_invalid_settings_are_refused(settings, message):
    with pytest.raises(ConfigError, match=message):
        models.build(instances.tiny_lstm_irm(**settings))


def test_counter_of_zero_frames_is_refused():
    with pytest.raises(ConfigError, match="`partial_frames`"):
        layers.FrameCounter(0)
