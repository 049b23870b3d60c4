"""Taking an entry back: what it touched is judged again, and what hangs on it goes with it."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import Session

from collector.accounts.book import Author
from collector.judging import entries
from collector.judging.entries import EntryKind
from collector.leave import pins, requests
from collector.store.hours import Entry


def withdraw(session: Session, number: str, author: Author, why: str = "") -> None:
    """As if the entry had never been made. With a guarantee goes the PIN that was given on it, and a leave's is taken back as
    the leave.

    Raises EntryError, LeaveError.
    """
    connection = session.connection()
    leave = requests.of_entry(connection, number)
    if leave is not None:
        requests.withdraw(connection, leave, author.who, why, author.at)
        return
    vouched = select(Entry.person).where(Entry.id == number, Entry.kind == EntryKind.GUARANTEE.value)
    person = session.scalar(vouched)
    if person is not None:
        pins.hold(
            session, person
        )  # before the entry, in the order of who gives the next one: they never wait for each other
    entries.withdraw(connection, number, author.who, author.at, why)
    if person is not None:
        pins.void(session, number, author, why)
