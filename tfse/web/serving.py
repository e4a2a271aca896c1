"""Server of the page on the loopback address."""

from __future__ import annotations

import contextlib
import dataclasses
import http.server
import secrets
import sys
import threading
from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

from tfse.errors import ConfigError
from tfse.web.job_queue import JobQueue, error_line
from tfse.web.page_handler import PageHandler
from tfse.web.private_folder import private_folder
from tfse.web.recordings import Recordings
from tfse.web.service import Service

if TYPE_CHECKING:
    from tfse.streaming.steps.open_step import Model

# Never another address: the page has no users, no passwords and no encryption.
_HOST = "127.0.0.1"


@dataclasses.dataclass(frozen=True)
class WebOptions:
    """Options of the page.

    Attributes:
        models: by listed name; the first is preselected.
        engine: runs the models, see `tfse.streaming.open_step`.
        port: 0 for any free one.
        max_bytes: size limit of a recording.
        keep_s: lifetime of a recording and its results after their last use, in seconds.

    Raises:
        ConfigError: a value is out of range.
    """

    models: Mapping[str, Model]
    engine: str | None = None
    port: int = 0
    max_bytes: int = 2_000_000_000
    keep_s: float = 3600.0

    def __post_init__(self) -> None:
        if not 0 <= self.port < 1 << 16:
            raise ConfigError(f"`port` must be from 0 to 65535; received {self.port}.")
        if self.max_bytes <= 0 or not self.keep_s > 0:
            raise ConfigError("the size limit and the lifetime must be positive.")


class PageServer(http.server.ThreadingHTTPServer):
    """HTTP server of the page, one thread per connection.

    Args:
        service: what the page can ask for.
        options: of the page.

    Attributes:
        token: random first part of every address.

    Raises:
        OSError: the port is in use.
    """

    daemon_threads = True

    def __init__(self, service: Service, options: WebOptions) -> None:
        self.service = service
        self.max_bytes = options.max_bytes
        self.token = secrets.token_urlsafe(24)
        self._keep_s = options.keep_s
        self._start = secrets.token_urlsafe(24)
        self._start_lock = threading.Lock()
        super().__init__((_HOST, options.port), PageHandler)

    @property
    def address(self) -> str:
        """Address of the page."""
        return f"http://{_HOST}:{self.server_port}/{self.token}/"

    @property
    def start_address(self) -> str:
        """Address that leads to the page once: other users see the arguments of a browser."""
        return f"http://{_HOST}:{self.server_port}/{self._start}"

    def starts(self, sent: str) -> bool:
        """Returns whether this is the first request for the start address."""
        with self._start_lock:
            if not self._start or not secrets.compare_digest(sent.encode(), self._start.encode()):
                return False
            self._start = ""
            return True

    def settings(self) -> dict[str, Any]:
        """Returns what the page must know before the first recording."""
        return {
            "models": list(self.service.models),
            "max_bytes": self.max_bytes,
            "keep_minutes": self._keep_s / 60,
        }

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Prints an unexpected error in one line; a lost connection is none."""
        error = sys.exc_info()[1]
        if isinstance(error, Exception) and not isinstance(error, OSError):
            error_line(error)


def serve(options: WebOptions, ready: Callable[[PageServer], None]) -> None:
    """Serves the page until an exception, such as that of Ctrl-C; then removes all files.

    Args:
        options: of the page.
        ready: called once the server accepts connections.

    Raises:
        OSError: the port is in use, or the disk is full.
    """
    with running(options) as server:
        ready(server)
        server.serve_forever()


@contextlib.contextmanager
def running(options: WebOptions) -> Iterator[PageServer]:
    """Yields the server with its queue and its temporary files, all of which end with it."""
    with (
        private_folder() as folder,
        JobQueue() as jobs,
        Recordings(folder, jobs, options.keep_s) as recordings,
    ):
        service = Service(options.models, options.engine, recordings, jobs)
        with PageServer(service, options) as server:
            yield server
