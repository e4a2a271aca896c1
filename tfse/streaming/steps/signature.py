"""What an exported step is called, what it carries, and where: one place for writer and reader.

A SavedModel and a TFLite file hold a function under the signature `step`:

    noisy [streams, samples], and every state by name
        -> enhanced [streams, samples], and every next state by the same name

The name of a state is that of the Keras model, `LAYER_PATH/PART`, with each
slash written as two underscores: a slash is not allowed in the name of an
argument, and TensorFlow would turn it into one underscore, after which
`lstm_0/cell` and `lstm/0_cell` were the same.

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
INITIAL_STATE = "initial_state"
NOISY = "noisy"
ENHANCED = "enhanced"
METADATA_FILE = "tfse.json"
EXTRA_ASSETS = "assets.extra"

#: The metadata of an export has about 2,000 bytes.
_MOST_METADATA_BYTES = 1 << 16
#: Smallest and largest values that a runner takes; a second and a half at the highest rate.
_RANGES = {
    "sample_rate": (1, 768_000),
    "hop_length": (1, 1 << 20),
    "latency_samples": (0, 1 << 20),
}


@dataclasses.dataclass(frozen=True)
class Metadata:
    """What a runner must know of a step before it can feed it.

    An exporter may write more keys into the JSON than these; a reader that
    does not know them leaves them alone.

    Attributes:
        sample_rate: in Hz.
        hop_length: samples of a step; input comes in multiples of it.
        latency_samples: output delay, by how many samples the output is later than the
            input. The algorithmic latency is one block longer, as a host collects a block
            before it runs a step; the JSON has it as `algorithmic_latency_samples`.
    """

    sample_rate: int
    hop_length: int
    latency_samples: int


def signature_name(state: str) -> str:
    """Returns the name that a model's state has in a signature.

    Example:
        >>> signature_name("dual_path_0/time/cell")
        'dual_path_0__time__cell'
    """
    return state.replace("/", "__")


def saved_model_metadata(folder: pathlib.Path) -> Metadata:
    """Reads the metadata of a SavedModel.

    Raises:
        ModelError: it has none of tfse, or a value is out of its range.
    """
    return _checked(saved_model_values(folder), folder)


def saved_model_values(folder: pathlib.Path) -> dict[str, Any]:
    """Reads all that a SavedModel says of itself.

    Raises:
        ModelError: it carries no metadata of tfse.
    """
    try:
        with (folder / EXTRA_ASSETS / METADATA_FILE).open("rb") as file:
            return _values(file)
    except (OSError, *_UNREADABLE) as error:
        raise ModelError(
            f"a SavedModel must carry the metadata of tfse in {EXTRA_ASSETS}/{METADATA_FILE}; "
            f"received {folder} ({type(error).__name__})."
        ) from error


def tflite_metadata(path: pathlib.Path) -> Metadata:
    """Reads the metadata inside a TFLite file.

    Raises:
        ModelError: it has none of tfse, or a value is out of its range.
    """
    return _checked(tflite_values(path), path)


def tflite_values(path: pathlib.Path) -> dict[str, Any]:
    """Reads all that a TFLite file says of itself.

    Raises:
        ModelError: it carries no metadata of tfse.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            entry = archive.getinfo(METADATA_FILE)
            if entry.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
                # Others unpack a few kilobytes to many megabytes at once.
                raise ValueError("another compression than deflate")
            with archive.open(entry) as file:
                return _values(file)
    except (OSError, *_UNREADABLE) as error:
        raise ModelError(
            f"a TFLite file must carry the metadata of tfse ({METADATA_FILE}); "
            f"received {path} ({type(error).__name__})."
        ) from error


# What damaged or hostile archives and JSON raise: NotImplementedError for a method of
# compression that Python lacks, RuntimeError for a password, RecursionError for brackets.
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
    # Not as much as the archive declares, and not as much as it unpacks to.
    content = file.read(_MOST_METADATA_BYTES + 1)
    if len(content) > _MOST_METADATA_BYTES:
        raise ValueError(f"more than {_MOST_METADATA_BYTES} bytes")
    values = json.loads(content)
    if not isinstance(values, dict):
        raise ValueError("no object")
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
