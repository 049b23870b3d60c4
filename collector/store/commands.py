"""Orders to kiosks and what became of them."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from collector.store.base import Base


class Order(Base):
    """A command to one kiosk. `id` is random and is the command's own; `arguments`, `detail`: JSON objects.

    `state`: open until the kiosk answers, then its outcome (done, refused, failed, expired), or cancelled before it was ever
    sent. `sent_at`: when it was last published, `handled_at`: when whoever waits for the answer has acted on it.
    """

    __tablename__ = "orders"
    __table_args__ = (Index("ix_orders_state_kiosk", "state", "kiosk"), Index("ix_orders_kiosk_at", "kiosk", "at"))
    id: Mapped[str] = mapped_column(String(64), primary_key=True)
    kiosk: Mapped[str] = mapped_column(ForeignKey("kiosks.id"))
    command: Mapped[str] = mapped_column(String(32))
    arguments: Mapped[str] = mapped_column(Text)
    by: Mapped[str] = mapped_column(String(100))
    at: Mapped[datetime]
    expires: Mapped[datetime]
    state: Mapped[str] = mapped_column(String(16))
    sent_at: Mapped[datetime | None]
    replied_at: Mapped[datetime | None]
    detail: Mapped[str] = mapped_column(Text, default="{}")
    handled_at: Mapped[datetime | None]
