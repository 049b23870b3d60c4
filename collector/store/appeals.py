"""Tables of appeals. Nothing here is edited but an appeal's stage, which repeats its last step."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import Date, ForeignKey, Index, LargeBinary, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from collector.store.base import Base
from collector.store.records import AutoId


class StoredAppeal(Base):
    """An appeal. `unit`: where the person served on `day`; `ground`, `stage`: `collector.rules.appeals.case`; `since`: of the
    last step. `record`: of a wrong person; `violation`: key of one; `around`: when the person says they stood there.

    `known_at`: from when it could be contested. `snapshot`: what the centre knew at filing, JSON of
    `collector.appealing.known.Known`, and its SHA-256; never changed.
    """

    __tablename__ = "appeals"
    __table_args__ = (Index("ix_appeals_stage_unit", "stage", "unit"), Index("ix_appeals_person_day", "person", "day"))
    id: Mapped[int] = mapped_column(AutoId, primary_key=True)
    person: Mapped[str] = mapped_column(String(64))
    unit: Mapped[str] = mapped_column(String(64))
    day: Mapped[date] = mapped_column(Date)
    ground: Mapped[str] = mapped_column(String(16))
    record: Mapped[str] = mapped_column(String(160), default="")
    violation: Mapped[str] = mapped_column(String(64), default="", index=True)
    around: Mapped[datetime | None]
    known_at: Mapped[datetime]
    stage: Mapped[str] = mapped_column(String(16))
    since: Mapped[datetime]
    snapshot: Mapped[bytes] = mapped_column(LargeBinary)
    digest: Mapped[str] = mapped_column(String(64))


class AppealStep(Base):
    """One step of an appeal. `by`: account; `by_person`: the person behind it, or empty; `part`: as what they acted;
    `entries`: ids of the entries that an acceptance made, separated by blanks. Only ever added to."""

    __tablename__ = "appeal_steps"
    id: Mapped[int] = mapped_column(AutoId, primary_key=True)
    appeal: Mapped[int] = mapped_column(ForeignKey("appeals.id"), index=True)
    act: Mapped[str] = mapped_column(String(16))
    by: Mapped[str] = mapped_column(String(100))
    by_person: Mapped[str] = mapped_column(String(64), default="")
    part: Mapped[str] = mapped_column(String(16))
    at: Mapped[datetime]
    why: Mapped[str] = mapped_column(Text)
    entries: Mapped[str] = mapped_column(Text, default="")
