"""Writing the audit log and following it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

from sqlalchemy import insert, select, text
from sqlalchemy.orm import Session

from collector.audit.chain import GENESIS, Broken, Detail, Entry, Head, first_broken, seal, written
from collector.store.audit import AuditEntry

LOCK = 0x5349_5045_524C  # any number that nobody else locks
PAGE = 2000


def note(  # noqa: PLR0913, PLR0917 - who did what to whom, when
    session: Session, who: str, action: str, subject: str, detail: Detail | None = None, at: datetime | None = None
) -> None:
    """Add an entry in the caller's transaction: what is not committed was not done.

    `who`: account id, or the process; `action`: `thing.verb`; `subject`: opaque id of what it was done to. Never put a
    name, a NIP or a password in `detail`: entries cannot be deleted. Call it late: on PostgreSQL others wait for the commit.
    """
    lock(session)
    last = head(session)
    moment = (at or datetime.now(UTC)).astimezone(UTC)
    words = (who[:100], action[:64], subject[:200], written(detail or {}))
    names = dict(zip(("who", "action", "subject", "detail"), words, strict=True))
    digest = seal(last.seq + 1, moment, words, last.digest)
    session.execute(insert(AuditEntry).values(seq=last.seq + 1, at=moment, prev=last.digest, digest=digest, **names))


def lock(session: Session) -> None:
    """Be the only one who adds entries until the commit. SQLite's writers take turns anyway."""
    if session.get_bind().dialect.name == "postgresql":
        session.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": LOCK})


def head(session: Session) -> Head:
    """The end of the log."""
    query = select(AuditEntry.seq, AuditEntry.digest).order_by(AuditEntry.seq.desc()).limit(1)
    row = session.execute(query).one_or_none()
    return Head(0, GENESIS) if row is None else Head(row[0], row[1])


def entries(session: Session, after: int = 0) -> Iterator[Entry]:
    """All entries after a number, in order, a page at a time."""
    e = AuditEntry
    columns = (e.seq, e.at, e.who, e.action, e.subject, e.detail, e.prev, e.digest)
    while rows := session.execute(select(*columns).where(e.seq > after).order_by(e.seq).limit(PAGE)).all():
        for row in rows:
            yield Entry(*row)
        after = rows[-1][0]


def verify(session: Session, known: Head | None = None) -> Head | Broken:
    """Follow the whole log. `known`: a head that was written down before; the log must still pass through it."""
    found = first_broken(entries(session))
    if isinstance(found, Broken) or known is None or known.seq == 0:
        return found
    at_known = session.scalars(select(AuditEntry.digest).where(AuditEntry.seq == known.seq)).one_or_none()
    if at_known is None:
        return Broken(found.seq + 1, f"the log ends at {found.seq}, but entry {known.seq} was there before")
    if at_known != known.digest:
        return Broken(known.seq, f"entry {known.seq} is not the one that was there before: the log was written anew")
    return found
