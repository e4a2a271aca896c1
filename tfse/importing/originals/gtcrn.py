"""Importer of GTCRN: a PyTorch checkpoint (`.tar`), or the ONNX file of a streaming step.

Rong et al. publish both at github.com/Xiaobin-Rong/gtcrn. An ONNX file is first converted to
the names and layouts of the checkpoint, see `tfse.importing.originals.gtcrn_graph`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from tfse.dsp.windows import analysis_window
from tfse.errors import ModelError
from tfse.importing.originals import gtcrn_graph
from tfse.importing.source import Array, ArrayPool, Conversion, Importer, Part, Source
from tfse.models.gtcrn import GTCRNConfig
from tfse.types import Samples

_ERB = "erb.erb_fc.weight"
_WIDTH = "dpgrnn1.intra_ln.weight"
_GROUPS = 2
# Neighbours that sub-band feature extraction puts together.
_NEIGHBOURS = 3
_GRU = ("weight_ih_l0", "weight_hh_l0", "bias_ih_l0", "bias_hh_l0")

Weights = Iterator[tuple[str, Array]]


def recognizes(source: Source) -> bool:
    """Returns whether a source is a checkpoint or a streaming step of GTCRN."""
    part = _part(source)
    if part is None:
        return False
    if part.kind == "onnx":
        return gtcrn_graph.recognizes(part)
    return {_ERB, _WIDTH, "encoder.en_convs.2.tra.att_fc.weight"} <= set(part.arrays)


def convert(source: Source) -> Conversion:
    """Returns the weights in the layout of `tfse.models.gtcrn`.

    Raises:
        ModelError: an array is missing, left over or of another size.
    """
    part = _part(source)
    if part is None:
        raise ModelError("GTCRN must be one PyTorch checkpoint or one ONNX file.")
    state = part.arrays
    dilations = GTCRNConfig().dilations
    if part.kind == "onnx":
        state, dilations = gtcrn_graph.state_dict(part)
    pool = ArrayPool(state, lambda name: name.endswith("num_batches_tracked"))
    config = _config(state, dilations)
    weights = dict(_weights(pool, config))
    pool.require_empty()
    return Conversion(config, weights)


def run_original(source: Source, noisy: Samples) -> Samples:
    """Enhances a waveform by onnxruntime, frame by frame, with zeros before sample 0.

    Raises:
        ImportError: onnxruntime is not installed, or the source is a PyTorch checkpoint.
    """
    import onnxruntime

    part = _part(source)
    if part is None or part.kind != "onnx":
        raise ImportError("a checkpoint of GTCRN runs in its authors' program only.")
    session = onnxruntime.InferenceSession(part.content)
    bins = session.get_inputs()[0].shape[1]
    size = 2 * (bins - 1)
    hop = size // 2
    window = analysis_window("sqrt_hann", size)
    names = [given.name for given in session.get_inputs()]
    state = [np.zeros(given.shape, np.float32) for given in session.get_inputs()[1:]]
    padded = np.pad(noisy, (hop, hop + -len(noisy) % hop))
    enhanced = np.zeros(len(padded))
    for start in range(0, len(padded) - size + 1, hop):
        spectrum = np.fft.rfft(window * padded[start : start + size])
        x = np.stack([spectrum.real, spectrum.imag], axis=-1)[None, :, None]
        inputs = dict(zip(names, (x.astype(np.float32), *state), strict=True))
        y, *state = session.run(None, inputs)
        frame = np.fft.irfft(y[0, :, 0, 0] + 1j * y[0, :, 0, 1])
        enhanced[start : start + size] += window * frame
    return enhanced[hop:][: len(noisy)].astype(np.float32)


def _part(source: Source) -> Part | None:
    """Returns the checkpoint or ONNX file of a source, None if there is not exactly one."""
    parts = source.of_kind("torch") or source.of_kind("onnx")
    return parts[0] if len(parts) == 1 else None


def _config(state: gtcrn_graph.State, dilations: tuple[int, ...]) -> GTCRNConfig:
    """Reads the sizes from the arrays.

    Raises:
        ModelError: there are more or fewer blocks with dilation than dilations are known.
    """
    missing = [name for name in (_ERB, _WIDTH) if name not in state]
    if missing:
        raise ModelError(f"the file has no array {missing[0]!r}; is it of another model?")
    stages = {name.split(".")[2] for name in state if name.startswith("encoder.en_convs.")}
    if len(stages) != 2 + len(dilations):
        raise ModelError(
            f"the encoder must have {2 + len(dilations)} stages; received {len(stages)}."
        )
    bands, above = state[_ERB].shape
    width, channels = state[_WIDTH].shape
    # The bands are halved twice.
    kept = 4 * (width - 1) + 1 - bands
    fft_length = 2 * (kept + above - 1)
    return GTCRNConfig(
        frame_length=fft_length,
        hop_length=fft_length // 2,
        fft_length=fft_length,
        kept_bins=kept,
        bands=bands,
        channels=channels,
        dilations=dilations,
        blocks=len({name.split(".")[0] for name in state if name.startswith("dpgrnn")}),
    )


def _weights(pool: ArrayPool, config: GTCRNConfig) -> Weights:
    """Yields all weights by path of the model's variables."""
    yield "to_bands/kernel", pool.take(_ERB).T
    yield "from_bands/kernel", pool.take("erb.ierb_fc.weight").T
    last = 1 + len(config.dilations)
    for stage in range(last + 1):
        for side, name in (
            ("encoder", f"encoder.en_convs.{stage}"),
            ("decoder", f"decoder.de_convs.{last - stage}"),
        ):
            of_stage = _temporal_block if stage > 1 else _halving
            yield from of_stage(pool, name, f"{side}_{stage}")
    for block in range(config.blocks):
        yield from _dual_path(pool, f"dpgrnn{block + 1}", f"dual_path_{block}")


