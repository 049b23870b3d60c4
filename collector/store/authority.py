"""Tables of the authority: what it issued, and the claims that kiosks register with."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from collector.store.base import Base


class Certificate(Base):
    """A certificate that the sub-CA issued. `serial` and `key` (SHA-256 of the public key) in hexadecimal; `issuer`: number of
    the sub-CA; `subject`: its common name. `installed_at`: when its holder had it. `enforced_at`: when the broker was seen to
    refuse it and to have let go of its holder."""

    __tablename__ = "certificates"
    serial: Mapped[str] = mapped_column(String(40), primary_key=True)
    issuer: Mapped[int]
    subject: Mapped[str] = mapped_column(String(64), index=True)
    role: Mapped[str] = mapped_column(String(16))
    key: Mapped[str] = mapped_column(String(64))
    pem: Mapped[str] = mapped_column(Text)
    issued_at: Mapped[datetime]
    until: Mapped[datetime]
    installed_at: Mapped[datetime | None]
    revoked_at: Mapped[datetime | None] = mapped_column(index=True)
    reason: Mapped[str | None] = mapped_column(String(200))
    enforced_at: Mapped[datetime | None]


class Claim(Base):
    """A one-time claim, by the SHA-256 of its code. `keys`: digest of the keys that took it; from then on it is theirs alone.
    `request`: what they sent; `answer` or `refusal`: what jobs said to it."""

    __tablename__ = "claims"
    digest: Mapped[str] = mapped_column(String(64), primary_key=True)
    kiosk: Mapped[str] = mapped_column(String(63), index=True)
    unit: Mapped[str] = mapped_column(ForeignKey("units.code"))
    scope: Mapped[str] = mapped_column(String(16))
    made_at: Mapped[datetime]
    made_by: Mapped[str] = mapped_column(String(64))
    expires: Mapped[datetime]
    keys: Mapped[str | None] = mapped_column(String(64))
    request: Mapped[str | None] = mapped_column(Text)
    answer: Mapped[str | None] = mapped_column(Text)
    refusal: Mapped[str | None] = mapped_column(Text)
    answered_at: Mapped[datetime | None]
