"""Importer of DPCRN: Keras 2 weights (`.h5`) of the authors.

Le et al. publish them at github.com/Le-Xiaohuai-speech/DPCRN_DNS3, `pretrain_model/`. Their
convolutions and batch normalizations have names; other layers have those that Keras gives, with
numbers that depend on what was built before, so they are found by order and by their weights.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from tfse.errors import ModelError
from tfse.importing.source import Array, ArrayPool, Conversion, Importer, Part, Source
from tfse.models import DPCRNConfig

_INPUT_NORM = "input_norm"
_STAGE = re.compile(r"(?:.*_)?(conv|bn|dconv|dbn)_(\d{1,9})")
_NUMBERED = re.compile(r"(.*?)(?:_(\d{1,9}))?")
# Strides cannot be read from the weights: those of the published model.
_STRIDES = DPCRNConfig.strides
_COMPLEX = 2

#: Arrays of a layer, by path inside it.
Layer = dict[str, Array]
Weights = dict[str, Array]
#: Names of arrays by layer, and by path inside it.
Layers = Mapping[str, dict[str, str]]


def recognizes(source: Source) -> bool:
    """Returns whether a source holds weights of DPCRN."""
    return any(_is_dpcrn(part) for part in source.of_kind("hdf5"))


def convert(source: Source) -> Conversion:
    """Returns the weights in the layout of `tfse.models.dpcrn`.

    Raises:
        ModelError: there are several files, the number of stages is another, or an array is
            missing or left over.
    """
    found = [part for part in source.of_kind("hdf5") if _is_dpcrn(part)]
    if len(found) != 1:
        raise ModelError(f"one file of DPCRN is needed; received {[p.name for p in found]}.")
    pool = ArrayPool(found[0].arrays)
    layers = _layers(found[0].arrays)
    weights = {
        **_stages(pool, layers),
        **_norm(_taken(pool, layers[_INPUT_NORM]), _COMPLEX, "input_norm"),
    }
    blocks = _of_kind(layers, r"dprnn.*?")
    for number, block in enumerate(blocks):
        weights |= _dual_path(_taken(pool, block), f"dual_path_{number}")
    pool.require_empty()
    return Conversion(_config(weights, len(blocks)), weights)


def _is_dpcrn(part: Part) -> bool:
    layers = _layers(part.arrays)
    kinds = {found[1] for name in layers if (found := _STAGE.fullmatch(name))}
    return _INPUT_NORM in layers and kinds >= {"conv", "dconv", "bn", "dbn"}


def _layers(arrays: Mapping[str, Array]) -> dict[str, dict[str, str]]:
    """Returns names of arrays by layer and path inside it, in the file's order."""
    layers: dict[str, dict[str, str]] = {}
    for name in arrays:
        layer, _, path = name.partition("/")
        layers.setdefault(layer, {})[path.removesuffix(":0")] = name
    return layers


def _of_kind(layers: Layers, pattern: str) -> list[dict[str, str]]:
    """Returns the layers that Keras named after a class, in the order of their numbers."""
    named = re.compile(rf"(?:.*/)?({pattern})(?:_(\d{{1,9}}))?")
    found = {name: match for name in layers if (match := named.fullmatch(name))}
    return [layers[name] for name in sorted(found, key=lambda name: int(found[name][2] or 0))]


def _taken(pool: ArrayPool, names: Mapping[str, str]) -> Layer:
    return {path: pool.take(name) for path, name in names.items()}


