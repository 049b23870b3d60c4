"""PINs at the wall, for people whom no kiosk can know by face, each on a guarantee: by whom, why, until when.

The PIN itself is told once, to whoever prints it, and is kept nowhere: the table has scrypt of it, sealed, and the audit log has who gave it.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import pairwise

from sqlalchemy import and_, delete, or_, select
from sqlalchemy.orm import Session

from collector import audit
from collector.accounts.book import Author
from collector.judging import entries
from collector.leave.errors import PinError
from collector.people.sealing import pin_name
from collector.rules.evidence import Guarantee
from collector.store.hours import Entry
from collector.store.leave import StoredPin
from collector.store.people import Assignment, Person, Unit
from collector.vault import Vault
from wire.pin import COST, SALT_BYTES, digest_of

PIN_DIGITS = 6
NUMBER_DIGITS = 5
FEWEST_DIFFERENT = 3
"""A PIN of fewer different digits is among the first that anybody tries."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """A guarantee as it is asked for: `until` is its last day, `letter` the number of the head's letter."""

    person: str
    guarantor: str
    letter: str
    reason: str
    until: date


@dataclass(frozen=True, slots=True)
class Handed:
    """What is printed for a person and then forgotten: the number they give at the wall, their PIN, and its last day."""

    number: str
    pin: str
    until: date


@dataclass(frozen=True, slots=True)
class Holder:
    """Who has a PIN, as lists show them. `since`, `until`: of the guarantee, both included."""

    person: str
    name: str
    unit_name: str
    number: str
    guarantor: str
    reason: str
    since: date
    until: date


@dataclass(frozen=True, slots=True)
class Vouched:
    """One guarantee, as the judge reads it. `until` None: open. `why`: by whom, and the reason."""

    since: date
    until: date | None
    why: str


def give(  # noqa: PLR0913, PLR0917 - the guarantee, by whom, when, and how long at most
    session: Session, vault: Vault, wanted: Wanted, author: Author, today: date, longest_days: int
) -> Handed:
    """A guarantee from today on and a PIN by it, in place of what was there. Raises PinError."""
    before = _standing(session, wanted.person)
    _check(session, wanted, today, longest_days)
    if before is not None:
        _close(session, before, today - timedelta(days=1), author, f"followed by {wanted.letter.strip()}")
    fact = Guarantee(person=wanted.person, since=today, until=wanted.until, letter=wanted.letter.strip())
    why = f"{wanted.guarantor.strip()}: {wanted.reason.strip()}"
    entry = entries.enter(session.connection(), fact, author.who, why, author.at)
    row = StoredPin(person=wanted.person, number=before.number if before else _free_number(session))
    session.execute(delete(StoredPin).where(StoredPin.person == wanted.person))
    row.since, row.until, row.entry = today, wanted.until, entry
    row.guarantor, row.letter, row.reason = wanted.guarantor.strip(), fact.letter, wanted.reason.strip()
    handed = _fresh(vault, row, author)
    session.add(row)
    session.flush()
    told = {"until": f"{row.until}", "guarantor": row.guarantor, "letter": row.letter, "reason": row.reason[:200]}
    audit.note(session, author.who, "pin.give", row.person, told, author.at)
    return handed


def renew(session: Session, vault: Vault, person: str, author: Author, today: date) -> Handed:
    """Another PIN on the same guarantee, for who forgot theirs or fears that somebody knows it. Raises PinError."""
    row = _standing(session, person)
    if row is None or row.until < today:
        raise PinError(f"person {person} has no PIN whose guarantee holds: give one")
    handed = _fresh(vault, row, author)
    session.flush()
    audit.note(session, author.who, "pin.renew", person, {"until": f"{row.until}"}, author.at)
    return handed


def end(session: Session, person: str, author: Author, why: str, today: date) -> None:
    """The PIN is void and its verifier gone; the guarantee ends today, and what was recorded by it so far goes on counting.

    Raises PinError without a reason, or where there is no PIN.
    """
    row = _standing(session, person)
    if row is None or not why.strip():
        raise PinError(f"person {person} has no PIN, or nobody says why it ends: say it")
    _close(session, row, today, author, why.strip())
    session.delete(row)
    session.flush()
    audit.note(session, author.who, "pin.end", person, {"reason": why.strip()[:200]}, author.at)


def hold(session: Session, person: str) -> None:
    """Until this transaction ends nobody else gives, renews or ends the person's PIN, nor takes its guarantee back: of two
    who act at once the second meets what the first left. SQLite's writers take turns anyway."""
    session.execute(select(Person.id).where(Person.id == person).with_for_update(key_share=True))


