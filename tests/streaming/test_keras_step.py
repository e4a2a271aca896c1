from __future__ import annotations

import keras
import numpy as np
import pytest

from tests.streaming.tiny_streams import lstm, lstm_step, noise
from tfse.errors import ModelError
from tfse.layers import STFT, InverseSTFT
from tfse.models import EnhancementModel
from tfse.streaming import KerasStep, StreamingEnhancer


def test_one_hop_equals_blocks() -> None:
    samples = noise(2000)
    one_hop = StreamingEnhancer(KerasStep(lstm(), one_hop=True))
    blocks = StreamingEnhancer(lstm_step())
    got = np.concatenate([one_hop.process(samples), one_hop.flush()])
    wanted = np.concatenate([blocks.process(samples), blocks.flush()])
    np.testing.assert_allclose(got, wanted, atol=1e-6)


def test_a_model_that_looks_ahead_is_refused() -> None:
    noisy = keras.Input((None,))
    spectrum = STFT(64, 32)(noisy)
    over_time = keras.layers.Conv2D(2, (3, 1), padding="same", name="ahead")(spectrum)
    model = EnhancementModel(noisy, InverseSTFT(64, 32)(over_time))
    with pytest.raises(ModelError, match="received the layer 'ahead'"):
        KerasStep(model)


def test_another_model_is_refused() -> None:
    with pytest.raises(ModelError, match="must be an EnhancementModel; received Sequential"):
        KerasStep(keras.Sequential([keras.layers.Dense(1)]))
