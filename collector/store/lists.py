"""Tables of manual presence lists as they are filed and confirmed."""

from __future__ import annotations

from datetime import date, datetime, time

from sqlalchemy import Date, ForeignKey, Index, String, Text, Time
from sqlalchemy.orm import Mapped, mapped_column

from collector.store.base import Base


class PresenceList(Base):
    """A unit's manual list of a date. `why`: `collector.rules.evidence.ManualWhy`; `state`: filed, confirmed, refused, withdrawn;
    `number`: of the list or its letter; `letter`: its scan. Never edited: a wrong one is withdrawn and filed anew."""

    __tablename__ = "presence_lists"
    __table_args__ = (
        Index("ix_presence_lists_day_unit", "day", "unit"),
        Index("ix_presence_lists_state_unit", "state", "unit"),
    )
    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    unit: Mapped[str] = mapped_column(String(64))
    day: Mapped[date] = mapped_column(Date)
    why: Mapped[str] = mapped_column(String(16))
    number: Mapped[str] = mapped_column(String(100))
    note: Mapped[str] = mapped_column(Text, default="")
    letter: Mapped[str | None] = mapped_column(ForeignKey("letters.id"))
    state: Mapped[str] = mapped_column(String(16))
    filed_by: Mapped[str] = mapped_column(String(100))
    filed_at: Mapped[datetime]
    decided_by: Mapped[str | None] = mapped_column(String(100))
    decided_at: Mapped[datetime | None]
    decided_why: Mapped[str] = mapped_column(Text, default="")
    withdrawn_by: Mapped[str | None] = mapped_column(String(100))
    withdrawn_at: Mapped[datetime | None]
    withdrawn_why: Mapped[str] = mapped_column(Text, default="")


class PresenceLine(Base):
    """One person of a list: local times of coming and going, one of them at least. `entries`: ids of the facts that the judge
    reads once the list is confirmed, separated by blanks."""

    __tablename__ = "presence_lines"
    __table_args__ = (Index("ix_presence_lines_person", "person"),)
    list: Mapped[str] = mapped_column(ForeignKey("presence_lists.id"), primary_key=True)
    person: Mapped[str] = mapped_column(ForeignKey("people.id", ondelete="CASCADE"), primary_key=True)
    comes: Mapped[time | None] = mapped_column(Time)
    goes: Mapped[time | None] = mapped_column(Time)
    entries: Mapped[str] = mapped_column(String(64), default="")
