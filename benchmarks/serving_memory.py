"""Memory and processor time of the signature `enhance` of a SavedModel, by length.

    python -m benchmarks.serving_memory served/dpcrn_small/1 --seconds=1,4,10,60,300

Prints the largest resident size of this process after each recording of noise, so lengths
must increase, and the processor time with one thread.
"""

from __future__ import annotations

import argparse
import pathlib
import time

import numpy as np
import tensorflow as tf

from benchmarks.table import print_header, print_row


def main() -> None:
    """Prints one row per length."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("saved_model", help="folder with saved_model.pb, which is code that is run")
    parser.add_argument("--seconds", default="1,4,10,60,300")
    parser.add_argument("--sample_rate", type=int, default=16_000)
    arguments = parser.parse_args()
    tf.config.threading.set_intra_op_parallelism_threads(1)
    tf.config.threading.set_inter_op_parallelism_threads(1)
    # A signature does not keep its model alive.
    loaded = tf.saved_model.load(arguments.saved_model)
    enhance = loaded.signatures["enhance"]
    enhance(noisy=tf.zeros((1, arguments.sample_rate)))
    print_header(("seconds", "peak memory MB", "processor s"), text=0)
    for seconds in map(float, arguments.seconds.split(",")):
        samples = round(seconds * arguments.sample_rate)
        noisy = 0.1 * np.random.default_rng(0).standard_normal((1, samples))
        noisy = tf.constant(noisy.astype(np.float32))
        began = time.process_time()
        enhance(noisy=noisy)
        taken = time.process_time() - began
        print_row(f"{seconds:g}", f"{_peak_memory_mb():.0f}", f"{taken:.2f}")


def _peak_memory_mb() -> float:
    status = pathlib.Path("/proc/self/status").read_text()
    return int(status.split("VmHWM:")[1].split()[0]) / 1024


if __name__ == "__main__":
    main()
