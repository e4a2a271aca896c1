"""Program `tfse-web`: a page for enhancing recordings on this computer."""

from __future__ import annotations

import os
import signal
import sys
import webbrowser
from collections.abc import Sequence
from typing import TYPE_CHECKING

from absl import flags

from tfse import native_logs, pretrained
from tfse.cli import model_flag, program

if TYPE_CHECKING:
    from tfse.web.serving import PageServer, WebOptions

DESCRIPTION = """Opens a page that removes noise from recordings: drop a file, compare, download.

  tfse-web
  tfse-web --port=8080 --noopen_browser

The page is served to this computer only, and no sound leaves it. Ctrl-C ends
it and removes all temporary files.
"""

_PORT = flags.DEFINE_integer("port", 0, "Port of the page; 0 for any free one.")
_OPEN_BROWSER = flags.DEFINE_bool("open_browser", True, "Open the page in the default browser.")
flags.declare_key_flag(model_flag.NAME)
flags.declare_key_flag(model_flag.ENGINE_NAME)
flags.declare_key_flag(model_flag.TRUST_NAME)
_MAX_MB = flags.DEFINE_float("max_mb", 2000.0, "Size limit of a recording, in MB.")
_KEEP_MINUTES = flags.DEFINE_float(
    "keep_minutes", 60.0, "Lifetime of a recording and its results after their last use."
)
_MB = 1_000_000
_DISPLAYS = ("DISPLAY", "WAYLAND_DISPLAY")


def main(arguments: Sequence[str]) -> int:
    """Serves the page until Ctrl-C."""
    program.require_flags_only(arguments)
    from tfse.web.serving import serve

    try:
        with native_logs.hidden():
            serve(_options(), _announce)
    except KeyboardInterrupt as stop:
        # Ctrl-C is the usual end.
        if getattr(stop, "number", signal.SIGINT) != signal.SIGINT:
            raise
    return program.DONE


def entry_point() -> None:
    """Runs the program."""
    program.run(main, DESCRIPTION)


def _options() -> WebOptions:
    from tfse.web.service import listed
    from tfse.web.serving import WebOptions

    return WebOptions(
        models=listed(pretrained.names(), model_flag.value()),
        engine=model_flag.engine(),
        port=_PORT.value,
        max_bytes=round(_MB * _MAX_MB.value),
        keep_s=60 * _KEEP_MINUTES.value,
    )


def _announce(server: PageServer) -> None:
    print(f"Open {server.address} in a browser; Ctrl-C ends it.", flush=True)
    # Without a display the browser would be one in this terminal.
    if _OPEN_BROWSER.value and (sys.platform == "darwin" or any(map(os.getenv, _DISPLAYS))):
        webbrowser.open(server.start_address)


if __name__ == "__main__":
    entry_point()
