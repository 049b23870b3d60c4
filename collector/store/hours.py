"""Tables of hours, holidays and everything people enter that the judge takes as evidence. Nothing here is edited or
deleted: a mistake is withdrawn, and both steps can be read."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import Date, ForeignKey, Index, LargeBinary, String, Text, text
from sqlalchemy.orm import Mapped, mapped_column

from collector.store.base import Base


class StoredRuleSet(Base):
    """A version of a rule set: the document as `collector.rules.document` writes it, and who decided about it.

    `state`: proposed, approved, withdrawn. `digest`: SHA-256 of the document. `confirmations`, `reason`: of an approval
    for days that had begun or passed.
    """

    __tablename__ = "rule_sets"
    id: Mapped[str] = mapped_column(String(64), primary_key=True)
    version: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    document: Mapped[bytes] = mapped_column(LargeBinary)
    digest: Mapped[str] = mapped_column(String(64))
    since: Mapped[date] = mapped_column(Date)
    state: Mapped[str] = mapped_column(String(16))
    proposed_by: Mapped[str] = mapped_column(String(100))
    proposed_at: Mapped[datetime]
    approved_by: Mapped[str | None] = mapped_column(String(100))
    approved_at: Mapped[datetime | None]
    confirmations: Mapped[int] = mapped_column(default=0)
    reason: Mapped[str] = mapped_column(Text, default="")
    withdrawn_by: Mapped[str | None] = mapped_column(String(100))
    withdrawn_at: Mapped[datetime | None]


class StoredHoliday(Base):
    """A day off. `source`: published (the list that came with the program, kept so that the past stays as it was) or
    decree (entered here, which overrides it). `unit` empty: for all. `works`: the day is a working day after all."""

    __tablename__ = "holidays"
    id: Mapped[int] = mapped_column(primary_key=True)
    day: Mapped[date] = mapped_column(Date, index=True)
    name: Mapped[str] = mapped_column(String(200))
    decree: Mapped[str] = mapped_column(String(200), default="")
    unit: Mapped[str] = mapped_column(String(64), default="")
    joint: Mapped[bool]
    works: Mapped[bool]
    source: Mapped[str] = mapped_column(String(16))
    entered_by: Mapped[str] = mapped_column(String(100))
    entered_at: Mapped[datetime]
    reason: Mapped[str] = mapped_column(Text, default="")
    withdrawn_by: Mapped[str | None] = mapped_column(String(100))
    withdrawn_at: Mapped[datetime | None]


class Schedule(Base):
    """Which pattern of hours a person follows from a day on, until the next row. Without any, the usual one of their
    category and kind of unit."""

    __tablename__ = "schedules"
    person: Mapped[str] = mapped_column(ForeignKey("people.id", ondelete="CASCADE"), primary_key=True)
    since: Mapped[date] = mapped_column(Date, primary_key=True)
    pattern: Mapped[str] = mapped_column(String(64))
    entered_by: Mapped[str] = mapped_column(String(100), default="", server_default=text("''"))
    entered_at: Mapped[datetime | None]
    reason: Mapped[str] = mapped_column(Text, default="", server_default=text("''"))


class StoredTurn(Base):
    """One date of a person's rota: a shift by name, or None and `off` (LJ, LB)."""

    __tablename__ = "turns"
    person: Mapped[str] = mapped_column(ForeignKey("people.id", ondelete="CASCADE"), primary_key=True)
    day: Mapped[date] = mapped_column(Date, primary_key=True)
    shift: Mapped[str | None] = mapped_column(String(64))
    off: Mapped[str] = mapped_column(String(8), default="LB")


class RotaChange(Base):
    """Dates of a rota that were entered, imported or taken back together. `id` is random. `unit`: whose rota it was made
    for; `source`: page, file, command, undo; `file`: name of the file, or id of the change that was taken back."""

    __tablename__ = "rota_changes"
    __table_args__ = (Index("ix_rota_changes_unit_at", "unit", "at"),)
    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    unit: Mapped[str] = mapped_column(String(64))
    month: Mapped[date] = mapped_column(Date)
    source: Mapped[str] = mapped_column(String(16))
    file: Mapped[str] = mapped_column(String(200), default="")
    cells: Mapped[int]
    by: Mapped[str] = mapped_column(String(100))
    at: Mapped[datetime]
    reason: Mapped[str] = mapped_column(Text, default="")
    undone: Mapped[bool] = mapped_column(default=False)


class TurnChange(Base):
    """One date of a `RotaChange`, before and after: name of a shift, LJ, LB, or nothing."""

    __tablename__ = "turn_changes"
    change: Mapped[str] = mapped_column(ForeignKey("rota_changes.id", ondelete="CASCADE"), primary_key=True)
    person: Mapped[str] = mapped_column(ForeignKey("people.id", ondelete="CASCADE"), primary_key=True)
    day: Mapped[date] = mapped_column(Date, primary_key=True)
    before: Mapped[str] = mapped_column(String(64))
    after: Mapped[str] = mapped_column(String(64))


class Entry(Base):
    """A fact that somebody entered: leave, own hours, a line of a manual list, a guarantee, a disaster, a ruling, a kiosk
    declared finished. `document`: JSON of the evidence's class; `person`, `unit`, `kiosk`: whom it is about, the rest
    empty; `since` to `until`: the dates it can touch, both included (None: open). `id` is random."""

    __tablename__ = "entries"
    __table_args__ = (
        Index("ix_entries_person_until", "person", "until"),
        Index("ix_entries_kind_until", "kind", "until"),
    )
    id: Mapped[str] = mapped_column(String(64), primary_key=True)
    kind: Mapped[str] = mapped_column(String(16))
    person: Mapped[str] = mapped_column(String(64), default="")
    unit: Mapped[str] = mapped_column(String(64), default="")
    kiosk: Mapped[str] = mapped_column(String(63), default="")
    since: Mapped[date] = mapped_column(Date)
    until: Mapped[date | None] = mapped_column(Date)
    document: Mapped[bytes] = mapped_column(LargeBinary)
    reason: Mapped[str] = mapped_column(Text, default="")
    entered_by: Mapped[str] = mapped_column(String(100))
    entered_at: Mapped[datetime]
    withdrawn_by: Mapped[str | None] = mapped_column(String(100))
    withdrawn_at: Mapped[datetime | None]
    withdrawn_why: Mapped[str | None] = mapped_column(Text)
