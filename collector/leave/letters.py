"""Letters as files: checked by what is in them, sealed in the database, never written to a path."""

from __future__ import annotations

import hashlib
import re
import secrets
import unicodedata
from dataclasses import dataclass
from datetime import datetime
from pathlib import PurePath
from typing import Literal

import cv2
from sqlalchemy import Connection, insert, select

from collector.errors import PhotoError, VaultError
from collector.leave.errors import LetterError
from collector.people.photos import decode
from collector.people.sealing import letter_name
from collector.store.leave import Letter
from collector.vault import Vault

MAX_BYTES = 5 * 2**20
LONGEST_NAME = 100
JPEG_QUALITY = 85
PDF = re.compile(rb"%PDF-[12]\.\d")
PDF_END = b"%%EOF"
TAIL = 2048

Kind = Literal["pdf", "jpeg"]


@dataclass(frozen=True, slots=True)
class Paper:
    """A letter that may be stored. `name` is only shown; `digest`: SHA-256 of the file as it came, hexadecimal."""

    name: str
    kind: Kind
    content: bytes
    digest: str

    @property
    def mimetype(self) -> str:
        """What a browser is told that it is."""
        return "application/pdf" if self.kind == "pdf" else "image/jpeg"


def check(raw: bytes, name: str) -> Paper:
    """A PDF as it is, a JPEG or PNG drawn anew: nothing rides along in a picture, neither place nor program.

    Raises LetterError. The name's ending is not believed.
    """
    if not raw:
        raise LetterError("the file is empty: choose the letter's scan")
    if len(raw) > MAX_BYTES:
        raise LetterError(f"larger than {MAX_BYTES // 2**20} MiB: scan it in grey at 150 dpi")
    digest = hashlib.sha256(raw).hexdigest()
    if PDF.match(raw):
        if PDF_END not in raw[-TAIL:]:
            raise LetterError("a PDF that is cut short: export or upload it again")
        return Paper(_shown(name, "pdf"), "pdf", raw, digest)
    try:
        picture = decode(raw)
    except PhotoError as error:
        raise LetterError(f"neither PDF, JPEG nor PNG that can be read ({error})") from error
    _, drawn = cv2.imencode(".jpg", picture, [cv2.IMWRITE_JPEG_QUALITY, JPEG_QUALITY])
    return Paper(_shown(name, "jpg"), "jpeg", drawn.tobytes(), digest)


def store(connection: Connection, vault: Vault, paper: Paper, by: str, now: datetime) -> str:
    """Keep a letter; its id, which is random."""
    number = secrets.token_hex(16)
    row = {
        "id": number,
        "name": paper.name,
        "kind": paper.kind,
        "size": len(paper.content),
        "digest": paper.digest,
        "sealed": vault.seal(paper.content, letter_name(number)),
        "by": by,
        "at": now,
    }
    connection.execute(insert(Letter).values(row))
    return number


def read(connection: Connection, vault: Vault, number: str) -> Paper:
    """A letter as it was stored. Raises LetterError when there is none or it does not open."""
    query = select(Letter.name, Letter.kind, Letter.sealed, Letter.digest).where(Letter.id == number)
    row = connection.execute(query).one_or_none()
    if row is None:
        raise LetterError(f"no letter {number!r}")
    try:
        return Paper(row.name, row.kind, vault.unseal(row.sealed, letter_name(number)), row.digest)
    except VaultError as error:
        raise LetterError(str(error)) from error


def _shown(name: str, ending: str) -> str:
    """What the file is called on the page and when it is saved: letters, digits, blank, dot, dash; the ending is ours."""
    plain = unicodedata.normalize("NFKD", PurePath(name.replace("\\", "/")).name).encode("ascii", "ignore").decode()
    stem = re.sub(r"[^A-Za-z0-9 _-]+", " ", plain.rpartition(".")[0] or plain).strip()
    return f"{stem[:LONGEST_NAME] or 'surat'}.{ending}"
