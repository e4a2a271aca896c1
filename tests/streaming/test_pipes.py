from __future__ import annotations

import io
import os
import threading

import numpy as np
import pytest

from tests.streaming.tiny_streams import identity_step, lstm_step, noise, tones
from tests.waiting import HANGS_S
from tfse.audio.layout import Layout
from tfse.errors import AudioError, ConfigError
from tfse.streaming import EnhanceOptions, enhance, pipes
from tfse.types import Samples


def layout(subtype: str = "PCM_16", channels: int = 1, rate: int = 16_000) -> Layout:
    return Layout(rate, channels, "RAW", subtype, "LITTLE")


def passed(data: bytes, stored: Layout, options: EnhanceOptions | None = None) -> bytes:
    target = io.BytesIO()
    source = io.BufferedReader(io.BytesIO(data))  # type: ignore[arg-type]
    pipes.enhance_raw(source, target, stored, identity_step(), options or EnhanceOptions())
    return target.getvalue()


@pytest.mark.parametrize(
    ("subtype", "numpy_type"),
    [("PCM_16", "<i2"), ("PCM_32", "<i4"), ("FLOAT", "<f4"), ("DOUBLE", "<f8")],
)
def test_raw_samples_pass_through_a_mask_of_ones(subtype: str, numpy_type: str) -> None:
    samples = tones(20_000, 48_000, 2)
    scale = 1 if "f" in numpy_type else 2.0 ** (8 * int(numpy_type[-1]) - 1)
    data = (samples * scale).astype(numpy_type).tobytes()
    returned = np.frombuffer(passed(data, layout(subtype, 2, 48_000)), numpy_type)
    np.testing.assert_allclose(returned.reshape(-1, 2) / scale, samples, atol=1e-4)


@pytest.mark.parametrize("subtype", ["PCM_S8", "PCM_U8", "PCM_24", "ALAW", "ULAW"])
def test_as_many_bytes_come_back(subtype: str) -> None:
    size = pipes.bytes_per_frame(layout(subtype, 3))
    data = bytes(range(100)) * size * 3
    assert len(passed(data, layout(subtype, 3))) == len(data)


def test_another_number_format_can_be_asked_for() -> None:
    data = (tones(2000, 16_000) * 32768).astype("<i2").tobytes()
    returned = passed(data, layout(), EnhanceOptions(subtype="FLOAT"))
    np.testing.assert_allclose(
        np.frombuffer(returned, "<f4"), np.frombuffer(data, "<i2") / 32768, atol=1e-6
    )
    with pytest.raises(ConfigError, match="received RAW with VORBIS"):
        passed(data, layout(), EnhanceOptions(subtype="VORBIS"))


def test_raw_samples_keep_their_upper_band() -> None:
    samples = noise(9000)
    returned = passed(samples.tobytes(), layout("FLOAT", rate=48_000))
    np.testing.assert_allclose(np.frombuffer(returned, "<f4"), samples, atol=1e-6)
    data = passed(samples.tobytes(), layout("FLOAT", rate=48_000), EnhanceOptions(band="model"))
    low = np.abs(np.fft.rfft(np.frombuffer(data, "<f4")))
    assert low[low.size // 2 :].max() < 0.01 * low.max()


def test_an_incomplete_sample_is_dropped_and_noted() -> None:
    source = pipes.RawSource(
        io.BufferedReader(io.BytesIO(bytes(4 * 100 + 3))),  # type: ignore[arg-type]
        layout(channels=2),
    )
    assert sum(len(block) for block in source.blocks()) == 100
    assert source.notes == ["it ends inside a sample; 3 bytes were dropped"]


def test_raw_samples_are_enhanced_while_they_arrive() -> None:
    """Output that is ready arrives before the input is closed."""
    to_program, from_program = os.pipe(), os.pipe()
    reader, writer = (os.fdopen(end, "rb") for end in (to_program[0], from_program[0]))
    target = os.fdopen(from_program[1], "wb")
    arguments = (reader, target, layout("FLOAT"), lstm_step(), EnhanceOptions())
    thread = threading.Thread(target=pipes.enhance_raw, args=arguments)
    thread.start()
    samples = noise(5000)
    os.write(to_program[1], samples[:3000].tobytes())
    ready = (3000 // 256 - 1) * 256
    first = read_floats(writer, ready)
    os.write(to_program[1], samples[3000:].tobytes())
    os.close(to_program[1])
    rest = read_floats(writer, 5000 - ready)
    thread.join(timeout=HANGS_S)
    assert not thread.is_alive()
    np.testing.assert_allclose(
        np.concatenate([first, rest]), enhance(samples, 16_000, lstm_step()), atol=1e-5
    )


def read_floats(stream: io.BufferedReader, count: int) -> Samples:
    return np.frombuffer(stream.read(4 * count), "<f4")


def test_a_closed_pipe_is_reported_once() -> None:
    ends = os.pipe()
    os.close(ends[0])
    with os.fdopen(ends[1], "wb") as target:
        with pytest.raises(BrokenPipeError):
            pipes.RawWriter(target, layout()).write(noise(100, 1))
        target.write(b"discarded without an error")


def test_an_empty_pipe_is_an_error() -> None:
    with (
        pytest.raises(AudioError, match="standard input is empty"),
        pipes.spooled_input(io.BytesIO()),
    ):
        pass


def test_failed_output_is_not_sent() -> None:
    target = io.BytesIO()
    with pytest.raises(KeyError), pipes.spooled_output(target) as file:
        file.write(b"half of it")
        raise KeyError
    assert target.getvalue() == b""
    with pipes.spooled_output(target) as file:
        file.write(b"all of it")
    assert target.getvalue() == b"all of it"
