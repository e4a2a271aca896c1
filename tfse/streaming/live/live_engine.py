"""Live engine: block-by-block enhancement, independent of the sound device."""

from __future__ import annotations

import collections
import dataclasses
import itertools
import math
import time
from collections.abc import Iterator
from typing import Protocol

import numpy as np

from tfse.errors import ConfigError
from tfse.streaming.steps.base import Step
from tfse.streaming.streaming_enhancer import StreamingEnhancer
from tfse.types import Samples

# Percentiles cover the last blocks.
_TIMES_KEPT = 10_000
# Level shown for digital silence.
_SILENCE_DB = -99.0


class Device(Protocol):
    """Sound device that reads and writes samples in real time."""

    def read(self, samples: int) -> tuple[Samples, bool]:
        """Waits for the next samples; returns them, and whether earlier ones were lost."""

    def write(self, samples: Samples) -> bool:
        """Plays samples; returns whether they came too late."""


@dataclasses.dataclass(frozen=True)
class LiveReading:
    """Levels, processing times and missed deadlines.

    Attributes:
        input_db: level of the last input block, in dBFS.
        output_db: level of the last output block, in dBFS.
        blocks: number of processed blocks.
        missed: blocks that took longer than their duration, were lost by the
            device, or reached it too late.
        p50_ms: median processing time per block.
        p99_ms: 99th percentile of the processing time per block.
        max_ms: longest processing time of all blocks.
    """

    input_db: float
    output_db: float
    blocks: int
    missed: int
    p50_ms: float
    p99_ms: float
    max_ms: float


class LiveEngine:
    """Engine that returns an enhanced block for every block, of the same size.

    The output is delayed by `delay_samples`: the latency of the model, and the wait
    for complete hops if a block is not a multiple of the hop. With the bypass on, the
    output is the input with the same delay, so that switching causes no jump; the
    change is faded over one block.

    Args:
        step: the model; compile a Keras model with `one_hop`.
        block_samples: samples per block; None for one hop.

    Shapes:
        `[block_samples]` -> `[block_samples]`, float32.

    Raises:
        ConfigError: `block_samples` is below 1.
    """

    def __init__(self, step: Step, block_samples: int | None = None) -> None:
        self.block_samples = step.hop_length if block_samples is None else block_samples
        if self.block_samples < 1:
            raise ConfigError(f"`block_samples` must be at least 1; received {block_samples}.")
        self.sample_rate = step.sample_rate
        self.bypass = False
        waiting = step.hop_length - math.gcd(step.hop_length, self.block_samples)
        self.delay_samples = step.latency_samples + waiting
        self._enhancer = StreamingEnhancer(step, on_invalid="zero")
        step(np.zeros((1, step.hop_length), np.float32), step.initial_state(1))
        self._enhanced = np.zeros(self.delay_samples, np.float32)
        self._dry = np.zeros(self.delay_samples, np.float32)
        self._share = 1.0
        self._times_ms: collections.deque[float] = collections.deque(maxlen=_TIMES_KEPT)
        self._max_ms = 0.0
        self._levels_db = (_SILENCE_DB, _SILENCE_DB)
        self._blocks = 0
        self._missed = 0

    @property
    def block_ms(self) -> float:
        """Duration of a block, the deadline of its computation, in milliseconds."""
        return 1000.0 * self.block_samples / self.sample_rate

    def process(self, noisy: Samples) -> Samples:
        """Returns the next output block."""
        began = time.perf_counter()
        noisy = np.nan_to_num(noisy, nan=0.0, posinf=0.0, neginf=0.0)
        self._enhanced = np.concatenate([self._enhanced, self._enhancer.process(noisy)])
        self._dry = np.concatenate([self._dry, noisy])
        enhanced, self._enhanced = np.split(self._enhanced, [noisy.size])
        dry, self._dry = np.split(self._dry, [noisy.size])
        output = self._faded(dry, enhanced)
        self._record(noisy, output, 1000.0 * (time.perf_counter() - began))
        return output

    def miss(self) -> None:
        """Counts a block that the device lost or received too late."""
        self._missed += 1

    def reading(self) -> LiveReading:
        """Returns the current levels and times."""
        times = np.array(self._times_ms or [0.0])
        p50_ms, p99_ms = (float(np.percentile(times, q)) for q in (50, 99))
        return LiveReading(
            *self._levels_db, self._blocks, self._missed, p50_ms, p99_ms, self._max_ms
        )

    def _faded(self, dry: Samples, enhanced: Samples) -> Samples:
        wanted = 0.0 if self.bypass else 1.0
        if wanted == self._share:
            return enhanced if wanted else dry
        share = np.linspace(self._share, wanted, dry.size, dtype=np.float32)
        self._share = wanted
        return dry + share * (enhanced - dry)

    def _record(self, noisy: Samples, output: Samples, time_ms: float) -> None:
        self._times_ms.append(time_ms)
        self._max_ms = max(self._max_ms, time_ms)
        self._blocks += 1
        self._missed += time_ms > self.block_ms
        self._levels_db = (_level_db(noisy), _level_db(output))


def run_live(engine: LiveEngine, device: Device) -> Iterator[int]:
    """Runs blocks from the device through the engine and back, one per iteration.

    Yields:
        The number of blocks so far, after every block.
    """
    for blocks in itertools.count(1):
        noisy, lost = device.read(engine.block_samples)
        late = device.write(engine.process(noisy))
        if lost or late:
            engine.miss()
        yield blocks


def _level_db(samples: Samples) -> float:
    power = float(np.mean(np.square(samples, dtype=np.float64)))
    return max(_SILENCE_DB, 10 * math.log10(power)) if power > 0 else _SILENCE_DB
