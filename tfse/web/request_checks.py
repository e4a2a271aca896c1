"""Request checks: refuses what does not come from the page itself."""

from __future__ import annotations

import hmac
from email.message import Message

#: The page loads nothing from elsewhere, and no other page may frame it.
SECURITY_HEADERS = {
    "Content-Security-Policy": (
        "default-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    ),
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
    "Cache-Control": "no-store",
}

_USUAL_PORT = 80


def is_local(headers: Message, port: int) -> bool:
    """Returns whether a request names this server as its host, and as its origin if any.

    The name of another host that resolves to this machine (DNS rebinding), and requests of
    other pages, are refused.
    """
    # Browsers leave out the usual port.
    suffix = "" if port == _USUAL_PORT else f":{port}"
    hosts = {f"{name}{suffix}" for name in ("127.0.0.1", "localhost")}
    origin = headers.get("Origin")
    return headers.get("Host") in hosts and (
        origin is None or origin in {f"http://{host}" for host in hosts}
    )


def is_token(sent: str, token: str) -> bool:
    """Returns whether a request has the token, in a time that does not tell how much is right."""
    return hmac.compare_digest(sent.encode(), token.encode())
