"""Taking away what is due: some rows a transaction, each deletion in the audit log with the digests of what went.

A digest proves that this very thing was deleted, to whoever has a copy, and tells nothing to whoever has none.
A step takes all its rows away first and notes them then: a note holds the log until the commit, and whoever waits for
a row meanwhile, while somebody with that row waits for the log, waits for ever.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Callable, Iterable

from sqlalchemy import ColumnElement, Select, and_, delete, func, or_, select, update
from sqlalchemy.orm import Session

from collector import audit
from collector.accounts.book import close_sessions
from collector.people.imports import DROPPED, KEPT_STAGED, STAGED
from collector.retention.holding import held
from collector.retention.limits import Due, Kind
from collector.store.accounts import Handout, StoredAccount
from collector.store.leave import StoredPin
from collector.store.people import Chip, PeopleImport, Person, Template
from collector.store.records import Blob, SetAside
from collector.store.writer import Writer

WHO = "retention"
AT_ONCE = 500
"""Rows of one kind in one transaction: others write in between. Their digests fit into one entry of the audit log."""

Tally = Counter[Kind]


def sweep(writer: Writer, line: Due, stop: Callable[[], bool] = lambda: False) -> Tally:
    """Take away all that is due; how many of each kind. Ends between two transactions when `stop()` says so.

    Raises StoreDownError; what was done until then is done, and told.
    """
    done: Tally = Counter()
    for kind, step in STEPS.items():
        while not stop():
            with writer.session() as session:
                count = step(session, line, AT_ONCE)
            done[kind] += count
            if count == 0:
                break
    return done


def count(session: Session, line: Due) -> Tally:
    """How many of each kind are due now, without taking any away."""
    kept = held(session, line)
    blobs = session.scalars(select(Blob.digest).where(Blob.received_at < line.evidence)).all()
    found: Tally = Counter({Kind.EVIDENCE: sum(digest not in kept for digest in blobs)})
    for kind, query in (
        (Kind.ASIDE, select(SetAside.id).where(_old_aside(line))),
        (Kind.TEMPLATE, select(Template.person).where(Template.person.in_(_leavers(line)))),
        (Kind.CHIP, select(Chip.digest).where(Chip.person.in_(_leavers(line)))),
        (Kind.PIN, select(StoredPin.person).where(_ended_pins(line))),
        (Kind.NIK, select(Person.id).where(Person.nik.is_not(None), Person.id.in_(_leavers(line)))),
        (Kind.UPLOAD, select(PeopleImport.id).where(_forgotten(line))),
        (Kind.ACCOUNT, select(StoredAccount.id).where(_open_accounts(line))),
        (Kind.STALE, select(Handout.id).where(Handout.until < line.now)),
    ):
        found[kind] = session.scalar(select(func.count()).select_from(query.subquery())) or 0
    return found


def _evidence(session: Session, line: Due, most: int) -> int:
    kept = held(session, line)
    query = select(Blob.digest, Blob.kiosk).where(Blob.received_at < line.evidence, Blob.digest.not_in(kept))
    rows = session.execute(query.order_by(Blob.received_at, Blob.digest).limit(most)).all()
    session.execute(delete(Blob).where(Blob.digest.in_([digest for digest, _ in rows])))
    by_kiosk: dict[str, list[str]] = {}
    for digest, kiosk in rows:
        by_kiosk.setdefault(kiosk, []).append(digest)
    for kiosk, digests in sorted(by_kiosk.items()):
        _proof(session, line, Kind.EVIDENCE, kiosk, digests)
    return len(rows)


def _aside(session: Session, line: Due, most: int) -> int:
    query = select(SetAside.id, SetAside.digest).where(_old_aside(line)).order_by(SetAside.id).limit(most)
    rows = session.execute(query).all()
    if rows:
        session.execute(update(SetAside).where(SetAside.id.in_([row[0] for row in rows])).values(raw=b""))
        _proof(session, line, Kind.ASIDE, "set-aside", [digest for _, digest in rows])
    return len(rows)


def _templates(session: Session, line: Due, most: int) -> int:
    query = select(Template.person, Template.model, Template.vector).where(Template.person.in_(_leavers(line)))
    rows = session.execute(query.order_by(Template.person, Template.model).limit(most)).all()
    for person, model, _ in rows:
        session.execute(delete(Template).where(Template.person == person, Template.model == model))
    for person, _, vector in rows:
        _proof(session, line, Kind.TEMPLATE, person, [hashlib.sha256(vector).hexdigest()])
    return len(rows)


def _chips(session: Session, line: Due, most: int) -> int:
    query = select(Chip.person, Chip.digest).where(Chip.person.in_(_leavers(line)))
    rows = session.execute(query.order_by(Chip.person, Chip.digest).limit(most)).all()
    session.execute(delete(Chip).where(Chip.digest.in_([digest for _, digest in rows])))
    by_person: dict[str, list[str]] = {}
    for person, digest in rows:
        by_person.setdefault(person, []).append(digest)
    for person, digests in by_person.items():
        _proof(session, line, Kind.CHIP, person, digests)
    return len(rows)


def _pins(session: Session, line: Due, most: int) -> int:
    query = select(StoredPin.person, StoredPin.digest).where(_ended_pins(line))
    rows = session.execute(query.order_by(StoredPin.person).limit(most)).all()
    session.execute(delete(StoredPin).where(StoredPin.person.in_([person for person, _ in rows])))
    for person, digest in rows:
        _proof(session, line, Kind.PIN, person, [hashlib.sha256(digest).hexdigest()])
    return len(rows)


def _ended_pins(line: Due) -> ColumnElement[bool]:
    return or_(StoredPin.person.in_(_leavers(line)), StoredPin.until < line.today)


def _niks(session: Session, line: Due, most: int) -> int:
    query = select(Person.id, Person.nik).where(Person.nik.is_not(None), Person.id.in_(_leavers(line)))
    rows = session.execute(query.order_by(Person.id).limit(most)).all()
    session.execute(update(Person).where(Person.id.in_([person for person, _ in rows])).values(nik=None))
    for person, sealed in rows:
        _proof(session, line, Kind.NIK, person, [hashlib.sha256(sealed or b"").hexdigest()])
    return len(rows)


def _uploads(session: Session, line: Due, most: int) -> int:
    rows = session.execute(select(PeopleImport.id, PeopleImport.digest).where(_forgotten(line)).limit(most)).all()
    gone = PeopleImport.id.in_([ident for ident, _ in rows])
    session.execute(update(PeopleImport).where(gone).values(state=DROPPED, content=None))
    for ident, digest in rows:
        _proof(session, line, Kind.UPLOAD, ident, [digest])
    return len(rows)


def _forgotten(line: Due) -> ColumnElement[bool]:
    return and_(PeopleImport.state == STAGED, PeopleImport.at < line.now - KEPT_STAGED)


def _accounts(session: Session, line: Due, most: int) -> int:
    """Closed, the last administrator's too: who left must not come in, and `siperlu collector accounts` makes another."""
    rows = session.scalars(select(StoredAccount).where(_open_accounts(line)).limit(most)).all()
    for account in rows:
        account.disabled_at = line.now
        close_sessions(session, account.id)
    session.flush()
    for account in rows:
        audit.note(session, WHO, "account.disable", account.id, {"reason": "left"}, line.now)
    return len(rows)


