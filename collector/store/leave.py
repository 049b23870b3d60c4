"""Tables of leave as it is filed and decided, of the letters behind it, of leave taken before this system, and of PINs."""

from __future__ import annotations

from datetime import date, datetime, time

from sqlalchemy import Date, ForeignKey, Index, LargeBinary, String, Text, Time
from sqlalchemy.orm import Mapped, mapped_column

from collector.store.base import Base


class Letter(Base):
    """A letter as it was uploaded. `kind`: pdf or jpeg; `sealed`: by the vault for this row; `digest`: SHA-256 of what was uploaded;
    `name`: what it is called, shown and offered, never a path."""

    __tablename__ = "letters"
    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    name: Mapped[str] = mapped_column(String(120))
    kind: Mapped[str] = mapped_column(String(8))
    size: Mapped[int]
    digest: Mapped[str] = mapped_column(String(64))
    sealed: Mapped[bytes] = mapped_column(LargeBinary)
    by: Mapped[str] = mapped_column(String(100))
    at: Mapped[datetime]


class LeaveRequest(Base):
    """One person's leave, travel or exception as it was filed; of several people in one letter a row each, with one `batch`.

    `state`: filed, approved, refused, withdrawn. `approver`: superior or bkd. `entry`: the fact that the judge reads, once
    approved. `over`: working days of annual leave beyond the account for which it was approved all the same. `why`: what the
    one who filed says; `decided_why`, `withdrawn_why`: reasons of those steps.
    """

    __tablename__ = "leave_requests"
    __table_args__ = (
        Index("ix_leave_requests_person_until", "person", "until"),
        Index("ix_leave_requests_state_unit", "state", "unit"),
        Index("ix_leave_requests_until_unit", "until", "unit"),
    )
    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    batch: Mapped[str] = mapped_column(String(32), index=True)
    person: Mapped[str] = mapped_column(ForeignKey("people.id", ondelete="CASCADE"))
    unit: Mapped[str] = mapped_column(String(64))
    code: Mapped[str] = mapped_column(String(8))
    since: Mapped[date] = mapped_column(Date)
    until: Mapped[date] = mapped_column(Date)
    starts: Mapped[time | None] = mapped_column(Time)
    ends: Mapped[time | None] = mapped_column(Time)
    number: Mapped[str] = mapped_column(String(100))
    dated: Mapped[date] = mapped_column(Date)
    place: Mapped[str] = mapped_column(String(200), default="")
    why: Mapped[str] = mapped_column(Text, default="")
    letter: Mapped[str | None] = mapped_column(ForeignKey("letters.id"))
    approver: Mapped[str] = mapped_column(String(16))
    state: Mapped[str] = mapped_column(String(16))
    filed_by: Mapped[str] = mapped_column(String(100))
    filed_at: Mapped[datetime]
    decided_by: Mapped[str | None] = mapped_column(String(100))
    decided_at: Mapped[datetime | None]
    decided_why: Mapped[str] = mapped_column(Text, default="")
    over: Mapped[int] = mapped_column(default=0)
    entry: Mapped[str | None] = mapped_column(String(64))
    withdrawn_by: Mapped[str | None] = mapped_column(String(100))
    withdrawn_at: Mapped[datetime | None]
    withdrawn_why: Mapped[str] = mapped_column(Text, default="")


class LeaveOpening(Base):
    """What is known of a year's annual leave beside the letters here: working days `taken` before this system, and days `added`
    for joint leave that was worked. One row a person and year; a newer statement takes its place, the audit log has both."""

    __tablename__ = "leave_openings"
    person: Mapped[str] = mapped_column(ForeignKey("people.id", ondelete="CASCADE"), primary_key=True)
    year: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    taken: Mapped[int]
    added: Mapped[int] = mapped_column(default=0)
    letter: Mapped[str] = mapped_column(String(100))
    by: Mapped[str] = mapped_column(String(100))
    at: Mapped[datetime]


class StoredPin(Base):
    """A person's PIN at the wall, between two dates, both included. `number`: the short number they give, unique; `salt`, `cost`
    and `digest`: of scrypt (`wire.pin`), the digest sealed by the vault for this row; never the PIN. `guarantor`, `letter`,
    `reason`: who vouches for the person, by which letter, and why; `entry`: the guarantee that the judge reads."""

    __tablename__ = "pins"
    person: Mapped[str] = mapped_column(ForeignKey("people.id", ondelete="CASCADE"), primary_key=True)
    number: Mapped[str] = mapped_column(String(8), unique=True)
    salt: Mapped[bytes] = mapped_column(LargeBinary)
    digest: Mapped[bytes] = mapped_column(LargeBinary)
    cost: Mapped[int]
    since: Mapped[date] = mapped_column(Date)
    until: Mapped[date] = mapped_column(Date)
    guarantor: Mapped[str] = mapped_column(String(200))
    letter: Mapped[str] = mapped_column(String(100))
    reason: Mapped[str] = mapped_column(Text)
    entry: Mapped[str] = mapped_column(String(64))
    by: Mapped[str] = mapped_column(String(100))
    at: Mapped[datetime]
