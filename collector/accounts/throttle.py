"""How often somebody may guess. Counted in the database: several web processes count together, and a restart forgets nothing.

An attempt is counted before the password is looked at, and given back when it was right: attempts that run side by side
get no more guesses than one after the other.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import delete, insert, select, update
from sqlalchemy.orm import Session

from collector.audit.log import lock
from collector.store.accounts import Attempts

ADDRESS_TIMES = 8
"""An office of many people sits behind one address."""

LOGIN_TIMES = 10
"""From all addresses together: high enough that a stranger does not lock the owner out by five wrong guesses."""


@dataclass(frozen=True, slots=True)
class Rule:
    """At most `most` failures of one account from one address within `window`."""

    most: int
    window: timedelta


@dataclass(frozen=True, slots=True)
class Limit:
    """One thing that is counted: its key in the table, and how many failures it may have."""

    key: str
    most: int


def limits(login: str, address: str, rule: Rule) -> tuple[Limit, ...]:
    """What an attempt counts against: the account from this address, the account, the address."""
    return (
        Limit(_key("both", login, address), rule.most),
        Limit(_key("login", login), rule.most * LOGIN_TIMES),
        Limit(_key("address", address), rule.most * ADDRESS_TIMES),
    )


def by_address(what: str, address: str, rule: Rule) -> tuple[Limit, ...]:
    """What guessing something else than a password counts against."""
    return (Limit(_key(what, address), rule.most * ADDRESS_TIMES),)


def take(session: Session, wanted: Iterable[Limit], now: datetime, rule: Rule) -> datetime | None:
    """Count an attempt; or, when too many failed, count nothing and give the time from which one may try again."""
    lock(session)  # a first failure has no row yet that could be locked
    session.execute(delete(Attempts).where(Attempts.since <= now - rule.window))
    by_key = {limit.key: limit for limit in wanted}
    query = select(Attempts).where(Attempts.key.in_(by_key)).order_by(Attempts.key).with_for_update()
    rows = {row.key: row for row in session.scalars(query)}
    full = [row.since + rule.window for key, row in rows.items() if row.count >= by_key[key].most]
    if full:
        return max(full)
    for key in sorted(by_key):
        _one_more(session, key, now, known=key in rows)
    return None


def give_back(session: Session, wanted: Iterable[Limit]) -> None:
    """The attempt was right: it counts for none, and the account from this address begins anew.

    In the order of `take`, the log before the counts, for whoever is let in is noted afterwards: of two at one address neither
    waits for the other for ever. Call it late.
    """
    lock(session)
    both, *others = wanted
    session.execute(delete(Attempts).where(Attempts.key == both.key))
    for limit in sorted(others, key=lambda each: each.key):
        session.execute(
            update(Attempts).where(Attempts.key == limit.key, Attempts.count > 0).values(count=Attempts.count - 1)
        )


def _one_more(session: Session, key: str, now: datetime, *, known: bool) -> None:
    if known:
        session.execute(update(Attempts).where(Attempts.key == key).values(count=Attempts.count + 1))
    else:
        session.execute(insert(Attempts).values(key=key, since=now, count=1))


def _key(*parts: str) -> str:
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()
