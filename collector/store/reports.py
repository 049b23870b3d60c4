"""Tables of printed reports that somebody ordered, and of the keys that check them."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import Date, ForeignKey, Index, Integer, LargeBinary, String, Text, text
from sqlalchemy.orm import Mapped, mapped_column

from collector.store.base import Base


class ReportOrder(Base):
    """A file that the jobs process makes and seals, for the pages hold no key. `id` is random.

    `kind`: recap (of `unit` and those below), all (every unit's recap in a ZIP; with `unit`, of those below), tpp, records
    (sealed records from `month` to `until`, of `kiosk` or of a unit's kiosks). `form`: xlsx, pdf, csv, zip. `staff`: the staff list that was handed in, or None. `state`: waiting, working, ready, failed. `done` of `whole`
    recaps are made. `error`: why it failed, as `collector.recap.faults` writes it; empty for no fault. Files go after some days, the order stays in the audit log.
    """

    __tablename__ = "report_orders"
    __table_args__ = (Index("ix_report_orders_state_asked_at", "state", "asked_at"),)
    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    kind: Mapped[str] = mapped_column(String(8))
    unit: Mapped[str] = mapped_column(String(64))
    month: Mapped[date] = mapped_column(Date)
    until: Mapped[date | None] = mapped_column(Date)
    kiosk: Mapped[str] = mapped_column(String(63), default="", server_default=text("''"))
    form: Mapped[str] = mapped_column(String(8))
    staff: Mapped[bytes | None] = mapped_column(LargeBinary)
    asked_by: Mapped[str] = mapped_column(String(64), index=True)
    asked_at: Mapped[datetime]
    state: Mapped[str] = mapped_column(String(8), default="waiting")
    done: Mapped[int] = mapped_column(default=0)
    whole: Mapped[int] = mapped_column(default=1)
    name: Mapped[str] = mapped_column(String(120), default="")
    size: Mapped[int] = mapped_column(Integer, default=0)
    error: Mapped[str] = mapped_column(Text, default="")
    finished_at: Mapped[datetime | None]


class ReportPiece(Base):
    """A piece of an ordered file, from number 0 on."""

    __tablename__ = "report_pieces"
    order: Mapped[str] = mapped_column(ForeignKey("report_orders.id", ondelete="CASCADE"), primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    content: Mapped[bytes] = mapped_column(LargeBinary)


class PublicKeys(Base):
    """The centre's public keys as the process that seals has them: what the pages check a file with. `id` is always 1."""

    __tablename__ = "centre_public_keys"
    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    jwks: Mapped[bytes] = mapped_column(LargeBinary)
