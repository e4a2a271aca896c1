from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from tests.streaming.tiny_streams import dpcrn, dpcrn_step, identity_step, lstm, lstm_step, noise
from tfse.errors import AudioError, ConfigError
from tfse.models import EnhancementModel, enhance_aligned
from tfse.streaming import StreamingEnhancer
from tfse.streaming.steps.base import Step
from tfse.types import Samples

RANDOM = "random"
SAMPLES = 5_001


def pieces(samples: Samples, size: int | str) -> list[Samples]:
    if isinstance(size, int):
        cuts = np.arange(size, samples.shape[-1], size)
    else:
        cuts = np.sort(np.random.default_rng(1).integers(0, samples.shape[-1] + 1, 40))
    return np.split(samples, cuts, axis=-1)


def streamed(enhancer: StreamingEnhancer, samples: Samples, size: int | str) -> Samples:
    parts = [enhancer.process(piece) for piece in pieces(samples, size)]
    return np.concatenate([*parts, enhancer.flush()], axis=-1)


@functools.cache
def offline(model: EnhancementModel) -> Samples:
    samples = noise(SAMPLES)[np.newaxis]
    batch = enhance_aligned(model, samples, model.latency_samples, model.hop_length)
    return np.asarray(batch)[0]


@pytest.mark.parametrize("size", [7, 160, 256, 4096, RANDOM])
@pytest.mark.parametrize(("model", "step"), [(lstm, lstm_step), (dpcrn, dpcrn_step)])
def test_a_stream_equals_the_offline_model(
    model: Callable[[], EnhancementModel], step: Callable[[], Step], size: int | str
) -> None:
    enhanced = streamed(StreamingEnhancer(step()), noise(SAMPLES), size)
    np.testing.assert_allclose(enhanced, offline(model()), rtol=0, atol=1e-5)


class StateDropping:
    """Step that drops the state, like a broken runner."""

    def __init__(self, step: Step) -> None:
        self._step = step
        self.sample_rate = step.sample_rate
        self.hop_length = step.hop_length
        self.latency_samples = step.latency_samples

    def initial_state(self, num_streams: int) -> Any:
        return self._step.initial_state(num_streams)

    def __call__(self, noisy: Samples, state: Any) -> tuple[Samples, Any]:
        enhanced, _ = self._step(noisy, state)
        return enhanced, state


def test_a_dropped_state_fails_the_test_above() -> None:
    dropped = streamed(StreamingEnhancer(StateDropping(lstm_step())), noise(SAMPLES), 256)
    assert np.abs(dropped - offline(lstm())).max() > 1e-2


def test_one_sample_at_a_time() -> None:
    samples = noise(700)
    enhancer = StreamingEnhancer(identity_step())
    np.testing.assert_allclose(streamed(enhancer, samples, 1), samples, atol=1e-6)


@pytest.mark.parametrize("samples", [0, 1, 255, 256, 257, 511, 512, 513, 1000])
def test_the_output_has_the_length_of_the_input(samples: int) -> None:
    enhancer = StreamingEnhancer(identity_step())
    given = noise(samples)
    np.testing.assert_allclose(streamed(enhancer, given, 100), given, atol=1e-6)


def test_all_output_that_is_ready_is_returned() -> None:
    enhancer = StreamingEnhancer(identity_step())
    ready = [enhancer.process(noise(n)).size for n in (255, 1, 256, 0, 600, 168)]
    assert ready == [0, 0, 256, 0, 512, 256]


def test_a_minute_at_once_equals_blocks() -> None:
    samples = noise(60 * 16_000)
    enhancer = StreamingEnhancer(lstm_step())
    whole = streamed(enhancer, samples, samples.size)
    np.testing.assert_allclose(streamed(enhancer, samples, 16_000), whole, atol=1e-6)


