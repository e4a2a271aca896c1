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

from tfse.errors import ModelError

STEP = "step"
INITIAL_STATE = "initial_state"
NOISY = "noisy"
ENHANCED = "enhanced"
METADATA_FILE = "tfse.json"
EXTRA_ASSETS = "assets.extra"


@dataclasses.dataclass(frozen=True)
class Metadata:
    """What a runner must know of a step before it can feed it.

    An exporter may write more keys into the JSON than these; a reader that
    does not know them leaves them alone.

    Attributes:
        sample_rate: in Hz.
        hop_length: samples of a step; input comes in multiples of it.
        latency_samples: by how many samples the output is later than the input.
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
        ModelError: it has none of ours.
    """
    path = folder / EXTRA_ASSETS / METADATA_FILE
    try:
        return _parsed(path.read_bytes())
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ModelError(
            f"a SavedModel must carry the metadata of tfse in {EXTRA_ASSETS}/{METADATA_FILE}; "
            f"received {folder} ({type(error).__name__})."
        ) from error


def tflite_metadata(path: pathlib.Path) -> Metadata:
    """Reads the metadata inside a TFLite file.

    Raises:
        ModelError: it has none of ours.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            return _parsed(archive.read(METADATA_FILE))
    except (OSError, zipfile.BadZipFile, ValueError, KeyError, TypeError) as error:
        raise ModelError(
            f"a TFLite file must carry the metadata of tfse ({METADATA_FILE}); "
            f"received {path} ({type(error).__name__})."
        ) from error


def _parsed(content: bytes) -> Metadata:
    values = json.loads(content)
    metadata = Metadata(**{f.name: int(values[f.name]) for f in dataclasses.fields(Metadata)})
    if metadata.sample_rate < 1 or metadata.hop_length < 1 or metadata.latency_samples < 0:
        raise ValueError(f"values out of range: {metadata}")
    return metadata
