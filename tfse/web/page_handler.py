"""Page handler: HTTP requests of the page."""

from __future__ import annotations

import http.server
import json
import pathlib
import re
import urllib.parse
from collections.abc import Callable
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, BinaryIO, cast

from tfse.errors import ConfigError
from tfse.terminal import one_line
from tfse.web.byte_range import UnsatisfiableRange, byte_range
from tfse.web.file_names import attachment, result_name
from tfse.web.job_queue import error_line
from tfse.web.recordings import Recording
from tfse.web.request_checks import SECURITY_HEADERS, is_local, is_token

if TYPE_CHECKING:
    from tfse.web.serving import PageServer

_PAGE = pathlib.Path(__file__).parent / "page"
_TYPES = {
    ".html": "text/html; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
}
# The page itself; a request never names a path.
_FILES = {path.name: path for path in _PAGE.iterdir() if path.suffix in _TYPES}
_BLOCK_BYTES = 1 << 18
_MAX_JSON_BYTES = 10_000
# A refused upload of this size is read to its end: a browser that still sends misses the answer.
_MAX_UNREAD_BYTES = 1 << 23
_MB = 1_000_000


class Refused(Exception):
    """Signal: the request is answered by an error.

    Args:
        status: of the answer.
        text: one line for the user.
    """

    def __init__(self, status: HTTPStatus, text: str) -> None:
        super().__init__(text)
        self.status = status


