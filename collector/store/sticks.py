"""Tables of USB sticks: what was brought and what is to be taken along, in pieces, and when a stick last came and went."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import BigInteger, ForeignKey, Index, LargeBinary, SmallInteger, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from collector.store.base import Base


class StickOrder(Base):
    """Work on a stick that a page asked for and the jobs process does. `id` is random.

    `kind`: bring (a ZIP that was uploaded is taken in) or give (a ZIP of what is due to `kiosks` is made, with the release `version`
    where one is named). `kiosks`: JSON list; of what was brought, those found on it. `state`: arriving, waiting, working, done,
    failed, gone (its file was let go). `asked_at`: of what is arriving, when its last piece came. `tries`: how
    often it was begun. `done`: messages read or kiosks written so far. `told`: JSON, see `collector.sticks.story`. `error`: JSON, see
    `collector.sticks.faults`; empty for none.
    """

    __tablename__ = "stick_orders"
    __table_args__ = (Index("ix_stick_orders_state_asked_at", "state", "asked_at"),)
    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    kind: Mapped[str] = mapped_column(String(8))
    kiosks: Mapped[str] = mapped_column(Text, default="[]")
    version: Mapped[str] = mapped_column(String(41), default="")
    asked_by: Mapped[str] = mapped_column(String(64))
    asked_at: Mapped[datetime] = mapped_column(index=True)
    state: Mapped[str] = mapped_column(String(8))
    tries: Mapped[int] = mapped_column(SmallInteger, default=0)
    done: Mapped[int] = mapped_column(default=0)
    size: Mapped[int] = mapped_column(BigInteger, default=0)
    told: Mapped[str] = mapped_column(Text, default="{}")
    error: Mapped[str] = mapped_column(Text, default="")
    finished_at: Mapped[datetime | None]


class StickPiece(Base):
    """A piece of an order's ZIP, from number 0 on."""

    __tablename__ = "stick_pieces"
    order: Mapped[str] = mapped_column(ForeignKey("stick_orders.id", ondelete="CASCADE"), primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    content: Mapped[bytes] = mapped_column(LargeBinary)


class StickVisit(Base):
    """When a stick last came from a kiosk with its records, and last left for it with what is due; by whom."""

    __tablename__ = "stick_visits"
    kiosk: Mapped[str] = mapped_column(ForeignKey("kiosks.id"), primary_key=True)
    came_at: Mapped[datetime | None]
    came_by: Mapped[str] = mapped_column(String(100), default="")
    went_at: Mapped[datetime | None]
    went_by: Mapped[str] = mapped_column(String(100), default="")
