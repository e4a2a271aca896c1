"""Trust in SavedModel folders, which are code."""

from __future__ import annotations

import pathlib

from tfse.errors import ModelError


class TrustedFolder(str):
    """Path of a SavedModel that the user trusts.

    It can be used like any model path, also in other processes.

    Example:
        >>> TrustedFolder("served/dpcrn_small")
        'served/dpcrn_small'
    """

    __slots__ = ()


def require_trust(path: pathlib.Path, trusted: bool) -> None:
    """Checks that a SavedModel folder is trusted.

    A `.keras` file is loaded in safe mode and a `.tflite` file holds only built-in
    operations, but the graph of a SavedModel can read and write files with the rights of
    the user.

    Raises:
        ModelError: the folder is not trusted.
    """
    if not trusted:
        raise ModelError(
            f"a SavedModel is code that runs with your rights, so {path} is loaded only with "
            "--trust_saved_model (in Python trust_saved_model=True); use it if you trust its "
            "source."
        )
