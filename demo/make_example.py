"""Example recording of the demo: espeak-ng in a noisy office.

Speech and noise (a fan, mains hum, typing) are synthesized, so the example has no
copyright of a recording. Needs espeak-ng on the PATH:

    python demo/make_example.py
"""

import pathlib
import subprocess
import tempfile

import numpy as np
import soundfile
import soxr

FOLDER = pathlib.Path(__file__).parent
SAMPLE_RATE = 16_000
SNR_DB = 5.0
LEVEL_DBFS = -24.0
TEXT = (
    "Speech enhancement takes the noise out, and leaves the words in. "
    "The same model runs in a file, on a server, and on a phone."
)


def speech() -> np.ndarray:
    """Returns the sentences, `[samples]`, with half a second of pause around them."""
    with tempfile.NamedTemporaryFile(suffix=".wav") as file:
        subprocess.run(["espeak-ng", "-v", "en-us", "-s", "150", "-w", file.name, TEXT], check=True)
        samples, rate = soundfile.read(file.name)
    return np.pad(soxr.resample(samples, rate, SAMPLE_RATE), SAMPLE_RATE // 2)


def fan(rng: np.random.Generator, samples: int) -> np.ndarray:
    """Returns noise with -4 dB per octave, slow modulation and the tone of the blades."""
    spectrum = np.fft.rfft(rng.standard_normal(samples))
    spectrum /= np.maximum(np.fft.rfftfreq(samples, 1 / SAMPLE_RATE), 40.0) ** 0.65
    noise = np.fft.irfft(spectrum, samples)
    time = np.arange(samples) / SAMPLE_RATE
    swell = 1 + 0.3 * np.sin(2 * np.pi * 0.4 * time)
    tone = sum(np.sin(2 * np.pi * 118 * k * time) / k for k in (1, 2, 3))
    return swell * noise / noise.std() + 0.25 * tone


def typing(rng: np.random.Generator, samples: int) -> np.ndarray:
    """Returns key strokes: short bursts, about six per second, in the middle band."""
    strokes = np.zeros(samples)
    for start in rng.integers(0, samples - 800, size=6 * samples // SAMPLE_RATE):
        decay = np.exp(-np.arange(800) / rng.uniform(60, 160))
        strokes[start : start + 800] += rng.uniform(1, 3) * decay * rng.standard_normal(800)
    return np.convolve(strokes, [1, -0.7], mode="same")


def main() -> None:
    """Writes `noisy.flac` and `clean.flac` beside this program."""
    rng = np.random.default_rng(7)
    clean = speech()
    noise = fan(rng, len(clean)) + typing(rng, len(clean))
    noise *= np.sqrt(np.mean(clean**2) / np.mean(noise**2)) * 10 ** (-SNR_DB / 20)
    gain = 10 ** (LEVEL_DBFS / 20) / np.sqrt(np.mean((clean + noise) ** 2))
    for name, samples in (("clean", clean), ("noisy", clean + noise)):
        soundfile.write(FOLDER / f"{name}.flac", gain * samples, SAMPLE_RATE, subtype="PCM_16")


if __name__ == "__main__":
    main()
