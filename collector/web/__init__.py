"""The centre's pages."""

from collector.web.app import create_app
from collector.web.server import WebServer

__all__ = ["WebServer", "create_app"]
