"""The table of tokens by which telephone applications send."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from collector.store.base import Base


class PhoneToken(Base):
    """A token of an application: `secret` is the SHA-256 of what it sends, which is kept nowhere. `unit`: it sends for people of
    that unit and those below, None: for all. Never deleted: records name it."""

    __tablename__ = "phone_tokens"
    id: Mapped[str] = mapped_column(String(16), primary_key=True)
    name: Mapped[str] = mapped_column(String(100))
    unit: Mapped[str | None] = mapped_column(ForeignKey("units.code"))
    secret: Mapped[str] = mapped_column(String(64))
    until: Mapped[datetime]
    issued_by: Mapped[str] = mapped_column(String(100))
    issued_at: Mapped[datetime]
    used_at: Mapped[datetime | None]
    revoked_by: Mapped[str | None] = mapped_column(String(100))
    revoked_at: Mapped[datetime | None]
    reason: Mapped[str] = mapped_column(Text, default="")
