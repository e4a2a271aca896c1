from __future__ import annotations

import time

import numpy as np
import pytest

from tests.streaming.tiny_streams import Stateless, identity_step, lstm_step, noise
from tfse.errors import ConfigError
from tfse.streaming import StreamingEnhancer
from tfse.streaming.live.live_engine import LiveEngine, run_live
from tfse.types import Samples


class Recorded:
    """Device with a recording as microphone and a list as loudspeaker."""

    def __init__(self, samples: Samples, lost: int = -1, late: int = -1) -> None:
        self._samples = samples
        self._lost = lost
        self._late = late
        self._blocks = 0
        self.played: list[Samples] = []

    def read(self, samples: int) -> tuple[Samples, bool]:
        block, self._samples = np.split(self._samples, [samples])
        self._blocks += 1
        return block, self._blocks == self._lost

    def write(self, samples: Samples) -> bool:
        self.played.append(samples)
        return self._blocks == self._late


def played(engine: LiveEngine, device: Recorded, blocks: int) -> Samples:
    for done in run_live(engine, device):
        if done == blocks:
            break
    return np.concatenate(device.played)


@pytest.mark.parametrize("block_samples", [256, 512, 100, 1000, 1])
def test_what_is_played_is_the_stream_and_its_delay(block_samples: int) -> None:
    blocks = 3000 // block_samples
    samples = noise(blocks * block_samples)
    engine = LiveEngine(lstm_step(), block_samples)
    heard = played(engine, Recorded(samples), blocks)
    enhancer = StreamingEnhancer(lstm_step())
    wanted = np.concatenate([enhancer.process(samples), enhancer.flush()])
    delay = engine.delay_samples
    assert not heard[:delay].any()
    np.testing.assert_allclose(heard[delay:], wanted[: samples.size - delay], atol=1e-5)


@pytest.mark.parametrize(
    ("block_samples", "delay"), [(None, 256), (512, 256), (128, 384), (100, 508), (1, 511)]
)
def test_the_delay_is_minimal(block_samples: int | None, delay: int) -> None:
    assert LiveEngine(identity_step(), block_samples).delay_samples == delay


def test_the_bypass_returns_the_input_with_the_same_delay_and_no_jump() -> None:
    samples = (0.5 * np.sin(np.arange(40 * 256) * 0.05)).astype(np.float32)
    engine = LiveEngine(lstm_step())
    device = Recorded(samples)
    for done in run_live(engine, device):
        engine.bypass = 10 <= done < 25
        if done == 40:
            break
    heard = np.concatenate(device.played)
    dry = np.concatenate([np.zeros(256, np.float32), samples])[: heard.size]
    np.testing.assert_array_equal(heard[11 * 256 : 25 * 256], dry[11 * 256 : 25 * 256])
    assert np.abs(heard[26 * 256 :] - dry[26 * 256 :]).max() > 0.05
    # Neither the sine nor the model output changes more between samples.
    assert np.abs(np.diff(heard)).max() < 0.05


class Slow(Stateless):
    """Model that needs 30 ms per hop of 10 ms."""

    hop_length = 160

    def __call__(self, noisy: Samples, state: None) -> tuple[Samples, None]:
        time.sleep(0.03)
        return noisy, None


def test_missed_deadlines_are_counted() -> None:
    slow = LiveEngine(Slow())
    played(slow, Recorded(noise(160 * 5)), 5)
    reading = slow.reading()
    assert (reading.blocks, reading.missed) == (5, 5)
    assert 30 <= reading.p50_ms <= reading.p99_ms <= reading.max_ms

    device = Recorded(noise(16_000 * 5), lost=2, late=4)
    # Blocks of one second are never missed.
    engine = LiveEngine(identity_step(), 16_000)
    played(engine, device, 5)
    assert engine.reading().missed == 2


def test_meters_show_levels_in_decibels() -> None:
    engine = LiveEngine(identity_step())
    device = Recorded(np.full(256 * 4, 0.1, np.float32))
    played(engine, device, 4)
    assert engine.reading().input_db == pytest.approx(-20, abs=0.01)
    assert engine.reading().output_db == pytest.approx(-20, abs=0.1)
    played(engine, Recorded(np.zeros(256 * 2, np.float32)), 2)
    assert engine.reading().input_db == -99


def test_bad_samples_of_a_device_are_silence() -> None:
    samples = noise(256 * 4)
    samples[300:310] = np.nan
    heard = played(LiveEngine(lstm_step()), Recorded(samples), 4)
    assert np.isfinite(heard).all()


def test_an_empty_block_is_refused() -> None:
    with pytest.raises(ConfigError, match="`block_samples` must be at least 1; received 0"):
        LiveEngine(identity_step(), 0)