def _stale(session: Session, line: Due, most: int) -> int:
    """Of these the audit log knows already who made and used them."""
    gone = session.scalars(select(Handout.id).where(Handout.until < line.now).limit(most)).all()
    session.execute(delete(Handout).where(Handout.id.in_(gone)))
    return len(gone)


STEPS: dict[Kind, Callable[[Session, Due, int], int]] = {
    Kind.EVIDENCE: _evidence,
    Kind.ASIDE: _aside,
    Kind.TEMPLATE: _templates,
    Kind.CHIP: _chips,
    Kind.PIN: _pins,
    Kind.NIK: _niks,
    Kind.UPLOAD: _uploads,
    Kind.ACCOUNT: _accounts,
    Kind.STALE: _stale,
}


def _leavers(line: Due) -> Select[str]:
    return select(Person.id).where(Person.left_on <= line.left)


def _open_accounts(line: Due) -> ColumnElement[bool]:
    return and_(StoredAccount.disabled_at.is_(None), StoredAccount.person.in_(_leavers(line)))


def _old_aside(line: Due) -> ColumnElement[bool]:
    """Pictures, and whatever came without a seal: of sealed records the bytes are part of a chain's proof."""
    picture = SetAside.topic.contains("/blobs/")
    return and_(SetAside.last_at < line.evidence, or_(picture, SetAside.seq.is_(None)), func.length(SetAside.raw) > 0)


def _proof(session: Session, line: Due, kind: Kind, subject: str, digests: Iterable[str]) -> None:
    told = sorted(digests)
    audit.note(session, WHO, f"retention.{kind.value}", subject, {"count": len(told), "sha256": told}, line.now)