class PageHandler(http.server.BaseHTTPRequestHandler):
    """Answers the requests of one connection.

    Every address is below `/TOKEN/`: `settings`, `recordings`, and per recording its state,
    `job`, `enhance`, `write`, `sound`, `spectrogram` and `result`.
    """

    protocol_version = "HTTP/1.1"
    server_version, sys_version = "tfse-web", ""
    # A connection that says nothing ends, and an upload that stalls is removed.
    timeout = 120

    @property
    def _server(self) -> PageServer:
        return cast("PageServer", self.server)

    def do_GET(self) -> None:
        self._answer(self._get)

    do_HEAD = do_GET  # noqa: N815

    def do_POST(self) -> None:
        self._answer(self._post)

    def do_DELETE(self) -> None:
        self._answer(self._delete)

    def log_message(self, format: str, *args: Any) -> None:
        """Prints nothing: the terminal shows the address."""

    # === Routes ===

    def _get(self, parts: list[str], query: dict[str, str]) -> None:
        match parts:
            case ["settings"]:
                self._send_json(self._server.settings())
            case [name] if (name or "index.html") in _FILES:
                file = _FILES[name or "index.html"]
                self._send(file.read_bytes(), _TYPES[file.suffix])
            case ["recordings", key]:
                self._send_json(self._service.state(self._recording(key)))
            case ["recordings", key, "sound"]:
                self._send_sound(self._recording(key))
            case ["recordings", key, "spectrogram"]:
                self._send_spectrogram(self._recording(key), query)
            case ["recordings", key, "result"]:
                self._send_result(self._recording(key))
            case _:
                raise _not_found()

    def _post(self, parts: list[str], query: dict[str, str]) -> None:
        match parts:
            case ["recordings"]:
                self._receive(query.get("name", ""))
            case ["recordings", key, "enhance"]:
                recording, sent = self._recording(key), self._json()
                self._service.enhance(recording, sent.get("model"))
                self._send_json({}, HTTPStatus.ACCEPTED)
            case ["recordings", key, "write"]:
                recording, sent = self._recording(key), self._json()
                self._service.write(recording, sent.get("mix"), sent.get("max_attenuation_db"))
                self._send_json({}, HTTPStatus.ACCEPTED)
            case _:
                raise _not_found()

    def _delete(self, parts: list[str], query: dict[str, str]) -> None:
        match parts:
            case ["recordings", key]:
                self._service.recordings.remove(self._recording(key))
                self._send_json({})
            case ["recordings", key, "job"]:
                self._service.recordings.stop(self._recording(key))
                self._send_json({})
            case _:
                raise _not_found()

    @property
    def _service(self) -> Any:
        return self._server.service

    def _recording(self, key: str) -> Recording:
        found: Recording | None = self._service.recordings.find(key)
        if found is None:
            raise Refused(HTTPStatus.NOT_FOUND, "the recording was removed; choose it again.")
        return found

    # === Requests ===

    def _answer(self, route: Callable[[list[str], dict[str, str]], None]) -> None:
        try:
            if not is_local(self.headers, self._server.server_port):
                raise Refused(HTTPStatus.FORBIDDEN, "only the page itself may ask.")
            if self._server.starts(self.path.removeprefix("/")):
                self._redirect_to_page()
            else:
                route(*self._checked_path())
        except Refused as error:
            self._send_error(error.status, str(error))
        except ConfigError as error:
            self._send_error(HTTPStatus.BAD_REQUEST, one_line(str(error)))
        except (ConnectionError, TimeoutError):
            self.close_connection = True
        except Exception as error:
            self._send_error(HTTPStatus.INTERNAL_SERVER_ERROR, error_line(error))

    def _checked_path(self) -> tuple[list[str], dict[str, str]]:
        """Returns the parts of the path after the token, and the query."""
        address = urllib.parse.urlsplit(self.path)
        token, *parts = address.path.removeprefix("/").split("/")
        if not parts or not is_token(token, self._server.token):
            raise Refused(HTTPStatus.NOT_FOUND, "open the address that tfse-web printed.")
        query = urllib.parse.parse_qsl(address.query, errors="replace")
        return parts, dict(query)

    def _json(self) -> dict[str, Any]:
        length = self._length(_MAX_JSON_BYTES)
        try:
            value = json.loads(self.rfile.read(length))
        except ValueError:
            value = None
        if not isinstance(value, dict):
            raise Refused(HTTPStatus.BAD_REQUEST, "the request must be a JSON object.")
        return value

    def _length(self, limit: int) -> int:
        """Returns the length of the request, at most `limit`."""
        text = self.headers.get("Content-Length", "")
        if not re.fullmatch(r"[0-9]{1,18}", text):
            raise Refused(HTTPStatus.LENGTH_REQUIRED, "the request must have a length.")
        if int(text) > limit:
            self._discard(int(text))
            raise Refused(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "the request is too large.")
        return int(text)

    def _discard(self, length: int) -> None:
        left = min(length, _MAX_UNREAD_BYTES)
        while left and (block := self.rfile.read(min(left, _BLOCK_BYTES))):
            left -= len(block)

    def _receive(self, sent_name: str) -> None:
        limit = self._server.max_bytes
        try:
            length = self._length(limit)
        except Refused as error:
            if error.status is HTTPStatus.REQUEST_ENTITY_TOO_LARGE:
                text = f"the file is larger than {limit / _MB:g} MB; see --max_mb of tfse-web."
                raise Refused(error.status, text) from error
            raise
        recording = self._service.recordings.add(sent_name)
        try:
            with self._service.recordings.using(recording):
                self._store(recording.source, length)
                self._send_json({"key": recording.key}, HTTPStatus.CREATED)
        except BaseException:
            # The page that would know its key is gone, or the disk is full.
            self._service.recordings.remove(recording)
            raise

    def _store(self, path: pathlib.Path, length: int) -> None:
        with path.open("xb") as file:
            while length:
                block = self.rfile.read(min(length, _BLOCK_BYTES))
                if not block:
                    raise ConnectionAbortedError
                file.write(block)
                length -= len(block)

    # === Answers ===

    def _send_sound(self, recording: Recording) -> None:
        if recording.enhanced is None:
            raise _not_found()
        self._send_file(recording, recording.enhanced.sound)

    def _send_result(self, recording: Recording) -> None:
        if recording.result is None:
            raise _not_found()
        path = recording.result.path
        name = result_name(recording.name, path.suffix)
        self._send_file(recording, path, {"Content-Disposition": attachment(name)})

    def _send_spectrogram(self, recording: Recording, query: dict[str, str]) -> None:
        if recording.enhanced is None:
            raise _not_found()
        share = query.get("share", "")
        if not re.fullmatch(r"[01](\.[0-9]{1,20})?", share, re.ASCII):
            raise Refused(HTTPStatus.BAD_REQUEST, "`share` must be from 0 to 1.")
        self._send(recording.enhanced.spectrograms.png(min(1.0, float(share))), "image/png")

    def _send_file(
        self, recording: Recording, path: pathlib.Path, headers: dict[str, str] | None = None
    ) -> None:
        """Sends a file, or the range of it that the request names."""
        with self._service.recordings.using(recording), path.open("rb") as file:
            size = path.stat().st_size
            headers = {"Accept-Ranges": "bytes", **(headers or {})}
            try:
                part = byte_range(self.headers.get("Range"), size)
            except UnsatisfiableRange:
                self._start(HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE, 0, "text/plain")
                self._end({**headers, "Content-Range": f"bytes */{size}"})
                return
            start, end = part or (0, size)
            if part is not None:
                headers["Content-Range"] = f"bytes {start}-{end - 1}/{size}"
            status = HTTPStatus.OK if part is None else HTTPStatus.PARTIAL_CONTENT
            self._start(status, end - start, "application/octet-stream")
            self._end(headers)
            if self.command != "HEAD":
                self._send_part(file, start, end)

    def _send_part(self, file: BinaryIO, start: int, end: int) -> None:
        # A user may pause a download for any time.
        self.connection.settimeout(None)
        file.seek(start)
        for position in range(start, end, _BLOCK_BYTES):
            self.wfile.write(file.read(min(_BLOCK_BYTES, end - position)))
        self.connection.settimeout(self.timeout)

    def _send_json(self, value: object, status: HTTPStatus = HTTPStatus.OK) -> None:
        self._send(json.dumps(value).encode(), "application/json", status)

    def _send_error(self, status: HTTPStatus, text: str) -> None:
        # What is left of the request is not the next one.
        self.close_connection = True
        try:
            self._send_json({"error": text}, status)
        except OSError:
            return

    def _redirect_to_page(self) -> None:
        self._start(HTTPStatus.SEE_OTHER, 0, "text/plain")
        self._end({"Location": f"/{self._server.token}/"})

    def _send(self, data: bytes, kind: str, status: HTTPStatus = HTTPStatus.OK) -> None:
        self._start(status, len(data), kind)
        self._end({})
        if self.command != "HEAD":
            self.wfile.write(data)

    def _start(self, status: HTTPStatus, length: int, kind: str) -> None:
        self.send_response(status)
        self.send_header("Content-Length", str(length))
        self.send_header("Content-Type", kind)
        if self.close_connection:
            self.send_header("Connection", "close")

    def _end(self, headers: dict[str, str]) -> None:
        for name, value in {**SECURITY_HEADERS, **headers}.items():
            self.send_header(name, value)
        self.end_headers()


def _not_found() -> Refused:
    return Refused(HTTPStatus.NOT_FOUND, "there is nothing at this address.")
