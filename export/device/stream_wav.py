"""Streams a WAV file through an exported model, as a device would: hop by hop.

    python stream_wav.py MODEL.tflite NOISY.wav ENHANCED.wav

Needs numpy and ai-edge-litert, and nothing else; copy it as it is. It shows all
that a host must do: read the metadata, begin with states of zeros, hand every
state back by name, and drop the first `latency_samples` samples if the output
shall be in line with the input.
"""

from __future__ import annotations

import json
import sys
import time
import wave
import zipfile
from typing import Any

import numpy as np
import numpy.typing as npt
from ai_edge_litert.interpreter import Interpreter

Samples = npt.NDArray[np.float32]
NEEDED = ("sample_rate", "hop_length", "frames_per_step", "latency_samples")
MOST_BYTES = 65536


class Refused(Exception):
    """What came cannot be used; the message says why in one line."""


def read_metadata(path: str) -> dict[str, Any]:
    """Returns what the exporter wrote into the file."""
    try:
        with zipfile.ZipFile(path) as archive:
            if archive.getinfo("tfse.json").file_size > MOST_BYTES:
                raise Refused(f"{path}: its metadata must have at most {MOST_BYTES} bytes.")
            metadata = json.loads(archive.read("tfse.json"))
    except OSError as error:
        raise Refused(f"{path}: {error.strerror}") from error
    except (zipfile.BadZipFile, KeyError, ValueError) as error:
        raise Refused(f"{path} carries no metadata of tfse.") from error
    for name in NEEDED:
        if not isinstance(metadata.get(name), int) or metadata[name] < 0:
            raise Refused(f"{path}: `{name}` must be a number; received {metadata.get(name)}.")
    return dict(metadata)


class Stream:
    """One stream through one model."""

    def __init__(self, path: str) -> None:
        self.metadata = read_metadata(path)
        self.block = self.metadata["hop_length"] * self.metadata["frames_per_step"]
        try:
            # One thread: a frame is too little work to share.
            interpreter = Interpreter(model_path=path, num_threads=1)
            self._step = interpreter.get_signature_runner("step")
        except (ValueError, RuntimeError) as error:
            raise Refused(f"{path} holds no signature `step`.") from error
        inputs = self._step.get_input_details()
        if tuple(inputs["noisy"]["shape"]) != (1, self.block):
            raise Refused(f"{path}: `noisy` must be [1, {self.block}], as its metadata says.")
        self._state = {
            name: np.zeros(details["shape"], details["dtype"])
            for name, details in inputs.items()
            if name != "noisy"
        }

    def __call__(self, block: Samples) -> Samples:
        """Returns the enhanced block, `latency_samples` late."""
        outputs = self._step(noisy=block[np.newaxis], **self._state)
        enhanced: Samples = outputs.pop("enhanced")[0]
        self._state = outputs
        return enhanced


def enhance(stream: Stream, noisy: Samples) -> tuple[Samples, list[float]]:
    """Returns as many samples, in line with `noisy`, and the seconds of each step."""
    latency = stream.metadata["latency_samples"]
    padding = latency + (-(noisy.size + latency)) % stream.block
    padded = np.concatenate([noisy, np.zeros(padding, np.float32)])
    blocks, seconds = [], []
    for start in range(0, padded.size, stream.block):
        began = time.perf_counter()
        blocks.append(stream(padded[start : start + stream.block]))
        seconds.append(time.perf_counter() - began)
    return np.concatenate(blocks)[latency : latency + noisy.size], seconds


def read_wav(path: str) -> tuple[Samples, int]:
    """Returns the samples of a mono PCM16 file, full scale 1, and its rate."""
    try:
        with wave.open(path) as file:
            if file.getnchannels() != 1 or file.getsampwidth() != 2:
                raise Refused(f"{path} must be mono with 16 bits a sample.")
            content, rate = file.readframes(file.getnframes()), file.getframerate()
    except OSError as error:
        raise Refused(f"{path}: {error.strerror}") from error
    except (wave.Error, EOFError) as error:
        raise Refused(f"{path} is no WAV file of PCM samples: {error}.") from error
    if not content:
        raise Refused(f"{path} holds no samples.")
    return np.frombuffer(content, "<i2").astype(np.float32) / 32768, rate


def write_wav(path: str, samples: Samples, rate: int) -> None:
    """Writes mono PCM16; what is too loud is clipped."""
    values = np.clip(np.round(samples * 32768), -32768, 32767).astype("<i2")
    try:
        with open(path, "wb") as target, wave.open(target, "wb") as file:
            file.setnchannels(1)
            file.setsampwidth(2)
            file.setframerate(rate)
            file.writeframes(values.tobytes())
    except OSError as error:
        raise Refused(f"{path}: {error.strerror}") from error


def main(model: str, source: str, target: str) -> None:
    """Enhances one file and says how long that took."""
    stream = Stream(model)
    rate, latency = stream.metadata["sample_rate"], stream.metadata["latency_samples"]
    noisy, found = read_wav(source)
    if found != rate:
        raise Refused(f"{source} must have {rate} samples a second; it has {found}.")
    enhanced, seconds = enhance(stream, noisy)
    write_wav(target, enhanced, rate)
    # A host collects a whole block before it can begin.
    algorithmic_ms = 1000 * (latency + stream.block) / rate
    half, most = 1000 * np.percentile(seconds, [50, 99])
    name = f"{stream.metadata.get('model')} ({stream.metadata.get('format')})"
    print(f"{name}: {noisy.size / rate:.2f} s of audio, output delay {latency} samples,")
    print(f"algorithmic latency {algorithmic_ms:.1f} ms with the block of {stream.block} samples;")
    print(f"time a step p50 {half:.3f} ms, p99 {most:.3f} ms of {1000 * stream.block / rate:.1f};")
    print(f"real-time factor {sum(seconds) * rate / noisy.size:.4f}.")


if __name__ == "__main__":
    if len(sys.argv) != 4:
        sys.exit("usage: stream_wav.py MODEL.tflite NOISY.wav ENHANCED.wav")
    try:
        main(*sys.argv[1:])
    except Refused as problem:
        sys.exit(str(problem))
