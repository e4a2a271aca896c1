"""Comparison of an imported model with its original, as a stream of single hops."""

import numpy as np
import tensorflow as tf

from tfse.exporting.verification.recordings import voice_at_levels
from tfse.importing.parity import enhanced_by
from tfse.layers import initial_state, stream_step


def recordings():
    """Returns a synthetic voice in noise, a quieter one after silence, and noise alone."""
    rng = np.random.default_rng(0)
    loud, quiet = (voice[:16_000] for voice in voice_at_levels(16_000)[:2])
    noisy = loud + 0.02 * rng.standard_normal(len(loud))
    late = np.concatenate([np.zeros(3_000), quiet])
    return [x.astype(np.float32) for x in (noisy, late, 0.1 * rng.standard_normal(10_001))]


def differences(imported):
    """Yields per recording the largest difference from the original, and the original's peak.

    Of a stream and of a whole file.
    """
    step = tf.function(lambda block, state: stream_step(imported.model, block, state))
    for noisy in recordings():
        original = imported.importer.run_original(imported.source, noisy)
        outputs = (_streamed(imported.model, step, noisy), enhanced_by(imported.model, noisy))
        yield max(np.abs(y - original).max() for y in outputs), np.abs(original).max()


def _streamed(model, step, noisy):
    """Returns a recording enhanced hop by hop, time-aligned."""
    hop, latency = model.hop_length, model.latency_samples
    padded = tf.constant(np.pad(noisy, (0, latency + -(len(noisy) + latency) % hop))[None])
    state, blocks = initial_state(model), []
    for block in tf.split(padded, padded.shape[1] // hop, axis=1):
        enhanced, state = step(block, state)
        blocks.append(enhanced[0])
    return np.concatenate(blocks)[latency:][: len(noisy)]
