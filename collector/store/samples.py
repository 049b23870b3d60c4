"""Tables of the inspectorate's samples."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import BigInteger, Date, ForeignKey, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from collector.store.base import Base


class Sample(Base):
    """A draw of doubtful matches between two local dates, both included, at a unit and all below it (empty: everywhere).

    `pool`: how many there were, `pool_digest`: SHA-256 over their identities, `seed`: what the draw was made with.
    """

    __tablename__ = "samples"
    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    by: Mapped[str] = mapped_column(String(64))
    at: Mapped[datetime] = mapped_column(index=True)
    since: Mapped[date] = mapped_column(Date)
    until: Mapped[date] = mapped_column(Date)
    unit: Mapped[str] = mapped_column(String(64), default="")
    seed: Mapped[str] = mapped_column(String(64))
    pool: Mapped[int]
    pool_digest: Mapped[str] = mapped_column(String(64))


class SampleItem(Base):
    """One drawn record, in the order of the draw. `verdict`: right, wrong, unclear; None while nobody looked."""

    __tablename__ = "sample_items"
    sample: Mapped[str] = mapped_column(ForeignKey("samples.id"), primary_key=True)
    place: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    kiosk: Mapped[str] = mapped_column(String(63))
    chain: Mapped[str] = mapped_column(String(43))
    seq: Mapped[int] = mapped_column(BigInteger)
    verdict: Mapped[str | None] = mapped_column(String(16))
    why: Mapped[str] = mapped_column(Text, default="")
    by: Mapped[str | None] = mapped_column(String(64))
    at: Mapped[datetime | None]
