"""Cutting samples into overlapping frames, and adding frames up again."""

from __future__ import annotations

from keras import ops

from tfse.types import Tensor


def frame(samples: Tensor, *, frame_length: int, hop_length: int) -> Tensor:
    """Cuts samples into overlapping frames.

    The samples are laid out in blocks of one hop and the blocks put side by
    side: no gather, so it is quick in both directions and on every runtime.

    Args:
        samples: `[batch, (frames - 1) * hop_length + frame_length]`.
        frame_length: samples in a frame.
        hop_length: samples from one frame to the next, at most `frame_length`.

    Returns:
        `[batch, frames, frame_length]`.
    """
    hops = -(-frame_length // hop_length)
    surplus = hops * hop_length - frame_length
    padded = ops.pad(samples, [[0, 0], [surplus, 0]]) if surplus else samples
    blocks = ops.reshape(padded, (-1, ops.shape(padded)[1] // hop_length, hop_length))
    frames = ops.shape(blocks)[1] - hops + 1
    columns = [blocks[:, hop : hop + frames] for hop in range(hops)]
    return ops.concatenate(columns, axis=-1)[..., surplus:]


def overlap_add(frames: Tensor, *, hop_length: int) -> Tensor:
    """Adds overlapping frames up; the transpose of `frame`.

    Args:
        frames: `[batch, frames, frame_length]`.
        hop_length: samples from one frame to the next.

    Returns:
        `[batch, (frames - 1) * hop_length + frame_length]`.
    """
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
