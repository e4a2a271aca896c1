"""Signature and metadata of exported steps, shared by exporters and readers.

A SavedModel and a TFLite file hold a function under the signature `step`:

    noisy [streams, samples], and every state by name
        -> enhanced [streams, samples], and every next state by the same name

A TFLite file may hold the same function for more hops under the signature `step_block`, with
the same states and weights; whole files run faster with it.

The name of a state is that of the Keras model, `LAYER_PATH/PART`, with each
slash replaced by two underscores: argument names cannot have slashes, and
TensorFlow would replace them by one underscore, which would make `lstm_0/cell`
and `lstm/0_cell` the same.

The exporter also writes a `Metadata` as JSON under the name `tfse.json`: into
the folder `assets.extra` of a SavedModel, and into a zip archive appended to a
`.tflite` file, which is where the TensorFlow Lite tools put associated files;
interpreters ignore it and `unzip -p model.tflite tfse.json` prints it.
"""

from __future__ import annotations

import dataclasses
import json
import pathlib
import zipfile
import zlib
from typing import IO, Any

from tfse.errors import ModelError

STEP = "step"
#: Sorts after "step", so that the converter makes `step` the first graph of a file, which hosts
#: without signatures run.
BLOCK = "step_block"
INITIAL_STATE = "initial_state"
#: Of a SavedModel, for whole recordings.
ENHANCE = "enhance"
NOISY = "noisy"
ENHANCED = "enhanced"
METADATA_FILE = "tfse.json"
EXTRA_ASSETS = "assets.extra"

#: Limit; the metadata of an export has about 2,000 bytes.
_MAX_METADATA_BYTES = 1 << 16
#: Smallest and largest valid values; 1.4 s at the highest rate.
_RANGES = {
    "sample_rate": (1, 768_000),
    "hop_length": (1, 1 << 20),
    "latency_samples": (0, 1 << 20),
}


@dataclasses.dataclass(frozen=True)
class Metadata:
    """Metadata that is needed to run a step.

    The JSON may have more keys; a reader ignores unknown ones.

    Attributes:
        sample_rate: in Hz.
        hop_length: samples per hop; blocks are multiples of it.
        latency_samples: delay of the output, in samples. The algorithmic latency is one
            block longer, as a host collects a block before it runs a step; the JSON has
            it as `algorithmic_latency_samples`.
    """

    sample_rate: int
    hop_length: int
    latency_samples: int


def signature_name(state: str) -> str:
    """Returns the signature name of a model's state.

    Example:
        >>> signature_name("dual_path_0/time/cell")
        'dual_path_0__time__cell'
    """
    return state.replace("/", "__")


def saved_model_metadata(folder: pathlib.Path) -> Metadata:
    """Returns the metadata of a SavedModel.

    Raises:
        ModelError: it has no tfse metadata, or a value is out of range.
    """
    return _checked(saved_model_values(folder), folder)


def saved_model_values(folder: pathlib.Path) -> dict[str, Any]:
    """Returns all metadata of a SavedModel as a dictionary.

    Raises:
        ModelError: it has no tfse metadata.
    """
    try:
        with (folder / EXTRA_ASSETS / METADATA_FILE).open("rb") as file:
            return _values(file)
    except (OSError, *_UNREADABLE) as error:
        raise ModelError(
            f"{folder} has no readable tfse metadata in {EXTRA_ASSETS}/{METADATA_FILE} "
            f"({type(error).__name__}); export the model with tfse."
        ) from error


def tflite_metadata(path: pathlib.Path) -> Metadata:
    """Returns the metadata of a TFLite file.

    Raises:
        ModelError: it has no tfse metadata, or a value is out of range.
    """
    return _checked(tflite_values(path), path)


def tflite_values(path: pathlib.Path) -> dict[str, Any]:
    """Returns all metadata of a TFLite file as a dictionary.

    Raises:
        ModelError: it has no tfse metadata.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            entry = archive.getinfo(METADATA_FILE)
            if entry.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
                # Other methods may unpack a few kilobytes to many megabytes at once.
                raise ValueError("another compression than deflate")
            with archive.open(entry) as file:
                return _values(file)
    except (OSError, *_UNREADABLE) as error:
        raise ModelError(
            f"{path} has no readable tfse metadata ({METADATA_FILE}, {type(error).__name__}); "
            "export the model with tfse."
        ) from error


# Errors of damaged or hostile archives and JSON: NotImplementedError for a compression
# method that Python lacks, RuntimeError for a password, RecursionError for brackets.
_UNREADABLE = (
    zipfile.BadZipFile,
    zlib.error,
    EOFError,
    KeyError,
    NotImplementedError,
    RuntimeError,
    ValueError,
)


def _values(file: IO[bytes]) -> dict[str, Any]:
    # The limit holds whatever size the archive declares or unpacks to.
    content = file.read(_MAX_METADATA_BYTES + 1)
    if len(content) > _MAX_METADATA_BYTES:
        raise ValueError(f"more than {_MAX_METADATA_BYTES} bytes")
    values = json.loads(content)
    if not isinstance(values, dict):
        raise ValueError("not an object")
    return values


def _checked(values: dict[str, Any], source: pathlib.Path) -> Metadata:
    for name, (least, most) in _RANGES.items():
        value = values.get(name)
        if not isinstance(value, int) or isinstance(value, bool) or not least <= value <= most:
            shown = str(value)[:40]
            raise ModelError(
                f"`{name}` in the metadata of a model must be a whole number from {least} to "
                f"{most}; received {shown} in {source}."
            )
    return Metadata(**{name: values[name] for name in _RANGES})
