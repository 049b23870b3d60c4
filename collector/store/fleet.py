"""What the centre notes of its kiosks as machines: alarms with their beginning and end, and how well they recognise."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import Date, ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from collector.store.base import Base
from collector.store.records import AutoId


class KioskAlarm(Base):
    """Something was wrong with a kiosk from `since` until `until` (None: it is). `kind`: see `collector.fleet.alarms`."""

    __tablename__ = "kiosk_alarms"
    __table_args__ = (Index("ix_kiosk_alarms_until", "until"), Index("ix_kiosk_alarms_kiosk_since", "kiosk", "since"))
    id: Mapped[int] = mapped_column(AutoId, primary_key=True)
    kiosk: Mapped[str] = mapped_column(ForeignKey("kiosks.id"))
    kind: Mapped[str] = mapped_column(String(32))
    since: Mapped[datetime]
    until: Mapped[datetime | None]


class MatchTrend(Base):
    """The looks by face of one kiosk on one local date: how many, mean and mean square of their cosine."""

    __tablename__ = "match_trends"
    kiosk: Mapped[str] = mapped_column(ForeignKey("kiosks.id"), primary_key=True)
    day: Mapped[date] = mapped_column(Date, primary_key=True)
    looks: Mapped[int]
    mean: Mapped[float]
    mean_square: Mapped[float]
