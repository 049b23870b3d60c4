"""Tables of what kiosks sent."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import BigInteger, Date, ForeignKey, Index, Integer, LargeBinary, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from collector.store.base import Base

AutoId = BigInteger().with_variant(Integer, "sqlite")


class Chain(Base):
    """A kiosk's chain. `upto`: highest number with none missing below; `seen`: highest number that ever came.

    `complete_at`: `at` of the newest heartbeat at or below `upto`: the kiosk is complete up to then.
    """

    __tablename__ = "chains"
    kiosk: Mapped[str] = mapped_column(ForeignKey("kiosks.id"), primary_key=True)
    chain: Mapped[str] = mapped_column(String(43), primary_key=True)
    upto: Mapped[int] = mapped_column(BigInteger, default=0)
    seen: Mapped[int] = mapped_column(BigInteger, default=0)
    complete_at: Mapped[datetime | None]
    previous: Mapped[str | None] = mapped_column(String(43))
    previous_upto: Mapped[int | None] = mapped_column(BigInteger)
    first_at: Mapped[datetime]


class StoredRecord(Base):
    """A record: the sealed text as it came, and the columns that are asked for. Never updated, never deleted."""

    __tablename__ = "records"
    __table_args__ = (
        Index("ix_records_person_at", "person", "at"),
        Index("ix_records_kiosk_at", "kiosk", "at"),
        Index("ix_records_kind_at_person", "kind", "at", "person"),
    )
    kiosk: Mapped[str] = mapped_column(String(63), primary_key=True)
    chain: Mapped[str] = mapped_column(String(43), primary_key=True)
    seq: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    digest: Mapped[str] = mapped_column(String(64))
    prev: Mapped[str] = mapped_column(String(64))
    kind: Mapped[str] = mapped_column(String(64))
    at: Mapped[datetime]
    clock_source: Mapped[str] = mapped_column(String(8))
    clock_error_ms: Mapped[int | None] = mapped_column(BigInteger)
    boot: Mapped[str] = mapped_column(String(64))
    monotonic_ns: Mapped[int] = mapped_column(BigInteger)
    person: Mapped[str | None] = mapped_column(String(64))
    method: Mapped[str | None] = mapped_column(String(16))
    score: Mapped[float | None]
    unit: Mapped[str | None] = mapped_column(String(64))
    received_at: Mapped[datetime]
    sealed: Mapped[str] = mapped_column(Text)


class SetAside(Base):
    """A message that could not be accepted: the very bytes, and why.

    `kiosk` is the registered one that the topic names, else empty. `chain` and `seq` are set only when its seal
    verified: such a message did arrive and counts for `upto`. Of one without a seal only the head is kept in `raw`.
    """

    __tablename__ = "set_aside"
    __table_args__ = (
        UniqueConstraint("kiosk", "digest"),
        Index("ix_set_aside_kiosk_chain_seq", "kiosk", "chain", "seq"),
        Index("ix_set_aside_reason_kiosk", "reason", "kiosk"),
    )
    id: Mapped[int] = mapped_column(AutoId, primary_key=True)
    topic: Mapped[str] = mapped_column(Text)
    kiosk: Mapped[str] = mapped_column(String(63), default="")
    chain: Mapped[str | None] = mapped_column(String(43))
    seq: Mapped[int | None] = mapped_column(BigInteger)
    digest: Mapped[str] = mapped_column(String(64))
    reason: Mapped[str] = mapped_column(String(64))
    detail: Mapped[str] = mapped_column(Text)
    times: Mapped[int] = mapped_column(default=1)
    first_at: Mapped[datetime]
    last_at: Mapped[datetime]
    raw: Mapped[bytes] = mapped_column(LargeBinary)


class Discarded(Base):
    """Messages without a valid seal beyond what is set aside of one kiosk on one day (UTC): counted, not kept."""

    __tablename__ = "discarded"
    kiosk: Mapped[str] = mapped_column(String(63), primary_key=True)
    day: Mapped[date] = mapped_column(Date, primary_key=True)
    reason: Mapped[str] = mapped_column(String(64), primary_key=True)
    times: Mapped[int] = mapped_column(BigInteger)


class Incident(Base):
    """Something about a chain that a human must look at: fork (two records under one identity), broken-link."""

    __tablename__ = "incidents"
    id: Mapped[int] = mapped_column(AutoId, primary_key=True)
    kiosk: Mapped[str] = mapped_column(String(63), index=True)
    chain: Mapped[str] = mapped_column(String(43))
    seq: Mapped[int] = mapped_column(BigInteger)
    kind: Mapped[str] = mapped_column(String(32))
    digest: Mapped[str] = mapped_column(String(64), unique=True)
    at: Mapped[datetime]


class KioskStatus(Base):
    """A kiosk's last word about its own health. Advice: nothing is judged by it. `throttled`: words with a space between."""

    __tablename__ = "kiosk_status"
    kiosk: Mapped[str] = mapped_column(ForeignKey("kiosks.id"), primary_key=True)
    at: Mapped[datetime]
    received_at: Mapped[datetime]
    online: Mapped[bool]
    version: Mapped[str] = mapped_column(String(40))
    state: Mapped[str] = mapped_column(String(64))
    backlog: Mapped[int] = mapped_column(BigInteger)
    roster_version: Mapped[int] = mapped_column(BigInteger)
    chain: Mapped[str | None] = mapped_column(String(43))
    last_seq: Mapped[int] = mapped_column(BigInteger)
    temperature_c: Mapped[float | None]
    disk_free_mib: Mapped[int | None] = mapped_column(BigInteger)
    throttled: Mapped[str | None] = mapped_column(Text)
    last_frame_at: Mapped[datetime | None]
    certificate_until: Mapped[datetime | None]
    board: Mapped[str | None] = mapped_column(String(120))
    system: Mapped[str | None] = mapped_column(String(120))


class Blob(Base):
    """An encrypted blob that a record names by its digest; may be deleted, the chain stays whole. `sealed`: as the kiosk sent it,
    which proves it; `picture`: what is in it, as the vault keeps it for the pages."""

    __tablename__ = "blobs"
    __table_args__ = (Index("ix_blobs_kiosk_received_at", "kiosk", "received_at"),)
    digest: Mapped[str] = mapped_column(String(64), primary_key=True)
    kiosk: Mapped[str] = mapped_column(String(63))
    sealed: Mapped[str] = mapped_column(Text)
    picture: Mapped[bytes | None] = mapped_column(LargeBinary)
    received_at: Mapped[datetime]
