"""What the centre notes of its kiosks as machines: alarms with their beginning and end, and how well they recognise."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import Date, ForeignKey, Index, String, Text
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


class Rollout(Base):
    """A version on its way to kiosks. `arguments`: JSON, those of the `update` order; `state`: running, paused, done, ended
    (somebody gave it up). `allowed`: failures that are put up with; `why`: of the last pause or end, by whom `changed_by`."""

    __tablename__ = "rollouts"
    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    version: Mapped[str] = mapped_column(String(40))
    arguments: Mapped[str] = mapped_column(Text)
    allowed: Mapped[int]
    hours: Mapped[int]
    state: Mapped[str] = mapped_column(String(16))
    by: Mapped[str] = mapped_column(String(100))
    at: Mapped[datetime]
    changed_by: Mapped[str] = mapped_column(String(100), default="")
    changed_at: Mapped[datetime | None]
    why: Mapped[str] = mapped_column(Text, default="")


class RolloutPlace(Base):
    """A kiosk in a rollout: wave, stage (see `collector.fleet.waves`), and its order once it has one."""

    __tablename__ = "rollout_places"
    rollout: Mapped[str] = mapped_column(ForeignKey("rollouts.id"), primary_key=True)
    kiosk: Mapped[str] = mapped_column(ForeignKey("kiosks.id"), primary_key=True)
    wave: Mapped[int]
    stage: Mapped[str] = mapped_column(String(16))
    order: Mapped[str | None] = mapped_column(String(64))
