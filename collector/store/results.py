"""Tables of what is derived from records and entries: moments, outages, judged days, closed months.

All but the closed months can be thrown away and derived again.
"""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import BigInteger, Date, ForeignKey, Index, LargeBinary, String, Text, text
from sqlalchemy.orm import Mapped, mapped_column

from collector.store.base import Base
from collector.store.records import AutoId

HELD = "minutes_late > 0 OR minutes_early > 0 OR codes LIKE '% TK %'"
"""Days that count in the year's discipline: one in some ten, so that indexes of them alone answer for a year."""


class Fresh(Base):
    """Records of a chain that have arrived and are not dated yet, first and last number; ingest writes, judging deletes."""

    __tablename__ = "fresh_records"
    id: Mapped[int] = mapped_column(AutoId, primary_key=True)
    kiosk: Mapped[str] = mapped_column(String(63))
    chain: Mapped[str] = mapped_column(String(43))
    first: Mapped[int] = mapped_column(BigInteger)
    last: Mapped[int] = mapped_column(BigInteger)


class RecordMoment(Base):
    """When a record was truly made, by derivation (`collector.rules.dating`), and what it says of its kiosk's service.

    `wall`: its own network time stands whatever else arrives. `learnt_ms`: of a clock-learnt event. `life`: start, alive,
    out, back. `person`, `method`, `unit`: of a check-in.
    """

    __tablename__ = "record_moments"
    __table_args__ = (
        Index("ix_record_moments_person_at", "person", "at"),
        Index("ix_record_moments_kiosk_at", "kiosk", "at"),
        Index(
            "ix_record_moments_doubtful",
            "person",
            sqlite_where=text("basis = 'unknown'"),
            postgresql_where=text("basis = 'unknown'"),
        ),
    )
    kiosk: Mapped[str] = mapped_column(String(63), primary_key=True)
    chain: Mapped[str] = mapped_column(String(43), primary_key=True)
    seq: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    at: Mapped[datetime]
    earliest: Mapped[datetime]
    latest: Mapped[datetime]
    basis: Mapped[str] = mapped_column(String(8))
    wall: Mapped[bool]
    learnt_ms: Mapped[int | None] = mapped_column(BigInteger)
    kind: Mapped[str] = mapped_column(String(64))
    life: Mapped[str] = mapped_column(String(8))
    person: Mapped[str | None] = mapped_column(String(64))
    method: Mapped[str | None] = mapped_column(String(16))
    unit: Mapped[str | None] = mapped_column(String(64))
    received_at: Mapped[datetime]


class KioskMark(Base):
    """Up to when a kiosk is complete over all its chains, by dated heartbeats; None: nothing is proved."""

    __tablename__ = "kiosk_marks"
    kiosk: Mapped[str] = mapped_column(ForeignKey("kiosks.id"), primary_key=True)
    complete_until: Mapped[datetime | None]


class KioskOutage(Base):
    """A time in which a kiosk served nobody; `until` None: it lasts."""

    __tablename__ = "kiosk_outages"
    __table_args__ = (Index("ix_kiosk_outages_kiosk_until", "kiosk", "until"),)
    kiosk: Mapped[str] = mapped_column(ForeignKey("kiosks.id"), primary_key=True)
    since: Mapped[datetime] = mapped_column(primary_key=True)
    until: Mapped[datetime | None]


class Enrolled(Base):
    """Since when a person's face can be known: their first template, or the first look by face if that was earlier."""

    __tablename__ = "enrolled"
    person: Mapped[str] = mapped_column(String(64), primary_key=True)
    since: Mapped[datetime]


class RosterReach(Base):
    """When a kiosk was first to know a person (`published_at`, in that `version`), and when it did (None: not yet)."""

    __tablename__ = "roster_reach"
    kiosk: Mapped[str] = mapped_column(ForeignKey("kiosks.id"), primary_key=True)
    person: Mapped[str] = mapped_column(String(64), primary_key=True)
    published_at: Mapped[datetime]
    version: Mapped[int] = mapped_column(BigInteger)
    reached_at: Mapped[datetime | None]


class OpenedDay(Base):
    """A date that is judged: everybody who serves has a result of it."""

    __tablename__ = "opened_days"
    day: Mapped[date] = mapped_column(Date, primary_key=True)
    opened_at: Mapped[datetime]


class Touched(Base):
    """Days that must be judged again. `kind`: all, unit, kiosk, person, and waiting (the open days that kiosk may have been
    waited for); `subject`: which one."""

    __tablename__ = "touched_days"
    id: Mapped[int] = mapped_column(AutoId, primary_key=True)
    kind: Mapped[str] = mapped_column(String(8))
    subject: Mapped[str] = mapped_column(String(64), default="")
    since: Mapped[date] = mapped_column(Date)
    until: Mapped[date] = mapped_column(Date)


