"""Trust in model folders: a SavedModel is code."""

from __future__ import annotations

import pathlib

from tfse.errors import ModelError


class TrustedFolder(str):
    """Path of a SavedModel whose source the user trusts.

    It goes wherever the path of a model goes, to other processes too.

    Example:
        >>> TrustedFolder("served/dpcrn_small")
        'served/dpcrn_small'
    """

    __slots__ = ()


def require_trust(path: pathlib.Path, trusted: bool) -> None:
    """Refuses a model folder that the user did not call trusted.

    A `.keras` file is loaded in safe mode and a `.tflite` file holds built-in operations
    alone, but the graph of a SavedModel can read and write files with the rights of the user.

    Raises:
        ModelError: it is not trusted.
    """
    if not trusted:
        raise ModelError(
            f"a SavedModel is code that runs with your rights, so {path} is loaded only with "
            "--trust_saved_model (in Python trust_saved_model=True); use it if you trust its "
            "source."
        )
