"""Tables of spot checks: the draw as it was made, and every note. Only a check's closing is written afterwards."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import Date, ForeignKey, Index, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from collector.store.base import Base
from collector.store.records import AutoId


class SpotCheck(Base):
    """A spot check. `at`: the moment that was drawn; `seed`, `candidates` (JSON: units and weights, local times between which), `weighting`: from which anybody can
    draw again; `unit`: what came out. Open until `closed_at`."""

    __tablename__ = "spot_checks"
    __table_args__ = (Index("ix_spot_checks_day_closed", "day", "closed_at"),)
    id: Mapped[int] = mapped_column(AutoId, primary_key=True)
    unit: Mapped[str] = mapped_column(String(64))
    day: Mapped[date] = mapped_column(Date)
    at: Mapped[datetime]
    seed: Mapped[str] = mapped_column(String(64))
    weighting: Mapped[str] = mapped_column(String(16))
    candidates: Mapped[str] = mapped_column(Text)
    drawn_by: Mapped[str] = mapped_column(String(100))
    drawn_at: Mapped[datetime]
    closed_by: Mapped[str | None] = mapped_column(String(100))
    closed_at: Mapped[datetime | None]
    remark: Mapped[str] = mapped_column(Text, default="")


class SpotNote(Base):
    """What was noted of a person; the last one counts, all stay. `seen`: present, absent, explained; `uniform`: ok, not, or empty;
    `tap`: made where it was tapped, so that sending it again notes nothing twice; `at`: when it was tapped."""

    __tablename__ = "spot_notes"
    __table_args__ = (UniqueConstraint("spot", "tap"),)
    id: Mapped[int] = mapped_column(AutoId, primary_key=True)
    spot: Mapped[int] = mapped_column(ForeignKey("spot_checks.id"), index=True)
    person: Mapped[str] = mapped_column(String(64))
    seen: Mapped[str] = mapped_column(String(16))
    uniform: Mapped[str] = mapped_column(String(8), default="")
    remark: Mapped[str] = mapped_column(Text, default="")
    tap: Mapped[str] = mapped_column(String(40))
    by: Mapped[str] = mapped_column(String(100))
    at: Mapped[datetime]