def test_streams_are_independent() -> None:
    both = noise(5000, 2).T
    alone = [streamed(StreamingEnhancer(lstm_step()), stream, 300) for stream in both]
    together = streamed(StreamingEnhancer(lstm_step(), num_streams=2), both, 300)
    np.testing.assert_allclose(together, alone, atol=1e-6)

    other = both.copy()
    other[1] = noise(5000, seed=9)
    changed = streamed(StreamingEnhancer(lstm_step(), num_streams=2), other, 300)
    np.testing.assert_array_equal(changed[0], together[0])


def test_flush_and_reset_start_over() -> None:
    samples = noise(3000)
    enhancer = StreamingEnhancer(lstm_step())
    first = streamed(enhancer, samples, 500)
    np.testing.assert_array_equal(streamed(enhancer, samples, 500), first)
    enhancer.process(samples[:777])
    enhancer.reset()
    np.testing.assert_array_equal(streamed(enhancer, samples, 500), first)


def test_the_rank_of_the_input_is_kept() -> None:
    enhancer = StreamingEnhancer(identity_step())
    assert enhancer.process(noise(600)[np.newaxis]).shape == (1, 256)
    assert enhancer.flush().shape == (1, 344)
    assert enhancer.process(noise(600)).shape == (256,)
    assert enhancer.flush().shape == (344,)


def test_latency_is_that_of_the_model() -> None:
    enhancer = StreamingEnhancer(identity_step())
    assert enhancer.latency_samples == 256
    assert enhancer.latency_ms == 16.0


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf, 1e13])
def test_an_invalid_sample_is_reported_with_its_position(value: float) -> None:
    enhancer = StreamingEnhancer(lstm_step(), num_streams=2)
    samples = noise(1000, 2).T
    before = enhancer.process(samples)
    bad = samples.copy()
    bad[1, 123] = value
    with pytest.raises(AudioError, match=r"at sample 1123 of channel 1\.$"):
        enhancer.process(bad)

    # The refused block has not changed the state.
    untouched = StreamingEnhancer(lstm_step(), num_streams=2)
    np.testing.assert_array_equal(untouched.process(samples), before)
    np.testing.assert_array_equal(enhancer.process(samples), untouched.process(samples))


def test_an_invalid_sample_is_silence_when_asked() -> None:
    samples = noise(2000)
    bad, silenced = samples.copy(), samples.copy()
    bad[[5, 700, 701]] = [np.nan, np.inf, -3e38]
    silenced[[5, 700, 701]] = 0
    zeroing = StreamingEnhancer(lstm_step(), on_invalid="zero")
    np.testing.assert_array_equal(
        streamed(zeroing, bad, 300), streamed(StreamingEnhancer(lstm_step()), silenced, 300)
    )


def test_double_precision_comes_back_single() -> None:
    enhancer = StreamingEnhancer(identity_step())
    assert enhancer.process(noise(600).astype(np.float64)).dtype == np.float32
    with pytest.raises(AudioError, match="received inf at sample 600"):
        enhancer.process(np.array([1e300]))


@pytest.mark.parametrize(
    "samples", [np.zeros((2, 10), np.float32), np.zeros((1, 2, 3), np.float32), np.float32(1)]
)
def test_a_wrong_shape_is_refused(samples: Samples) -> None:
    with pytest.raises(AudioError, match=r"samples must be \[1 streams, samples\]; received"):
        StreamingEnhancer(identity_step()).process(samples)


def test_integers_are_refused() -> None:
    with pytest.raises(AudioError, match="samples must be float32; received int16"):
        StreamingEnhancer(identity_step()).process(np.zeros(9, np.int16))  # type: ignore[arg-type]


def test_settings_are_checked() -> None:
    with pytest.raises(ConfigError, match="`num_streams` must be at least 1; received 0"):
        StreamingEnhancer(identity_step(), num_streams=0)
    with pytest.raises(ConfigError, match="`on_invalid` must be one of"):
        StreamingEnhancer(identity_step(), on_invalid="ignore")
