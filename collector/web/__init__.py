"""The centre's pages. Read-only, and until there is a login on loopback only."""

from collector.web.app import create_app
from collector.web.server import WebServer

__all__ = ["WebServer", "create_app"]
