"""Field types that several messages share, with their units and ranges."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated

from pydantic import AfterValidator, AwareDatetime, Field, PlainSerializer, StringConstraints

EARLIEST = datetime(1900, 1, 1, tzinfo=UTC)


def to_utc_ms(moment: datetime) -> datetime:
    """The same moment in UTC, cut to whole milliseconds: what the wire can carry, so a round trip is exact.

    Raises ValueError for a year below 1900 or, in UTC, above 9999: shifting zones there overflows.
    """
    if moment < EARLIEST:
        message = f"{moment.isoformat()} is before 1900"
        raise ValueError(message)
    try:
        moment = moment.astimezone(UTC)
    except OverflowError as error:
        message = f"{moment.isoformat()} is after 9999 in UTC"
        raise ValueError(message) from error
    return moment.replace(microsecond=moment.microsecond // 1000 * 1000)


def format_instant(moment: datetime) -> str:
    """RFC 3339, UTC, milliseconds: `2026-01-05T00:30:00.000Z`."""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


Instant = Annotated[AwareDatetime, AfterValidator(to_utc_ms), PlainSerializer(format_instant, return_type=str)]
"""A moment in UTC with millisecond resolution."""

KioskId = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9-]{0,62}$")]
"""A kiosk's name: DNS-label form, so that it is safe in a topic, a file name and a certificate."""

PersonId = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9-]{0,63}$")]
"""A person's random id. Never a NIP, NIK or name."""

Digest = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]
"""SHA-256, 64 lower-case hexadecimal digits."""

ChainId = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_-]{43}$")]
"""RFC 7638 thumbprint (SHA-256, base64url) of the Ed25519 key that signs the chain."""

Seq = Annotated[int, Field(ge=1, le=2**53 - 1)]
"""Number of a record in its chain, from 1 without a gap; exact in every JSON reader."""

Count = Annotated[int, Field(ge=0, le=2**53 - 1)]
"""A count of something."""

Word = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9._+-]{0,63}$")]
"""A short machine word: a kind, a method, a reason."""

Argument = Annotated[str, StringConstraints(max_length=8000)]
"""An argument of a command: a word, a number, or a certificate chain in PEM. Not for showing."""

Name = Annotated[str, StringConstraints(min_length=1, max_length=200)]
"""A display name."""

Cosine = Annotated[float, Field(ge=-1.0, le=1.0, allow_inf_nan=False)]
"""Cosine similarity, -1 to 1; higher is more alike."""

Share = Annotated[float, Field(ge=0.0, le=1.0, allow_inf_nan=False)]
"""A share or probability, 0 to 1."""
