"""Demo: enhances a noisy recording, and draws waveforms and spectrograms."""

from __future__ import annotations

import os
import pathlib
import time

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import soundfile

FOLDER = pathlib.Path(__file__).parent
OUTPUT = pathlib.Path("demo_output")


def main() -> None:
    """Enhances `noisy.flac` and prints speed and metrics."""
    import tfse
    from tfse import metrics
    from tfse.pretrained import DEFAULT_MODEL
    from tfse.streaming import save_picture

    noisy, rate = soundfile.read(FOLDER / "noisy.flac", dtype="float32")
    clean, _ = soundfile.read(FOLDER / "clean.flac", dtype="float32")
    tfse.enhance(noisy, rate, DEFAULT_MODEL)  # the first run compiles
    start = time.perf_counter()
    enhanced = tfse.enhance(noisy, rate, DEFAULT_MODEL)
    elapsed = time.perf_counter() - start

    OUTPUT.mkdir(exist_ok=True)
    soundfile.write(OUTPUT / "enhanced.flac", enhanced, rate, subtype="PCM_16")
    save_picture(noisy, enhanced, rate, OUTPUT / "enhanced.png")

    seconds = len(noisy) / rate
    print(f"{DEFAULT_MODEL} enhanced {seconds:.1f} s of speech in a noisy office.")
    print(f"It took {elapsed:.2f} s, {seconds / elapsed:.0f} times faster than real time.")
    for name, measure in (("PESQ", metrics.pesq), ("STOI", metrics.stoi)):
        before, after = (measure(clean, estimate, rate) for estimate in (noisy, enhanced))
        print(f"{name} against the clean original: {before:.3f} before, {after:.3f} after.")
    print(
        f"Listen to {FOLDER}/noisy.flac and {OUTPUT}/enhanced.flac; look at {OUTPUT}/enhanced.png."
    )


if __name__ == "__main__":
    main()
