"""Framing of samples, and overlap-add of frames."""

from __future__ import annotations

from keras import ops

from tfse.types import Tensor


def frame(samples: Tensor, *, frame_length: int, hop_length: int) -> Tensor:
    """Cuts samples into overlapping frames.

    The samples are split into blocks of one hop, which are concatenated: without a
    gather, forward and gradient are fast on every runtime.

    Args:
        samples: `[batch, (frames - 1) * hop_length + frame_length]`.
        frame_length: samples per frame.
        hop_length: samples from one frame to the next, at most `frame_length`.

    Returns:
        `[batch, frames, frame_length]`.
    """
    if samples.shape[1] == frame_length:
        return samples[:, None]  # a step of a stream: no slices
    hops = -(-frame_length // hop_length)
    surplus = hops * hop_length - frame_length
    padded = ops.pad(samples, [[0, 0], [surplus, 0]]) if surplus else samples
    blocks = ops.reshape(padded, (-1, ops.shape(padded)[1] // hop_length, hop_length))
    frames = ops.shape(blocks)[1] - hops + 1
    columns = [blocks[:, hop : hop + frames] for hop in range(hops)]
    return ops.concatenate(columns, axis=-1)[..., surplus:]


def overlap_add(frames: Tensor, *, hop_length: int) -> Tensor:
    """Adds overlapping frames; the transpose of `frame`.

    Args:
        frames: `[batch, frames, frame_length]`.
        hop_length: samples from one frame to the next.

    Returns:
        `[batch, (frames - 1) * hop_length + frame_length]`.
    """
    if frames.shape[1] == 1:
        return ops.squeeze(frames, 1)  # a step of a stream: no slices
    count, frame_length = ops.shape(frames)[1], frames.shape[2]
    hops = -(-frame_length // hop_length)
    surplus = hops * hop_length - frame_length
    padded = ops.pad(frames, [[0, 0], [0, 0], [0, surplus]]) if surplus else frames
    columns = [padded[..., hop * hop_length : (hop + 1) * hop_length] for hop in range(hops)]
    blocks = sum(
        ops.pad(column, [[0, 0], [hop, hops - 1 - hop], [0, 0]])
        for hop, column in enumerate(columns)
    )
    length = (count + hops - 1) * hop_length
    return ops.reshape(blocks, (-1, length))[:, : length - surplus]


def continue_overlap_add(
    frames: Tensor, overlap: Tensor, *, hop_length: int
) -> tuple[Tensor, Tensor]:
    """Adds the next frames of a stream to the overlap of those before.

    Args:
        frames: `[batch, frames, frame_length]`.
        overlap: sums so far of samples that are not complete, `[batch, frame_length -
            hop_length]`.
        hop_length: samples from one frame to the next.

    Returns:
        Complete samples, `[batch, frames * hop_length]`, and the next overlap.
    """
    ready = ops.shape(frames)[1] * hop_length
    samples = overlap_add(frames, hop_length=hop_length)
    samples = samples + ops.pad(overlap, [[0, 0], [0, ready]])
    return samples[:, :ready], samples[:, ready:]
