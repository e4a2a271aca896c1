"""Device client: streams a WAV file through an exported model, hop by hop.

    python stream_wav.py MODEL.tflite NOISY.wav ENHANCED.wav

Needs only numpy and ai-edge-litert; copy it as it is. It shows all that a host
must do: read the metadata, start with states of zeros, pass every state back by
name, and drop the first `latency_samples` samples if the output must be
time-aligned with the input.
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
REQUIRED = ("sample_rate", "hop_length", "frames_per_step", "latency_samples")
MAX_BYTES = 65536


class InputError(Exception):
    """Error in the input files, in one line."""


def read_metadata(path: str) -> dict[str, Any]:
    """Returns the metadata that the exporter wrote into the file."""
    try:
        with zipfile.ZipFile(path) as archive:
            if archive.getinfo("tfse.json").file_size > MAX_BYTES:
                raise InputError(f"{path}: its metadata must have at most {MAX_BYTES} bytes.")
            metadata = json.loads(archive.read("tfse.json"))
    except OSError as error:
        raise InputError(f"{path}: {error.strerror}") from error
    except (zipfile.BadZipFile, KeyError, ValueError) as error:
        raise InputError(f"{path} has no tfse metadata.") from error
    for name in REQUIRED:
        if not isinstance(metadata.get(name), int) or metadata[name] < 0:
            raise InputError(f"{path}: `{name}` must be a number; received {metadata.get(name)}.")
    return dict(metadata)


class Stream:
    """Stream of blocks through a model."""

    def __init__(self, path: str) -> None:
        self.metadata = read_metadata(path)
        self.block = self.metadata["hop_length"] * self.metadata["frames_per_step"]
        try:
            # One thread: a step is too little work to share.
            interpreter = Interpreter(model_path=path, num_threads=1)
            self._step = interpreter.get_signature_runner("step")
        except (ValueError, RuntimeError) as error:
            raise InputError(f"{path} has no signature `step`.") from error
        inputs = self._step.get_input_details()
        if tuple(inputs["noisy"]["shape"]) != (1, self.block):
            raise InputError(f"{path}: `noisy` must be [1, {self.block}], as its metadata says.")
        self._state = {
            name: np.zeros(details["shape"], details["dtype"])
            for name, details in inputs.items()
            if name != "noisy"
        }

    def __call__(self, block: Samples) -> Samples:
        """Returns the enhanced block, delayed by `latency_samples`."""
        outputs = self._step(noisy=block[np.newaxis], **self._state)
        enhanced: Samples = outputs.pop("enhanced")[0]
        self._state = outputs
        return enhanced


def enhance(stream: Stream, noisy: Samples) -> tuple[Samples, list[float]]:
    """Returns the enhanced samples, time-aligned with `noisy`, and the seconds of each step."""
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
                raise InputError(f"{path} must be mono with 16 bits per sample.")
            content, rate = file.readframes(file.getnframes()), file.getframerate()
    except OSError as error:
        raise InputError(f"{path}: {error.strerror}") from error
    except (wave.Error, EOFError) as error:
        raise InputError(f"{path} is not a WAV file of PCM samples: {error}.") from error
    if not content:
        raise InputError(f"{path} has no samples.")
    return np.frombuffer(content, "<i2").astype(np.float32) / 32768, rate


def write_wav(path: str, samples: Samples, rate: int) -> None:
    """Writes mono PCM16, clipped at full scale."""
    values = np.clip(np.round(samples * 32768), -32768, 32767).astype("<i2")
    try:
        with open(path, "wb") as target, wave.open(target, "wb") as file:
            file.setnchannels(1)
            file.setsampwidth(2)
            file.setframerate(rate)
            file.writeframes(values.tobytes())
    except OSError as error:
        raise InputError(f"{path}: {error.strerror}") from error


def main(model: str, source: str, target: str) -> None:
    """Enhances one file and prints the times."""
    stream = Stream(model)
    rate, latency = stream.metadata["sample_rate"], stream.metadata["latency_samples"]
    noisy, found = read_wav(source)
    if found != rate:
        raise InputError(f"{source} must have a sample rate of {rate} Hz; it has {found} Hz.")
    enhanced, seconds = enhance(stream, noisy)
    write_wav(target, enhanced, rate)
    # A host must collect a whole block before it runs a step.
    block = stream.block
    algorithmic_ms = 1000 * (latency + block) / rate
    half, most = 1000 * np.percentile(seconds, [50, 99])
    name = f"{stream.metadata.get('model')} ({stream.metadata.get('format')})"
    print(f"{name}: {noisy.size / rate:.2f} s of audio, output delay {latency} samples,")
    print(f"algorithmic latency {algorithmic_ms:.1f} ms with the block of {block} samples;")
    print(f"time per step p50 {half:.3f} ms, p99 {most:.3f} ms of {1000 * block / rate:.1f};")
    print(f"real-time factor {sum(seconds) * rate / noisy.size:.4f}.")


if __name__ == "__main__":
    if len(sys.argv) != 4:
        sys.exit("usage: stream_wav.py MODEL.tflite NOISY.wav ENHANCED.wav")
    try:
        main(*sys.argv[1:])
    except InputError as problem:
        sys.exit(str(problem))