def _halving(pool: ArrayPool, theirs: str, ours: str) -> Weights:
    """Yields the first two stages of the encoder, the last two of the decoder."""
    kernel = pool.take(f"{theirs}.conv.weight")
    if ours == "encoder_0":
        kernel = _features_last(kernel)
    elif ours == "encoder_1":
        kernel = kernel.transpose(2, 3, 1, 0)
    else:
        kernel = _transposed_groups(kernel, 1 if ours == "decoder_0" else _GROUPS)
    yield f"{ours}/kernel", kernel
    yield from _bias_and_norm(pool, (f"{theirs}.conv", f"{theirs}.bn"), ours)
    if ours != "decoder_0":
        yield f"{ours}_prelu/alpha", pool.take(f"{theirs}.act.weight").reshape(1, 1, 1)


def _features_last(kernel: Array) -> Array:
    """Changes the input channels from (feature, neighbour) to (neighbour, feature).

    Their features are magnitude, real and imaginary part; ours have the magnitude last.
    """
    kernel = kernel.reshape(len(kernel), -1, _NEIGHBOURS, *kernel.shape[2:])[:, [1, 2, 0]]
    kernel = kernel.transpose(3, 4, 2, 1, 0)
    return kernel.reshape(*kernel.shape[:2], -1, kernel.shape[-1])


def _transposed_groups(kernel: Array, groups: int) -> Array:
    """Moves the groups of a transposed convolution from its inputs to its outputs."""
    kernel = kernel.reshape(groups, -1, *kernel.shape[1:]).transpose(3, 4, 1, 0, 2)
    return kernel.reshape(*kernel.shape[:3], -1)


