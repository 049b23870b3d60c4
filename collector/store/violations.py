"""Tables of violations, of what people decided about them, and of phone records."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import BigInteger, Date, ForeignKey, Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from collector.store.base import Base
from collector.store.records import AutoId


class StoredViolation(Base):
    """A reason to check. Columns as in `collector.rules.violations.stream.Violation`; `day`: local date of `at`.

    `evidence`: JSON list of record identities; `facts`: JSON object. `stands` is false for one that somebody decided
    about and that later records no longer bear out; undecided ones of that sort are deleted.
    """

    __tablename__ = "violations"
    __table_args__ = (Index("ix_violations_day_unit_kind", "day", "unit", "kind"),)
    key: Mapped[str] = mapped_column(String(64), primary_key=True)
    kind: Mapped[str] = mapped_column(String(32))
    against: Mapped[str] = mapped_column(String(16))
    subject: Mapped[str] = mapped_column(String(64), index=True)
    unit: Mapped[str] = mapped_column(String(64))
    day: Mapped[date] = mapped_column(Date)
    at: Mapped[datetime]
    about: Mapped[str] = mapped_column(Text)
    evidence: Mapped[str] = mapped_column(Text)
    facts: Mapped[str] = mapped_column(Text)
    status: Mapped[str] = mapped_column(String(16))
    stands: Mapped[bool]


class ViolationStep(Base):
    """One decision about a violation. Only ever added to."""

    __tablename__ = "violation_history"
    id: Mapped[int] = mapped_column(AutoId, primary_key=True)
    violation: Mapped[str] = mapped_column(ForeignKey("violations.key"), index=True)
    to: Mapped[str] = mapped_column(String(16))
    by: Mapped[str] = mapped_column(String(64))
    at: Mapped[datetime]
    why: Mapped[str] = mapped_column(Text)


class PhoneRecord(Base):
    """A look by telephone, as `record` identifies it. Degrees WGS 84; `accuracy_m`: radius the position vouches for."""

    __tablename__ = "phone_records"
    __table_args__ = (Index("ix_phone_records_person_at", "person", "at"),)
    id: Mapped[int] = mapped_column(AutoId, primary_key=True)
    record: Mapped[str] = mapped_column(String(80), unique=True)
    person: Mapped[str] = mapped_column(String(64))
    device: Mapped[str] = mapped_column(String(64))
    at: Mapped[datetime] = mapped_column(index=True)
    received_at: Mapped[datetime]
    latitude: Mapped[float]
    longitude: Mapped[float]
    accuracy_m: Mapped[float]


class DetectedChain(Base):
    """How far a chain was when the detectors last looked; of phone records, the highest `id` as `upto`. Without a kiosk, also
    rulings, closed spot checks (`collector.violating.changes`) and dates that the judge asks for (`collector.judging.checks`)."""

    __tablename__ = "detected_chains"
    kiosk: Mapped[str] = mapped_column(String(63), primary_key=True)
    chain: Mapped[str] = mapped_column(String(43), primary_key=True)
    upto: Mapped[int] = mapped_column(BigInteger)
    seen: Mapped[int] = mapped_column(BigInteger)


class DetectedDoubt(Base):
    """To which dates a kiosk's records of doubtful clock were last dated; `digest` changes with any of them."""

    __tablename__ = "detected_doubts"
    kiosk: Mapped[str] = mapped_column(String(63), primary_key=True)
    day: Mapped[date] = mapped_column(Date, primary_key=True)
    digest: Mapped[str] = mapped_column(String(64))
