"""Fetching one file of the centre over mutual TLS: taken up where it broke off, within the room there is."""

from __future__ import annotations

import http.client
import os
import re
import ssl
from collections.abc import Callable
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path

from kiosk.agent.update.bundles import need, room
from kiosk.settings import RelaySettings
from wire.release import MAX_BUNDLE_BYTES

TIMEOUT_S = 30.0
"""Without a byte for so long the line counts as broken."""
PIECE = 1 << 16
COPIES = 2
"""A release lies on the disk twice for a moment: as it was fetched, and as the agent has copied it."""


class DownloadError(Exception):
    """What was fetched is not there, or did not come to its end; the part that came stays for the next try."""


@dataclass(frozen=True, slots=True)
class Source:
    """Where the centre's files are, and as whom they are asked for."""

    host: str
    port: int
    ca: Path
    certificate: Path
    key: Path

    @classmethod
    def of(cls, settings: RelaySettings) -> Source:
        """As a kiosk's settings say."""
        certificate, key = settings.certificate, settings.certificate_key
        return cls(settings.host, settings.releases_port, settings.ca, certificate, key)

    def connect(self) -> http.client.HTTPSConnection:
        """A connection that has yet to be opened. Raises OSError for files that cannot be read."""
        context = ssl.create_default_context(cafile=str(self.ca))
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        context.load_cert_chain(str(self.certificate), str(self.key))
        return http.client.HTTPSConnection(self.host, self.port, timeout=TIMEOUT_S, context=context)


def download(source: Source, name: str, part: Path, going: Callable[[], bool]) -> None:
    """Fetch a file to `part`, whole and synced, going on behind what lies there. `going`: asked before each piece.

    Raises DownloadError, kiosk.agent.update.bundles.NoRoomError, OSError.
    """
    connection = source.connect()
    try:
        _fetch(connection, name, part, going)
    except http.client.HTTPException as error:
        raise DownloadError(f"the line broke ({type(error).__name__})") from error
    finally:
        connection.close()


def _fetch(connection: http.client.HTTPSConnection, name: str, part: Path, going: Callable[[], bool]) -> None:
    have = part.stat().st_size if part.exists() else 0
    connection.request("GET", f"/{name}", headers={"Range": f"bytes={have}-"} if have else {})
    response = connection.getresponse()
    if response.status == HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE:
        part.unlink()  # another file of that name, and a shorter one
        raise DownloadError("the centre has another file of this name now; it is fetched anew")
    if response.status not in {HTTPStatus.OK, HTTPStatus.PARTIAL_CONTENT}:
        raise DownloadError(f"the centre answers {response.status}: it has no {name} for this kiosk")
    start, size = _span(response, have)
    need(room(part.parent) - COPIES * (size - start), part.parent)
    with part.open("r+b" if start else "wb") as file:
        file.seek(start)
        while start < size and going() and (piece := response.read(min(PIECE, size - start))):
            file.write(piece)
            start += len(piece)
        file.flush()
        os.fsync(file.fileno())
    if start < size:
        raise DownloadError(f"broke off after {start} of {size} bytes")


def _span(response: http.client.HTTPResponse, have: int) -> tuple[int, int]:
    """Where what comes begins, and how long the whole file is. Raises DownloadError."""
    if response.status == HTTPStatus.PARTIAL_CONTENT:
        said = re.fullmatch(r"bytes (\d{1,12})-\d{1,12}/(\d{1,12})", response.headers.get("Content-Range", ""))
        start, size = (int(said[1]), int(said[2])) if said else (-1, 0)
    else:
        told = response.headers.get("Content-Length", "")
        start, size = 0, int(told) if told.isdigit() and len(told) <= 12 else 0
    if start not in {0, have} or not 0 < size <= MAX_BUNDLE_BYTES:
        raise DownloadError("the centre does not say which bytes it sends, or sends more than a release may have")
    return start, size
