"""Web page for enhancing recordings on this computer: server, jobs and temporary files."""

from __future__ import annotations

from tfse.web.serving import WebOptions, serve

__all__ = ["WebOptions", "serve"]
