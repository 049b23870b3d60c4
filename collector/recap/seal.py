"""The seal under a recap: what was printed, for which unit and month, by which centre. It fits a QR code."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Literal, Protocol

from pydantic import Field

from collector.recap.document import Document
from wire.codec import Codec
from wire.seals import Keyring, Sealed
from wire.types import Digest

MARK = "SIPERLU"
DIGEST_LINE, SEAL_LINE = "Sidik SHA-256", "Segel"


@dataclass(frozen=True, slots=True, kw_only=True)
class Stamp:
    """What the centre vouches for: `digest` is SHA-256 of what the file shows; `printed`: local time as printed."""

    kind: Literal["recap"] = "recap"
    unit: Annotated[str, Field(max_length=64)]
    month: Annotated[str, Field(max_length=7)]
    printed: Annotated[str, Field(max_length=32)]
    digest: Digest


STAMP: Codec[Stamp] = Codec("recap seal", Stamp)


class Sealer(Protocol):
    """Whoever holds the centre's keys."""

    def seal(self, kind: Sealed, payload: bytes) -> str:
        """Compact JWS by the newest signing key."""


@dataclass(frozen=True, slots=True)
class Seal:
    """A digest and the sealed stamp that names it."""

    digest: str
    text: str

    @property
    def lines(self) -> tuple[tuple[str, str], ...]:
        """As name and value, for the foot of a file."""
        return (DIGEST_LINE, self.digest), (SEAL_LINE, self.text)


def stamp(document: Document, digest: str, sealer: Sealer) -> Seal:
    """The seal over a document that shows content of this digest."""
    said = Stamp(unit=document.unit, month=document.month, printed=document.printed, digest=digest)
    return Seal(digest, sealer.seal(Sealed.REPORT, STAMP.encode(said)))


def opened(text: str, keys: Keyring) -> Stamp:
    """What a seal says. Raises SealError when no key of the centre made it, ContractError when it says nothing known."""
    return STAMP.decode(keys.verify(text, Sealed.REPORT))


def qr_text(document: Document, seal: Seal) -> str:
    """What a phone reads: words for people, then the seal. `siperlu verify` takes it as a file."""
    return f"{MARK} {document.unit} {document.month}\n{seal.text}"