def _stages(pool: ArrayPool, layers: Layers) -> Weights:
    """Takes convolutions, batch normalizations and PReLUs; the last convolution stands alone."""
    prelus = _of_kind(layers, r"p_?re_?lu")
    count = len(_STRIDES)
    ours = [f"encoder_{n}" for n in range(count)] + [f"decoder_{n}" for n in reversed(range(count))]
    theirs = [f"{kind}_{n + 1}" for kind in ("conv", "dconv") for n in range(count)]
    if len(prelus) != len(ours) - 1:
        raise ModelError(
            f"DPCRN must have {len(ours) - 1} PReLUs, as published; received {len(prelus)}."
        )
    weights: Weights = {}
    for number, (our, their) in enumerate(zip(ours, theirs, strict=True)):
        convolution = _named(layers, their)
        weights |= _renamed(_taken(pool, convolution), our)
        if number == len(prelus):
            continue
        weights |= _renamed(
            _taken(pool, _named(layers, their.replace("conv", "bn"))), f"{our}_norm"
        )
        weights |= _renamed(_taken(pool, prelus[number]), f"{our}_prelu")
    for our in ours[count:]:
        # Keras has [frames, bins, outputs, inputs], newest frame first.
        weights[f"{our}/kernel"] = weights[f"{our}/kernel"][::-1].transpose(0, 1, 3, 2)
    return weights


def _named(layers: Layers, name: str) -> dict[str, str]:
    """Returns the layer whose name, without the prefix of the model, is this one."""
    for layer, names in layers.items():
        match = _STAGE.fullmatch(layer)
        if match and f"{match[1]}_{match[2]}" == name:
            return names
    raise ModelError(f"the file has no layer {name!r}; is it of another model?")


def _renamed(layer: Layer, ours: str) -> Weights:
    return {f"{ours}/{path.split('/')[-1]}": array for path, array in layer.items()}


def _norm(layer: Layer, channels: int, ours: str) -> Weights:
    """Returns scale and offset of a normalization over bins and channels.

    They are stored as (channels, bins), and Keras 2 reshapes them, without transposing.
    """
    return _renamed({path: array.reshape(-1, channels) for path, array in layer.items()}, ours)


def _dual_path(block: Layer, ours: str) -> Weights:
    """Returns the weights of a block, whose layers are told apart by what they hold."""
    inner: dict[str, Layer] = {}
    for path, array in block.items():
        layer, _, name = path.rpartition("/")
        inner.setdefault(layer, {})[name] = array
    dense = _ordered(inner, {"kernel", "bias"})
    norms = _ordered(inner, {"gamma", "beta"})
    lstms = {_direction(p): inner[p] for p in inner if "recurrent_kernel" in inner[p]}
    weights = {f"{ours}/{k}/lstm_cell/{n}": a for k, x in lstms.items() for n, a in x.items()}
    for stage, kernel, norm in zip(("frequency", "time"), dense, norms, strict=True):
        weights |= _renamed(kernel, f"{ours}/{stage}_dense")
        weights |= _norm(norm, len(kernel["bias"]), f"{ours}/{stage}_norm")
    return weights


def _ordered(inner: Mapping[str, Layer], names: set[str]) -> list[Layer]:
    """Returns layers with weights of these names, in the order of their numbers."""
    paths = [path for path in inner if set(inner[path]) == names]
    return [inner[path] for path in sorted(paths, key=_number)]


def _number(path: str) -> int:
    match = _NUMBERED.fullmatch(path.split("/")[-1])
    return int(match[2] or 0) if match else 0


def _direction(path: str) -> str:
    for direction in ("forward", "backward"):
        if direction in path:
            return f"frequency/{direction}"
    return "time/lstm"


def _config(weights: Weights, blocks: int) -> DPCRNConfig:
    kernels = [weights[f"encoder_{stage}/kernel"].shape for stage in range(len(_STRIDES))]
    fft_length = 2 * (len(weights["input_norm/gamma"]) - 1)
    units = "dual_path_0/{}/lstm_cell/recurrent_kernel"
    return DPCRNConfig(
        frame_length=fft_length,
        hop_length=fft_length // 2,
        fft_length=fft_length,
        first_frame="full",
        filters=tuple(shape[3] for shape in kernels),
        kernel_sizes=tuple((shape[0], shape[1]) for shape in kernels),
        blocks=blocks,
        frequency_units=len(weights[units.format("frequency/forward")]),
        time_units=len(weights[units.format("time/lstm")]),
        recurrent_activation="keras2_hard_sigmoid",
    )


IMPORTER = Importer(
    name="dpcrn",
    origin="github.com/Le-Xiaohuai-speech/DPCRN_DNS3, pretrain_model/",
    licence="none stated by the authors",
    recognizes=recognizes,
    convert=convert,
)
