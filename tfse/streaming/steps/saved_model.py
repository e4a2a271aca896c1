"""Step of a SavedModel."""

from __future__ import annotations

import contextlib
import logging
import pathlib
from collections.abc import Iterator
from typing import Any

import tensorflow as tf

from tfse.errors import ModelError
from tfse.streaming.steps.exported import ExportedStep, NamedState
from tfse.streaming.steps.signature import (
    ENHANCE,
    INITIAL_STATE,
    NOISY,
    STEP,
    saved_model_metadata,
)

_GRADIENTS = "unsaved custom gradients"


class SavedModelStep(ExportedStep):
    """Step that runs the signature `step` of a SavedModel; names as in `signature`.

    Args:
        path: the folder with `saved_model.pb`, or its parent with numbered versions,
            of which the newest is used.

    Raises:
        ModelError: the folder is not a SavedModel, or not an export of tfse.
    """

    def __init__(self, path: str | pathlib.Path) -> None:
        folder = _newest_version(pathlib.Path(path))
        metadata = saved_model_metadata(folder)
        self._loaded = load_saved_model(folder)
        signatures = self._loaded.signatures
        missing = {STEP, INITIAL_STATE} - set(signatures)
        if missing and ENHANCE in signatures:
            raise ModelError(
                f"{folder} is of a model for recordings only: a server runs its `{ENHANCE}`; "
                "here use the .keras file of the model."
            )
        if missing:
            raise ModelError(
                f"{folder} lacks the signatures {sorted(missing)}; export the model with tfse."
            )
        self._step = signatures[STEP]
        self._first = signatures[INITIAL_STATE]
        streams, samples = self._step.structured_input_signature[1][NOISY].shape
        super().__init__(metadata, streams, samples)

    def _initial(self, num_streams: int) -> NamedState:
        state = self._first()
        return {
            name: tf.repeat(zeros, num_streams // zeros.shape[0], axis=0)
            for name, zeros in state.items()
        }

    def _run(self, inputs: dict[str, Any]) -> dict[str, Any]:
        return dict(self._step(**{name: tf.convert_to_tensor(x) for name, x in inputs.items()}))


@contextlib.contextmanager
def _without_gradient_warnings() -> Iterator[None]:
    """Hides that custom gradients were not saved: a SavedModel is not trained."""
    logger = logging.getLogger("absl")

    def is_of_use(record: logging.LogRecord) -> bool:
        return _GRADIENTS not in record.getMessage()

    logger.addFilter(is_of_use)
    try:
        yield
    finally:
        logger.removeFilter(is_of_use)


def _newest_version(folder: pathlib.Path) -> pathlib.Path:
    if (folder / "saved_model.pb").is_file():
        return folder
    versions = [
        path.parent for path in folder.glob("*/saved_model.pb") if path.parent.name.isdigit()
    ]
    if not versions:
        raise ModelError(f"a model folder must be a SavedModel; received {folder}.")
    return max(versions, key=lambda version: int(version.name))


def load_saved_model(folder: pathlib.Path) -> Any:
    """Returns a SavedModel.

    Raises:
        ModelError: TensorFlow cannot read it.
    """
    try:
        with _without_gradient_warnings():
            return tf.saved_model.load(str(folder))
    except Exception as error:
        # TensorFlow raises its own errors and those of protobuf and Python.
        reason = str(error).strip().splitlines() or [type(error).__name__]
        raise ModelError(f"TensorFlow cannot read the SavedModel {folder}: {reason[0]}") from error