def void(session: Session, entry: str, author: Author, why: str) -> None:
    """Take away the PIN that was given on a guarantee which is withdrawn; nothing where another one followed it."""
    row = session.scalars(select(StoredPin).where(StoredPin.entry == entry)).one_or_none()
    if row is not None:
        session.delete(row)
        session.flush()
        audit.note(session, author.who, "pin.end", row.person, {"reason": why.strip()[:200]}, author.at)


def held(session: Session, person: str) -> StoredPin | None:
    """The person's PIN and guarantee, ended ones too until retention takes them."""
    return session.get(StoredPin, person)


def listed(session: Session, units: frozenset[str] | None, today: date) -> list[Holder]:
    """Everybody of these units (None: of all) whose PIN holds today, the one that ends first at the head. One query."""
    p = StoredPin
    query = (
        select(Person.id, Person.name, Unit.name, p.number, p.guarantor, p.reason, p.since, p.until)
        .join(p, p.person == Person.id)
        .join(Assignment, and_(Assignment.person == Person.id, Assignment.kind == "main"))
        .join(Unit, Unit.code == Assignment.unit)
        .where(p.until >= today, Assignment.from_day <= today)
        .where(or_(Assignment.until_day.is_(None), Assignment.until_day >= today))
        .order_by(p.until, Person.name, Person.id)
    )
    rows = session.execute(query if units is None else query.where(Assignment.unit.in_(sorted(units))))
    return [Holder(*row) for row in rows]


def vouched(session: Session, person: str) -> list[Vouched]:
    """Every guarantee that counts or counted for the person, the newest first. One query."""
    query = select(Entry.since, Entry.until, Entry.reason, Entry.entered_at).where(
        Entry.kind == entries.EntryKind.GUARANTEE.value, Entry.person == person, Entry.withdrawn_at.is_(None)
    )
    rows = session.execute(query.order_by(Entry.since.desc(), Entry.entered_at.desc()))
    return [Vouched(since, until, reason) for since, until, reason, _ in rows]


def _standing(session: Session, person: str) -> StoredPin | None:
    """What stands, held until the commit."""
    hold(session, person)
    return session.get(StoredPin, person, populate_existing=True)


def _check(session: Session, wanted: Wanted, today: date, longest_days: int) -> None:
    person = session.get(Person, wanted.person)
    if person is None or (person.left_on is not None and person.left_on <= today):
        raise PinError(f"person {wanted.person} does not serve on {today}: only who serves is given a PIN")
    if not all(text.strip() for text in (wanted.guarantor, wanted.letter, wanted.reason)):
        raise PinError("a guarantee needs who vouches, the number of the letter, and why: name all three")
    last = today + timedelta(days=longest_days)
    if not today <= wanted.until <= last:
        raise PinError(f"until {wanted.until}: a guarantee from {today} ends by {last} (guarantees.longest_days)")


def _close(session: Session, row: StoredPin, last: date, author: Author, why: str) -> None:
    """Let the guarantee end on that day, or be as if it had never begun where that day lies before it."""
    connection = session.connection()
    stands = select(Entry.id).where(Entry.id == row.entry, Entry.withdrawn_at.is_(None))
    if row.until <= last or connection.scalar(stands) is None:
        return  # it ended, or was taken back by a version that left the PIN
    entries.withdraw(connection, row.entry, author.who, author.at)
    if row.since <= last:
        fact = Guarantee(person=row.person, since=row.since, until=last, letter=row.letter)
        entries.enter(connection, fact, author.who, f"{row.guarantor}: {row.reason}; {why}", author.at)


def _fresh(vault: Vault, row: StoredPin, author: Author) -> Handed:
    pin = _new_pin()
    row.salt, row.cost = secrets.token_bytes(SALT_BYTES), COST
    row.digest = vault.seal(digest_of(pin, row.salt, COST), pin_name(row.person))
    row.by, row.at = author.who, author.at
    return Handed(row.number, pin, row.until)


def _new_pin() -> str:
    """Any six digits but those that people try first."""
    while True:
        pin = f"{secrets.randbelow(10**PIN_DIGITS):0{PIN_DIGITS}}"
        if not easy(pin):
            return pin


def easy(pin: str) -> bool:
    """Whether somebody would try this one before others: few different digits, or a run up or down the keys."""
    steps = {int(after) - int(before) for before, after in pairwise(pin)}
    return len(set(pin)) < FEWEST_DIFFERENT or len(steps) == 1


def _free_number(session: Session) -> str:
    """A number nobody has: random, so that it neither tells whose it is nor how many there are."""
    taken = set(session.scalars(select(StoredPin.number)))
    first, past = 10 ** (NUMBER_DIGITS - 1), 10**NUMBER_DIGITS
    if len(taken) > (past - first) // 2:
        raise PinError(f"{len(taken)} people have a PIN: most are {(past - first) // 2}")
    while (number := f"{secrets.randbelow(past - first) + first}") in taken:
        pass
    return number
