"""Import of published weights: recognizes them, and builds the model with them."""

from __future__ import annotations

import contextlib
import dataclasses
import hashlib
import pathlib
from collections.abc import Callable, Iterable, Mapping, Sequence

import numpy as np

from tfse.errors import ConfigError, ModelError
from tfse.files import sha256_of
from tfse.importing.importers import IMPORTERS
from tfse.importing.readers import read_source
from tfse.importing.refusals import listed, short
from tfse.importing.sizes import check_settings, weights_limited_by
from tfse.importing.source import Conversion, Importer, Part, Source
from tfse.models import EnhancementModel, build
from tfse.terminal import one_line

#: In place of the name of a model: the one that recognizes the files.
AUTO = "auto"


@dataclasses.dataclass(frozen=True)
class Imported:
    """Model with published weights.

    Attributes:
        model: with the weights.
        importer: of its kind.
        source: the files; of a folder with several models, those of this one.
        sha256: of the file, or of each file of a folder, by name.
    """

    model: EnhancementModel
    importer: Importer
    source: Source
    sha256: Mapping[str, str]


def import_weights(
    path: pathlib.Path, model: str = AUTO, importers: Sequence[Importer] = IMPORTERS
) -> Imported:
    """Builds the model that published files belong to, with their weights.

    Args:
        path: of a file, an archive or a folder, see `read_source`.
        model: name of an importer, or "auto" for the one that recognizes the files.
        importers: to choose from.

    Raises:
        ConfigError: `model` is unknown, or several recognize the files.
        ModelError: the files cannot be read, none recognizes them, an array is missing, left
            over, of another shape or not finite.
        OSError: a file cannot be opened.
    """
    chosen = _named(model, importers)
    source = read_source(path)
    try:
        importer = chosen or _recognized(source, importers)
        source = _narrowed(source, importer, importers)
        built = _build(importer, source)
    except ModelError as error:
        refused = "".join(f" Not read: {each}" for each in source.refused[:1])
        raise ModelError(short(f"{path}: {error}{refused}")) from error
    return Imported(built, importer, source, _hashes(path, source))


def _named(name: str, importers: Sequence[Importer]) -> Importer | None:
    if name == AUTO:
        return None
    for importer in importers:
        if importer.name == name:
            return importer
    known = [AUTO, *(importer.name for importer in importers)]
    raise ConfigError(f"`model` must be one of {known}; received {name!r}.")


def _recognized(source: Source, importers: Sequence[Importer]) -> Importer:
    found = [importer for importer in importers if _candidates(source, importer)]
    if len(found) == 1:
        return found[0]
    names = ", ".join(importer.name for importer in found or importers)
    if found:
        raise ConfigError(f"the files fit several models, {names}; choose one with --model.")
    raise ModelError(f"it is of none of the models {names}; it holds {_contents(source)}.")


def _candidates(source: Source, importer: Importer) -> list[Source]:
    """Returns what is of a model: the source, or else folders in it, or else single files."""
    groups: tuple[Callable[[Part], str], ...] = (
        lambda part: "",
        lambda part: str(pathlib.PurePosixPath(part.name).parent),
        lambda part: part.name,
    )
    for group in groups:
        found = [each for each in _grouped(source, group) if is_of(each, importer)]
        if found:
            return found
    return []


def _grouped(source: Source, group: Callable[[Part], str]) -> list[Source]:
    grouped: dict[str, list[Part]] = {}
    for part in source.parts:
        grouped.setdefault(group(part), []).append(part)
    return [Source(tuple(parts), source.refused) for parts in grouped.values()]


def is_of(source: Source, importer: Importer) -> bool:
    """Returns whether an importer recognizes a source; damaged files are of none."""
    # Names and arrays of other models may be anything.
    with contextlib.suppress(Exception):
        return importer.recognizes(source)
    return False


def _narrowed(source: Source, importer: Importer, importers: Sequence[Importer]) -> Source:
    """Returns the files of one model in a folder that may hold several.

    Raises:
        ModelError: there are several of this model.
    """
    found = _candidates(source, importer)
    if len(found) > 1:
        names = listed(each.parts[0].name for each in found)
        raise ModelError(f"it holds several models of {importer.name}, {names}; give one of them.")
    if not found:
        return source
    parts = found[0].parts
    others = [other for other in importers if other is not importer]
    foreign = {
        id(part) for part in parts if _is_of_one(part, others) and not _is_of_one(part, [importer])
    }
    return Source(tuple(part for part in parts if id(part) not in foreign), source.refused)


def _is_of_one(part: Part, importers: Sequence[Importer]) -> bool:
    return any(is_of(Source((part,)), importer) for importer in importers)


def _contents(source: Source) -> str:
    """Returns what a source holds, in short."""
    parts = [part for part in source.parts if part.kind != "text"]
    return listed(
        f"{part.name} ({part.kind}, {len(part.arrays)} arrays: {listed(map(repr, part.arrays), 3)})"
        for part in parts
    )


def _build(importer: Importer, source: Source) -> EnhancementModel:
    try:
        conversion = importer.convert(source)
        check_settings(conversion.config)
        with weights_limited_by(conversion.weights):
            model = build(conversion.config)
    except (ModelError, ImportError):
        raise
    except Exception as error:
        reason = str(error) if isinstance(error, ConfigError) else "an array has another size."
        raise ModelError(f"it is no {importer.name} of a known size: {reason}") from error
    assign(model, conversion)
    return model


def assign(model: EnhancementModel, conversion: Conversion) -> None:
    """Sets every weight of a model.

    Args:
        model: of the conversion's config.
        conversion: one array per variable, of the same shape.

    Raises:
        ModelError: an array is missing, left over, of another shape, complex or not finite; the
            message lists them.
    """
    variables = {variable.path: variable for variable in model.weights}
    arrays = {path: np.asarray(array) for path, array in conversion.weights.items()}
    _require_none("no array for", (path for path in variables if path not in arrays))
    _require_none("no place for", (path for path in arrays if path not in variables))
    _require_none(
        "another shape in",
        (
            f"{path} ({tuple(arrays[path].shape)} instead of {tuple(variable.shape)})"
            for path, variable in variables.items()
            if tuple(arrays[path].shape) != tuple(variable.shape)
        ),
    )
    _require_none(
        "no real numbers in", (p for p, a in arrays.items() if a.dtype.kind not in "fiub")
    )
    with np.errstate(over="ignore"):
        values = {path: array.astype(np.float32) for path, array in arrays.items()}
    _require_none("NaN or infinity in", (p for p, v in values.items() if not np.isfinite(v).all()))
    for path, variable in variables.items():
        variable.assign(values[path])


def _require_none(what: str, names: Iterable[str]) -> None:
    if found := listed(names):
        raise ModelError(f"the weights do not fit the model: {what} {found}.")


def _hashes(path: pathlib.Path, source: Source) -> dict[str, str]:
    if path.is_file():
        return {one_line(path.name): sha256_of(path)}
    return {one_line(part.name): _digest(part.content) for part in source.parts}


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()
