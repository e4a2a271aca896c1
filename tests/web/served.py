"""Page served from a thread, and requests to it."""

from __future__ import annotations

import contextlib
import http.client
import json
import pathlib
import threading
import urllib.parse
from collections.abc import Iterator
from typing import Any

from tests.streaming.tiny_streams import dpcrn_step, lstm_step
from tests.waiting import wait_until
from tfse.streaming.steps.base import Step
from tfse.web.serving import PageServer, WebOptions, running

LIMIT_BYTES = 2_000_000


def models() -> dict[str, Step]:
    """Returns the models of the page by name."""
    return {"tiny_lstm": lstm_step(), "tiny_dpcrn": dpcrn_step()}


@contextlib.contextmanager
def served(**options: Any) -> Iterator[PageServer]:
    """Serves the page until the end of the block."""
    with running(WebOptions(**{"models": models(), "max_bytes": LIMIT_BYTES, **options})) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield server
        finally:
            server.shutdown()
            thread.join()


class Answer:
    """Answer to a request."""

    def __init__(self, response: http.client.HTTPResponse) -> None:
        self.status = response.status
        self.headers = response.headers
        self.data = response.read()

    def json(self) -> Any:
        return json.loads(self.data)


def ask(
    server: PageServer,
    path: str,
    method: str = "GET",
    body: Any = None,
    headers: dict[str, str] | None = None,
    token: str | None = None,
) -> Answer:
    """Sends a request below the token."""
    data = json.dumps(body).encode() if isinstance(body, dict) else body
    token = server.token if token is None else token
    return ask_path(server, f"/{token}/{path}", method, data, headers)


def ask_path(
    server: PageServer,
    path: str,
    method: str = "GET",
    data: Any = None,
    headers: dict[str, str] | None = None,
) -> Answer:
    """Sends a request."""
    connection = http.client.HTTPConnection("127.0.0.1", server.server_port)
    with contextlib.closing(connection):
        connection.request(method, path, data, headers or {})
        return Answer(connection.getresponse())


def upload(server: PageServer, file: pathlib.Path, name: str | None = None) -> str:
    """Uploads a file and returns the path of the recording."""
    query = urllib.parse.quote(name or file.name)
    answer = ask(server, f"recordings?name={query}", "POST", file.read_bytes())
    assert answer.status == 201, answer.data
    return f"recordings/{answer.json()['key']}"


def run(server: PageServer, recording: str, job: str, **values: Any) -> dict[str, Any]:
    """Runs a job to its end and returns the state of the recording."""
    assert ask(server, f"{recording}/{job}", "POST", values).status == 202

    def ended() -> bool:
        return state(server, recording)["job"]["state"] in ("done", "failed")

    wait_until(ended)
    return state(server, recording)


def state(server: PageServer, recording: str) -> dict[str, Any]:
    """Returns the state of a recording."""
    found: dict[str, Any] = ask(server, recording).json()
    return found
