from __future__ import annotations

import contextlib
import pathlib
import sys
import types

import numpy as np
import pytest
from absl import flags
from absl.testing import flagsaver

from tests.streaming.test_live_engine import Recorded
from tests.streaming.tiny_streams import identity, identity_step, noise
from tfse.cli import live, program
from tfse.errors import ConfigError
from tfse.streaming.live import sound_devices
from tfse.streaming.live.live_engine import LiveEngine
from tfse.streaming.live.sound_devices import DeviceError, SoundDevice
from tfse.types import Samples


class PortAudioError(Exception):
    pass


class Stream:
    """Replacement of sounddevice's stream: records noise, and plays into a list."""

    opened: dict[str, object]
    played: list[Samples]

    def __init__(self, **settings: object) -> None:
        if settings["samplerate"] != 16_000:
            raise PortAudioError("Invalid sample rate [PaErrorCode -9997]")
        Stream.opened, Stream.played = settings, []

    def start(self) -> None: ...

    def abort(self) -> None: ...

    def close(self) -> None: ...

    def read(self, samples: int) -> tuple[Samples, bool]:
        return noise(samples, 1), False

    def write(self, samples: Samples) -> bool:
        Stream.played.append(samples)
        return False


@pytest.fixture
def sounddevice(monkeypatch: pytest.MonkeyPatch) -> types.SimpleNamespace:
    module = types.SimpleNamespace(
        Stream=Stream, PortAudioError=PortAudioError, query_devices=lambda: ["0 Some microphone"]
    )
    monkeypatch.setitem(sys.modules, "sounddevice", module)
    return module


def run(*arguments: str) -> int:
    with flagsaver.flagsaver():
        return live.main(flags.FLAGS(["tfse-live", *arguments]))


@pytest.fixture
def model(tmp_path: pathlib.Path) -> str:
    path = tmp_path / "identity.keras"
    identity().save(path)
    return str(path)


def test_it_records_and_plays(
    sounddevice: types.SimpleNamespace, model: str, capsys: pytest.CaptureFixture[str]
) -> None:
    arguments = (f"--model={model}", "--seconds=1", "--hops=2", "--microphone=USB")
    assert run(*arguments, "--loudspeaker=3") == program.DONE
    assert Stream.opened["device"] == ("USB", 3)
    assert (Stream.opened["samplerate"], Stream.opened["blocksize"]) == (16_000, 512)
    heard = np.concatenate(Stream.played)[:, 0]
    np.testing.assert_allclose(heard[256:512], noise(512, 1)[:256, 0], atol=1e-6)
    printed = capsys.readouterr().out
    assert printed.startswith("32 blocks of 32.0 ms, ")
    assert printed.endswith("delay 16.0 ms plus the devices'.\n")


def test_devices_are_listed(
    sounddevice: types.SimpleNamespace, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run("--list_devices") == program.DONE
    assert "0 Some microphone" in capsys.readouterr().out


def test_no_device_is_one_line(sounddevice: types.SimpleNamespace) -> None:
    sounddevice.query_devices = list
    with pytest.raises(DeviceError, match=r"^there is no sound device on this machine\.$"):
        run()


def test_a_device_that_cannot_run_is_one_line(sounddevice: types.SimpleNamespace) -> None:
    message = "cannot be opened at 8000 Hz: Invalid sample rate .*See --list_devices"
    with pytest.raises(DeviceError, match=message):
        SoundDevice(8000, 256)


def test_a_missing_sounddevice_is_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "sounddevice", None)
    with pytest.raises(DeviceError, match=r"pip install tfse\[live\]"):
        sound_devices.device_table()


def test_a_missing_portaudio_is_one_line(
    monkeypatch: pytest.MonkeyPatch, tmp_path: pathlib.Path
) -> None:
    (tmp_path / "sounddevice.py").write_text("raise OSError('PortAudio library not found')")
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.delitem(sys.modules, "sounddevice", raising=False)
    with pytest.raises(
        DeviceError, match="needs the PortAudio library: PortAudio library not found"
    ):
        sound_devices.device_table()


def test_keys_switch_the_bypass_and_end(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    pressed = iter(["", "b", "", "q"])
    monkeypatch.setattr(live, "_keys", lambda: contextlib.nullcontext(pressed))
    engine = LiveEngine(identity_step())
    device = Recorded(noise(256 * 9))
    live.run(engine, device, seconds=None)
    assert engine.bypass
    assert len(device.played) == 4
    assert "4 blocks" in capsys.readouterr().out


def test_ctrl_c_ends_with_the_results(capsys: pytest.CaptureFixture[str]) -> None:
    class Interrupted(Recorded):
        def read(self, samples: int) -> tuple[Samples, bool]:
            if len(self.played) == 3:
                raise KeyboardInterrupt
            return super().read(samples)

    live.run(LiveEngine(identity_step()), Interrupted(noise(256 * 9)), seconds=None)
    assert "3 blocks of 16.0 ms" in capsys.readouterr().out


def test_the_meters_stand_on_one_line() -> None:
    engine = LiveEngine(identity_step())
    engine.process(np.full(256, 0.1, np.float32))
    engine.bypass = True
    text = live.meter(engine)
    assert text.startswith("in [#############       ]  -20 dB  out [                    ]  -99 dB")
    assert text.endswith("missed 0  BYPASS")


def test_usage_is_checked() -> None:
    with pytest.raises(ConfigError, match="`hops` must be at least 1; received 0"):
        run("--hops=0")
    with pytest.raises(ConfigError, match="Only flags are taken; received 'mic'"):
        run("mic")
