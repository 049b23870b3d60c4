"""The table of the audit log."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import BigInteger, Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from collector.store.base import Base


class AuditEntry(Base):
    """One thing that somebody did or read. `seq` runs from 1 without a gap; `detail`: JSON; `digest`: SHA-256 over `prev`
    and the rest of the row; `prev`: digest of the entry before. Triggers of the database refuse to change or delete one."""

    __tablename__ = "audit_log"
    __table_args__ = (Index("ix_audit_log_subject_seq", "subject", "seq"), Index("ix_audit_log_who_seq", "who", "seq"))
    seq: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    at: Mapped[datetime] = mapped_column(index=True)
    who: Mapped[str] = mapped_column(String(100))
    action: Mapped[str] = mapped_column(String(64))
    subject: Mapped[str] = mapped_column(String(200))
    detail: Mapped[str] = mapped_column(Text)
    prev: Mapped[str] = mapped_column(String(64))
    digest: Mapped[str] = mapped_column(String(64))
