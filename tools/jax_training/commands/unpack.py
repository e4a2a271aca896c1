"""Command `unpack`: a pack as a store."""

from __future__ import annotations

import os
import pathlib
import time
from collections.abc import Sequence

from absl import flags

DESCRIPTION = """Decodes a pack into a store that training reads.

  python -m tools.jax_training unpack --packed_dir=packed --store=store
"""

_PACKED_DIR = flags.DEFINE_string("packed_dir", None, "Folder of the parts.", required=True)
_STORE = flags.DEFINE_string("store", None, "The store; must not exist.", required=True)
_THREADS = flags.DEFINE_integer("threads", os.cpu_count() or 1, "Files decoded at once.", 1)


def main(arguments: Sequence[str]) -> int:
    """Unpacks the parts."""
    from tools.jax_training.unpacking import unpack

    start = time.monotonic()
    packed, store = pathlib.Path(_PACKED_DIR.value), pathlib.Path(_STORE.value)
    hours = unpack(packed, store, _THREADS.value)
    lengths = ", ".join(f"{name} {count:.2f} h" for name, count in hours.items())
    print(f"{store}: {lengths}, in {time.monotonic() - start:.1f} s")
    return 0