class DayRow(Base):
    """What one person's work date became. `document`: JSON of `collector.rules.day.DayResult`; `digest`: its SHA-256; the rest
    repeats what is asked for.

    `codes`: separated by blanks, one before the first and one after the last, so that ` TK ` is found. `percent_milli`:
    thousandths of a percent. `rules_digest`: of the rule set's document. `closes`: of an open day, up to when kiosks must be complete.
    """

    __tablename__ = "day_results"
    __table_args__ = (
        Index("ix_day_results_day_unit", "day", "unit"),
        Index("ix_day_results_unit_day", "unit", "day"),
        Index(
            "ix_day_results_waiting",
            "day",
            "person",
            sqlite_where=text("state = 'open'"),
            postgresql_where=text("state = 'open'"),
        ),
        Index(
            "ix_day_results_held_person",
            *("person", "day", "state", "codes", "minutes_late", "minutes_early"),
            sqlite_where=text(HELD),
            postgresql_where=text(HELD),
        ),
        Index(
            "ix_day_results_held_unit",
            *("unit", "day", "state", "codes", "minutes_late", "first_in"),
            sqlite_where=text(HELD),
            postgresql_where=text(HELD),
        ),
    )
    person: Mapped[str] = mapped_column(String(64), primary_key=True)
    day: Mapped[date] = mapped_column(Date, primary_key=True)
    unit: Mapped[str] = mapped_column(String(64))
    state: Mapped[str] = mapped_column(String(8))
    codes: Mapped[str] = mapped_column(String(64))
    working: Mapped[bool]
    first_in: Mapped[datetime | None]
    last_out: Mapped[datetime | None]
    minutes_late: Mapped[int]
    minutes_early: Mapped[int]
    no_check_in: Mapped[bool]
    no_check_out: Mapped[bool]
    percent_milli: Mapped[int]
    rules: Mapped[str] = mapped_column(String(100))
    rules_digest: Mapped[str] = mapped_column(String(64))
    closes: Mapped[datetime | None]
    document: Mapped[bytes] = mapped_column(LargeBinary)
    digest: Mapped[str] = mapped_column(String(64))
    made_at: Mapped[datetime]


class ClosedMonth(Base):
    """A unit's month that was paid. `month`: its first day; `digest`: SHA-256 over the frozen days; `reason`: why days that
    were not settled were left."""

    __tablename__ = "closed_months"
    unit: Mapped[str] = mapped_column(ForeignKey("units.code"), primary_key=True)
    month: Mapped[date] = mapped_column(Date, primary_key=True)
    closed_by: Mapped[str] = mapped_column(String(100))
    closed_at: Mapped[datetime]
    digest: Mapped[str] = mapped_column(String(64))
    reason: Mapped[str] = mapped_column(Text, default="")


class ClosedDay(Base):
    """A day's result as it was paid; never changed."""

    __tablename__ = "closed_days"
    __table_args__ = (Index("ix_closed_days_unit_month", "unit", "month"),)
    person: Mapped[str] = mapped_column(String(64), primary_key=True)
    day: Mapped[date] = mapped_column(Date, primary_key=True)
    unit: Mapped[str] = mapped_column(String(64))
    month: Mapped[date] = mapped_column(Date)
    document: Mapped[bytes] = mapped_column(LargeBinary)
    digest: Mapped[str] = mapped_column(String(64))
    rules_digest: Mapped[str] = mapped_column(String(64))


class StoredCorrection(Base):
    """A day of a closed month that would be judged otherwise now. `then`, `now`: results as JSON; `percent_milli`, `minutes`: now less
    then. `booked`: the closed month that took it up, None while it waits; a booked one is never changed."""

    __tablename__ = "corrections"
    __table_args__ = (
        Index("ix_corrections_unit_booked", "unit", "booked"),
        Index("ix_corrections_person_day", "person", "day"),
    )
    id: Mapped[int] = mapped_column(AutoId, primary_key=True)
    person: Mapped[str] = mapped_column(String(64))
    day: Mapped[date] = mapped_column(Date)
    unit: Mapped[str] = mapped_column(String(64))
    then: Mapped[bytes] = mapped_column(LargeBinary)
    now: Mapped[bytes] = mapped_column(LargeBinary)
    percent_milli: Mapped[int]
    minutes: Mapped[int]
    noted_at: Mapped[datetime]
    booked: Mapped[date | None] = mapped_column(Date)
