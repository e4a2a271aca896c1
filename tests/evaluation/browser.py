"""Browser: Chromium, controlled through its DevTools protocol over two pipes."""

from __future__ import annotations

import itertools
import json
import os
import pathlib
import shutil
import subprocess
from types import TracebackType
from typing import Any

from tests.waiting import wait_until

NAMES = ("chromium", "chromium-browser", "google-chrome")


def executable() -> str | None:
    """Returns the path of a browser, None if there is none."""
    return os.environ.get("CHROMIUM") or next(filter(None, map(shutil.which, NAMES)), None)


class Browser:
    """One page in a headless browser; a context manager that ends it.

    Args:
        page: a file, or an address.
        folder: of the browser's profile.
        script: runs in every page before its own.
    """

    def __init__(self, page: pathlib.Path | str, folder: pathlib.Path, script: str = "") -> None:
        to_browser, ours_out = os.pipe()
        ours_in, from_browser = os.pipe()
        browser = executable()
        assert browser is not None
        flags = ["--headless", "--remote-debugging-pipe", "--disable-gpu", "--mute-audio"]
        flags += [f"--user-data-dir={folder}", "--autoplay-policy=no-user-gesture-required"]
        # The sandbox does not run as root in a container.
        flags += ["--no-sandbox"] if os.getuid() == 0 else []
        # The protocol is spoken on the file descriptors 3 and 4.
        redirect = f'exec "$@" 3<&{to_browser} 4>&{from_browser}'
        self._process = subprocess.Popen(
            ["bash", "-c", redirect, "bash", browser, *flags],
            pass_fds=(to_browser, from_browser),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        os.close(to_browser)
        os.close(from_browser)
        self._out, self._in = os.fdopen(ours_out, "wb", 0), os.fdopen(ours_in, "rb", 0)
        self._numbers = itertools.count(1)
        self._rest = b""
        self.events: list[dict[str, Any]] = []
        self._session: str | None = None
        address = page if isinstance(page, str) else page.resolve().as_uri()
        self._open(address, script)

    def _open(self, address: str, script: str) -> None:
        target = self.call("Target.createTarget", url="about:blank")["targetId"]
        attached = self.call("Target.attachToTarget", targetId=target, flatten=True)
        self._session = attached["sessionId"]
        for domain in ("Page", "Runtime", "Log", "Network"):
            self.call(f"{domain}.enable")
        self.call("Page.addScriptToEvaluateOnNewDocument", source=script)
        self.call("Page.navigate", url=address)
        self.until("document.readyState === 'complete' && location.protocol !== 'about:'")

    def call(self, method: str, **parameters: Any) -> dict[str, Any]:
        """Calls a method of the protocol and waits for its answer; events are kept."""
        number = next(self._numbers)
        message: dict[str, Any] = {"id": number, "method": method, "params": parameters}
        if self._session is not None:
            message["sessionId"] = self._session
        self._out.write(json.dumps(message).encode() + b"\0")
        while True:
            answer = self._receive()
            if answer.get("id") == number:
                assert "error" not in answer, answer
                result: dict[str, Any] = answer["result"]
                return result
            self.events.append(answer)

    def ask(self, expression: str) -> Any:
        """Returns the value of a JavaScript expression, or of its promise."""
        answer = self.call(
            "Runtime.evaluate", expression=expression, awaitPromise=True, returnByValue=True
        )
        assert "exceptionDetails" not in answer, answer
        return answer["result"].get("value")

    def until(self, expression: str) -> None:
        """Waits for an expression to become true."""
        wait_until(lambda: bool(self.ask(expression)))

    def named(self, method: str) -> list[dict[str, Any]]:
        """Returns the parameters of all events of a name."""
        return [event["params"] for event in self.events if event.get("method") == method]

    def _receive(self) -> dict[str, Any]:
        while b"\0" not in self._rest:
            data = self._in.read(1 << 16)
            assert data, "the browser has ended"
            self._rest += data
        message, _, self._rest = self._rest.partition(b"\0")
        value: dict[str, Any] = json.loads(message)
        return value

    def __enter__(self) -> Browser:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._process.kill()
        self._process.wait()
        self._out.close()
        self._in.close()
