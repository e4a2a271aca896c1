"""Program `tfse-live`: enhances a microphone and plays the result."""

from __future__ import annotations

import contextlib
import select
import signal
import sys
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from absl import flags

from tfse import native_logs
from tfse.cli import model_flag, program
from tfse.errors import ConfigError

if TYPE_CHECKING:
    from tfse.streaming.live.live_engine import Device, LiveEngine

DESCRIPTION = """Enhances the sound of a microphone and plays it at once. Use headphones.

  tfse-live --list_devices
  tfse-live --microphone=USB --loudspeaker=3

Keys: b toggles the bypass, q quits.
"""

_LIST_DEVICES = flags.DEFINE_bool("list_devices", False, "Print the sound devices and exit.")
_MICROPHONE = flags.DEFINE_string("microphone", None, "Number or name of the input device.")
_LOUDSPEAKER = flags.DEFINE_string("loudspeaker", None, "Number or name of the output device.")
flags.declare_key_flag(model_flag.NAME)
flags.declare_key_flag(model_flag.ENGINE_NAME)
flags.declare_key_flag(model_flag.TRUST_NAME)
_SECONDS = flags.DEFINE_float("seconds", None, "Duration; without it until q or Ctrl-C.")
_HOPS = flags.DEFINE_integer("hops", 1, "Hops of the model per block: more delay, fewer misses.")

# Interval of the level meters, in seconds.
_METER_S = 0.1
_METER_CELLS = 20
_METER_RANGE_DB = 60.0


def main(arguments: Sequence[str]) -> int:
    """Runs until the user ends it."""
    program.require_flags_only(arguments)
    if _HOPS.value < 1:
        raise ConfigError(f"`hops` must be at least 1; received {_HOPS.value}.")
    with native_logs.hidden():
        return _main()


def entry_point() -> None:
    """Runs the program."""
    program.run(main, DESCRIPTION)


def _main() -> int:
    from tfse.streaming.live.sound_devices import SoundDevice, device_table

    # Before the model is loaded, which takes time.
    table = device_table()
    if _LIST_DEVICES.value:
        print(table)
        return program.DONE
    engine = _engine()
    with SoundDevice(
        engine.sample_rate, engine.block_samples, _MICROPHONE.value, _LOUDSPEAKER.value
    ) as device:
        run(engine, device, _SECONDS.value)
    return program.DONE


def run(engine: LiveEngine, device: Device, seconds: float | None) -> None:
    """Runs the engine with meters and keys, and prints the results at the end.

    Args:
        engine: enhances the samples.
        device: microphone and loudspeaker.
        seconds: duration of audio; None for until `q` or Ctrl-C.
    """
    from tfse.streaming.live.live_engine import run_live

    every = max(1, round(1000 * _METER_S / engine.block_ms))
    try:
        with _keys() as keys:
            for blocks in run_live(engine, device):
                if blocks % every == 0:
                    _show(meter(engine))
                key = next(keys)
                engine.bypass ^= key == "b"
                done_s = blocks * engine.block_ms / 1000
                if key == "q" or (seconds is not None and done_s >= seconds):
                    break
    except KeyboardInterrupt as stop:
        if getattr(stop, "number", signal.SIGINT) != signal.SIGINT:
            raise
    finally:
        _show("")
        print(results(engine))


def meter(engine: LiveEngine) -> str:
    """Returns the line with the levels and times."""
    reading = engine.reading()
    bypass = "  BYPASS" if engine.bypass else ""
    return (
        f"in {_bar(reading.input_db)}  out {_bar(reading.output_db)}  {reading.p50_ms:.1f} of "
        f"{engine.block_ms:.1f} ms  missed {reading.missed}{bypass}"
    )


def results(engine: LiveEngine) -> str:
    """Returns the line that is printed at the end."""
    reading = engine.reading()
    delay_ms = 1000.0 * engine.delay_samples / engine.sample_rate
    return (
        f"{reading.blocks} blocks of {engine.block_ms:.1f} ms, {reading.missed} missed; time per "
        f"block: p50 {reading.p50_ms:.2f} ms, p99 {reading.p99_ms:.2f} ms, max "
        f"{reading.max_ms:.2f} ms; delay {delay_ms:.1f} ms plus the devices'."
    )


def _engine() -> LiveEngine:
    from tfse.streaming import open_step
    from tfse.streaming.live.live_engine import LiveEngine

    step = open_step(model_flag.value(), one_hop=True, engine=model_flag.engine())
    return LiveEngine(step, _HOPS.value * step.hop_length)


def _show(text: str) -> None:
    if sys.stderr.isatty():
        print(f"\r\x1b[K{text}", end="", file=sys.stderr, flush=True)


def _bar(level_db: float) -> str:
    cells = round(_METER_CELLS * min(1.0, max(0.0, 1 + level_db / _METER_RANGE_DB)))
    return f"[{'#' * cells:<{_METER_CELLS}}] {level_db:4.0f} dB"


@contextlib.contextmanager
def _keys() -> Iterator[Iterator[str]]:
    """Yields an iterator over the last pressed key, "" for none."""
    if not sys.stdin.isatty():
        yield iter(lambda: "", None)
        return
    import termios
    import tty

    before = termios.tcgetattr(sys.stdin)
    tty.setcbreak(sys.stdin)
    try:
        yield iter(_pressed, None)
    finally:
        termios.tcsetattr(sys.stdin, termios.TCSADRAIN, before)


def _pressed() -> str:
    ready, _, _ = select.select([sys.stdin], [], [], 0)
    return sys.stdin.read(1) if ready else ""


if __name__ == "__main__":
    entry_point()