def _temporal_block(pool: ArrayPool, theirs: str, ours: str) -> Weights:
    """Yields a stage with convolutions over time; in the decoder these are transposed."""
    transposed = ours.startswith("decoder")
    kernels = {
        part: pool.take(f"{theirs}.{part}.weight")
        for part in ("point_conv1", "depth_conv", "point_conv2")
    }
    if transposed:
        kernels["point_conv1"] = kernels["point_conv1"].transpose(1, 0, 2, 3)
        kernels["point_conv2"] = kernels["point_conv2"].transpose(1, 0, 2, 3)
        kernels["depth_conv"] = kernels["depth_conv"][:, :, ::-1, ::-1]
    point = kernels["point_conv1"]
    # Neighbours of a 1x1 convolution are the bins of one with three.
    point = point.reshape(len(point), -1, _NEIGHBOURS).transpose(2, 1, 0)[None]
    yield f"{ours}_in/kernel", point
    yield f"{ours}_depth/kernel", kernels["depth_conv"].transpose(2, 3, 1, 0)
    yield f"{ours}_out/kernel", kernels["point_conv2"].transpose(2, 3, 1, 0)
    for theirs_part, ours_part in (
        ("point_{}1", "in"),
        ("depth_{}", "depth"),
        ("point_{}2", "out"),
    ):
        names = tuple(f"{theirs}.{theirs_part.format(kind)}" for kind in ("conv", "bn"))
        yield from _bias_and_norm(pool, names, f"{ours}_{ours_part}")
    yield f"{ours}_in_prelu/alpha", pool.take(f"{theirs}.point_act.weight").reshape(1, 1, 1)
    yield f"{ours}_depth_prelu/alpha", pool.take(f"{theirs}.depth_act.weight").reshape(1, 1, 1)
    yield from _gru([_cell(pool, f"{theirs}.tra.att_gru")], f"{ours}_attention/time")
    yield from _dense(pool, f"{theirs}.tra.att_fc", f"{ours}_attention/gain")


def _bias_and_norm(pool: ArrayPool, theirs: Sequence[str], ours: str) -> Weights:
    convolution, norm = theirs
    yield f"{ours}/bias", pool.take(f"{convolution}.bias")
    yield f"{ours}_norm/gamma", pool.take(f"{norm}.weight")
    yield f"{ours}_norm/beta", pool.take(f"{norm}.bias")
    yield f"{ours}_norm/moving_mean", pool.take(f"{norm}.running_mean")
    yield f"{ours}_norm/moving_variance", pool.take(f"{norm}.running_var")


def _dual_path(pool: ArrayPool, theirs: str, ours: str) -> Weights:
    for path, ends, name in (("intra", ("", "_reverse"), "frequency"), ("inter", ("",), "time")):
        # Both directions of a group in PyTorch, both groups of a direction here.
        cells = [
            _cell(pool, f"{theirs}.{path}_rnn.rnn{group + 1}", end)
            for end in ends
            for group in range(_GROUPS)
        ]
        yield from _gru(cells, f"{ours}_{name}")
        rows, bias = _dense(pool, f"{theirs}.{path}_fc", f"{ours}_{name}_dense")
        yield rows[0], _directions_first(rows[1], len(ends))
        yield bias
        yield f"{ours}_{name}_norm/gamma", pool.take(f"{theirs}.{path}_ln.weight")
        yield f"{ours}_{name}_norm/beta", pool.take(f"{theirs}.{path}_ln.bias")


def _directions_first(kernel: Array, directions: int) -> Array:
    """Changes the rows of a dense kernel from (group, direction) to (direction, group)."""
    split = kernel.reshape(_GROUPS, directions, -1, kernel.shape[-1])
    return split.swapaxes(0, 1).reshape(kernel.shape)


def _dense(pool: ArrayPool, theirs: str, ours: str) -> Weights:
    yield f"{ours}/kernel", pool.take(f"{theirs}.weight").T
    yield f"{ours}/bias", pool.take(f"{theirs}.bias")


def _cell(pool: ArrayPool, theirs: str, end: str = "") -> list[Array]:
    return [pool.take(f"{theirs}.{name}{end}") for name in _GRU]


def _gru(cells: Sequence[list[Array]], ours: str) -> Weights:
    """Yields the weights of a grouped GRU; PyTorch has the order r, z, n and two biases."""
    # Each `[z r n, units of all groups, ...]`.
    kernel, recurrent, bias, second = (
        np.concatenate([x.reshape(3, -1, *x.shape[1:])[[1, 0, 2]] for x in arrays], axis=1)
        for arrays in zip(*cells, strict=True)
    )
    bias[:2] += second[:2]
    yield f"{ours}/kernel", kernel.reshape(-1, kernel.shape[-1]).T
    yield f"{ours}/recurrent_kernel", recurrent.reshape(-1, recurrent.shape[-1]).T
    yield f"{ours}/bias", bias.ravel()
    yield f"{ours}/recurrent_bias", second[2]


IMPORTER = Importer(
    name="gtcrn",
    origin="github.com/Xiaobin-Rong/gtcrn, checkpoints/ and stream/onnx_models/",
    licence="MIT",
    recognizes=recognizes,
    convert=convert,
    run_original=run_original,
)
