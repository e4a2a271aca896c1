"""Padding of batches: valid samples and frames, and tensors zeroed beyond them."""

from __future__ import annotations

from collections.abc import Mapping

from keras import ops

from tfse.layers.spectrum.stft import STFT
from tfse.types import Tensor

Tensors = Mapping[str, Tensor]


def valid_samples(length: Tensor, samples: int | Tensor) -> Tensor:
    """Returns 1 for every sample before `length` and 0 beyond, `[batch, samples]`."""
    positions = ops.cast(ops.arange(samples), "float32")
    return ops.cast(positions[None] < length[:, None], "float32")


def target_without_padding(targets: Tensors, name: str) -> Tensor:
    """Returns one waveform of the targets, `[batch, samples]`, zero beyond the length."""
    # `where` instead of a product: padding may contain NaN.
    valid = valid_samples(targets["length"], ops.shape(targets[name])[1]) > 0
    return ops.where(valid, targets[name], 0.0)


def without_padding(targets: Tensors, outputs: Tensors) -> tuple[Tensor, Tensor]:
    """Returns clean and enhanced waveforms, `[batch, samples]`, zero beyond the length."""
    enhanced = {"enhanced": outputs["enhanced"], "length": targets["length"]}
    return target_without_padding(targets, "clean"), target_without_padding(enhanced, "enhanced")


def valid_frames(length: Tensor, frames: int | Tensor, stft: STFT) -> Tensor:
    """Returns 1 for frames with at least one valid sample and 0 for others, `[batch, frames]`.

    Args:
        length: valid samples per example, `[batch]`.
        frames: number of frames, laid out as by `stft`.
        stft: the transform.
    """
    starts = ops.arange(1, frames + 1) * stft.hop_length - stft.frame_length
    return ops.cast(ops.cast(starts, "float32")[None] < length[:, None], "float32")


def head_without_padding(head: Tensor, length: Tensor, stft: STFT) -> Tensor:
    """Returns a head of the core, `[batch, frames, bins, ...]`, zero in frames of padding."""
    valid = valid_frames(length, ops.shape(head)[1], stft) > 0
    return ops.where(ops.reshape(valid, (*ops.shape(valid), *[1] * (len(head.shape) - 2))), head, 0)


def mean_over_frames(values: Tensor, length: Tensor, stft: STFT) -> Tensor:
    """Averages over the bins of all frames with at least one valid sample.

    Args:
        values: `[batch, frames, bins]`, with frames laid out as by `stft`.
        length: valid samples per example, `[batch]`.
        stft: the transform.

    Returns:
        `[batch]`.
    """
    valid = valid_frames(length, ops.shape(values)[1], stft)
    sums = ops.sum(ops.mean(values, axis=2) * valid, axis=1)
    return sums / ops.maximum(ops.sum(valid, axis=1), 1.0)


def spectrum(waveform: Tensor, stft: STFT, frames: int | Tensor | None = None) -> Tensor:
    """Transforms a waveform of any length, padded with zeros to whole frames.

    Args:
        waveform: `[batch, samples]`.
        stft: the transform.
        frames: number of frames; None for all that contain a sample.

    Returns:
        `[batch, frames, bins, 2]`.
    """
    samples = ops.shape(waveform)[1]
    if frames is None:
        frames = -(-(samples + stft.frame_length - stft.hop_length) // stft.hop_length)
    padding = frames * stft.hop_length - samples
    return stft(ops.pad(waveform, [[0, 0], [0, padding]]))
