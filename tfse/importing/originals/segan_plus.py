"""Importer of the generator of SEGAN+, as trained by segan_pytorch."""

from __future__ import annotations

from collections.abc import Mapping

from tfse.errors import ModelError
from tfse.importing.source import Array, ArrayPool, Conversion, Importer, Part, Source
from tfse.models import SEGANPlusConfig

_MARKS = {"enc_blocks.0.conv.weight", "enc_blocks.0.act.weight", "dec_blocks.0.deconv.weight"}


def _recognizes(source: Source) -> bool:
    return any(set(_present_names(part)) >= _MARKS for part in source.of_kind("torch"))


def _present_names(part: Part) -> dict[str, Array]:
    """Returns the arrays by the names that the authors' converter gives those of old files."""
    renamed = {}
    for name, array in part.arrays.items():
        name = name.replace("gen_enc.", "enc_blocks.")
        if name.startswith("gen_dec."):
            name = name.replace("gen_dec.", "dec_blocks.").replace(".conv.", ".deconv.")
        renamed[name] = array
    return renamed


def _convert(source: Source) -> Conversion:
    for part in source.of_kind("torch"):
        arrays = _present_names(part)
        if set(arrays) >= _MARKS:
            return _converted(arrays)
    raise ModelError("the file has no encoder and decoder of a SEGAN+.")


def _converted(arrays: Mapping[str, Array]) -> Conversion:
    config = _config(arrays)
    levels = len(config.filters)
    pool = ArrayPool(arrays)
    weights: dict[str, Array] = {}
    for level in range(levels):
        theirs, ours = f"enc_blocks.{level}", f"encoder_{level}"
        weights[f"{ours}/kernel"] = pool.take(f"{theirs}.conv.weight").transpose(2, 1, 0)[None]
        weights[f"{ours}/bias"] = pool.take(f"{theirs}.conv.bias")
        weights[f"{ours}_prelu/alpha"] = pool.take(f"{theirs}.act.weight")[None, None]
        # Their decoder runs from the deepest level up; its last level has no PReLU.
        theirs, ours = f"dec_blocks.{levels - 1 - level}", f"decoder_{level}"
        weights[f"{ours}/kernel"] = pool.take(f"{theirs}.deconv.weight").transpose(2, 0, 1)[None]
        weights[f"{ours}/bias"] = pool.take(f"{theirs}.deconv.bias")
        if level:
            weights[f"{ours}_prelu/alpha"] = pool.take(f"{theirs}.act.weight")[None, None]
            skip = pool.take(f"alpha_{level - 1}.skip_k")
            weights[f"skip_{level - 1}_scale/scale"] = skip.reshape(-1)
    pool.require_empty()
    return Conversion(config, weights)


def _config(arrays: Mapping[str, Array]) -> SEGANPlusConfig:
    """Returns the sizes; window and strides are those of all published files."""
    levels = sum(1 for n in arrays if n.startswith("enc_blocks.") and n.endswith(".conv.weight"))
    shapes = [arrays[f"enc_blocks.{level}.conv.weight"].shape for level in range(levels)]
    # [code and deepest level, ...]
    latent = arrays["dec_blocks.0.deconv.weight"].shape[0] - shapes[-1][0]
    if latent < 1:
        raise ModelError("the decoder has no latent code; only a SEGAN+ with one is supported.")
    return SEGANPlusConfig(
        filters=tuple(shape[0] for shape in shapes),
        kernel_size=shapes[0][2],
        latent_channels=latent,
    )


IMPORTER = Importer(
    name="segan_plus",
    origin="https://github.com/santi-pdp/segan_pytorch: segan+_generator.ckpt",
    licence="MIT",
    recognizes=_recognizes,
    convert=_convert,
)
