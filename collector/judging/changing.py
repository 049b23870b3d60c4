"""Changing rules: proposed by one, approved by another, never for today or the past by accident."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import ColumnElement, Connection, Update, func, insert, select, update

from collector.judging import book
from collector.judging.errors import FourEyesError, RuleChangeError
from collector.judging.marks import Mark, Whose, local_date, touch
from collector.rules.document import rule_set
from collector.rules.errors import PastChangeError
from collector.rules.rulebook import CONFIRMATIONS, Holiday, succeed
from collector.rules.ruleset import RuleSet
from collector.store.hours import StoredHoliday, StoredRuleSet


@dataclass(frozen=True, slots=True)
class Decision:
    """Who decides, and when. `confirmed`: how often a change to today or the past was confirmed; `why`: and the reason."""

    by: str
    at: datetime
    confirmed: int = 0
    why: str = ""


def propose(connection: Connection, rules: RuleSet, by: str, now: datetime) -> str:
    """Store a version as a proposal; its name. Raises RuleChangeError when that version is there or one is left out."""
    _somebody(by)
    latest = connection.scalar(select(func.max(StoredRuleSet.version)).where(StoredRuleSet.id == rules.id)) or 0
    if rules.version != latest + 1:
        raise RuleChangeError(
            f"rule set {rules.name}: the newest version here is {latest}; give this one number {latest + 1}"
        )
    row = {**book.document_columns(rules), "state": book.PROPOSED, "proposed_by": by, "proposed_at": now}
    connection.execute(insert(StoredRuleSet).values(row))
    return rules.name


def approve(connection: Connection, name: str, decision: Decision) -> RuleSet:
    """Let a proposal hold; days that it changes are judged again.

    Raises FourEyesError when the proposer approves, PastChangeError when it begins today or earlier without two
    confirmations and a reason, OverlapError when it clashes, RuleChangeError when it is no proposal.
    """
    by, now = decision.by, decision.at
    _somebody(by)
    row = _held(connection, name)
    if row.state != book.PROPOSED:
        raise RuleChangeError(f"rule set {name} is {row.state}: only a proposal can be approved")
    if row.proposed_by.strip().casefold() == by.strip().casefold():
        raise FourEyesError(f"rule set {name} was proposed by {by}: let somebody else approve it")
    change = rule_set(row.document)
    succeed(book.standing(book.approved(connection)), change, local_date(now), decision.confirmed, decision.why)
    decided = {
        "state": book.APPROVED,
        "approved_by": by,
        "approved_at": now,
        "confirmations": decision.confirmed,
        "reason": decision.why,
    }
    connection.execute(_this(name).values(decided))
    touch(connection, [Mark(Whose.ALL, "", change.since, date.max)])
    return change


def withdraw(connection: Connection, name: str, by: str, now: datetime) -> None:
    """Take back a proposal, or an approved version that has not begun.

    Raises RuleChangeError for one that holds or held: that is ended by a newer version, not taken back.
    """
    _somebody(by)
    row = _held(connection, name)
    begun = row.state == book.APPROVED and row.since <= local_date(now)
    if row.state == book.WITHDRAWN or begun:
        what = f"holds since {row.since}: end it by a newer version" if begun else "was withdrawn already"
        raise RuleChangeError(f"rule set {name} {what}")
    connection.execute(_this(name).values(state=book.WITHDRAWN, withdrawn_by=by, withdrawn_at=now))


def add_holiday(connection: Connection, holiday: Holiday, decision: Decision) -> None:
    """Enter a holiday, or a working day after all, by decree. Raises PastChangeError, RuleChangeError."""
    _somebody(decision.by)
    if not holiday.decree.strip():
        raise RuleChangeError(f"{holiday.name} on {holiday.day}: a day off needs the number of its decree")
    _ahead(holiday.name, holiday.day, decision)
    book.install_holidays(connection, [holiday.day.year], decision.at)
    for unit in holiday.units or ("",):
        connection.execute(insert(StoredHoliday).values(_holiday_row(holiday, unit, decision)))
        touch(connection, [_holiday_mark(holiday.day, unit)])


def _holiday_row(holiday: Holiday, unit: str, decision: Decision) -> dict[str, object]:
    return {
        "day": holiday.day,
        "name": holiday.name,
        "decree": holiday.decree,
        "unit": unit,
        "joint": holiday.joint,
        "works": holiday.works,
        "source": book.DECREE,
        "entered_by": decision.by,
        "entered_at": decision.at,
        "reason": decision.why,
    }


def withdraw_holiday(connection: Connection, number: int, decision: Decision) -> None:
    """Take back an entry of the admin's table. Raises PastChangeError, RuleChangeError."""
    _somebody(decision.by)
    row = connection.execute(
        select(StoredHoliday.day, StoredHoliday.name, StoredHoliday.unit)
        .where(
            StoredHoliday.id == number,
            StoredHoliday.source == book.DECREE,
            StoredHoliday.withdrawn_at.is_(None),
        )
        .with_for_update()
    ).one_or_none()  # held until the commit, as versions are
    if row is None:
        raise RuleChangeError(f"no entry {number} of a decree: `siperlu rules holidays list` shows the numbers")
    _ahead(row.name, row.day, decision)
    connection.execute(
        update(StoredHoliday)
        .where(StoredHoliday.id == number)
        .values(withdrawn_by=decision.by, withdrawn_at=decision.at, reason=decision.why)
    )
    touch(connection, [_holiday_mark(row.day, row.unit)])


def _holiday_mark(day: date, unit: str) -> Mark:
    return Mark(Whose.UNIT, unit, day, day) if unit else Mark(Whose.ALL, "", day, day)


def _ahead(what: str, day: date, decision: Decision) -> None:
    today = local_date(decision.at)
    if day <= today and not (decision.confirmed >= CONFIRMATIONS and decision.why.strip()):
        raise PastChangeError(
            f"{what} would change {day}, and today is {today}: choose a later day, or confirm twice and give a reason"
        )


def _somebody(by: str) -> None:
    if not by.strip():
        raise RuleChangeError("nobody is named as the one who decides: say who")


@dataclass(frozen=True, slots=True)
class _Version:
    """A version as it stands."""

    state: str
    since: date
    proposed_by: str
    document: bytes


def _held(connection: Connection, name: str) -> _Version:
    """The version, with all others held until the commit, for it must not clash with any: of two who decide at once the
    second meets what the first left."""
    every = select(StoredRuleSet.id).order_by(StoredRuleSet.id, StoredRuleSet.version)
    connection.execute(every.with_for_update()).all()
    return _row(connection, name)


def _row(connection: Connection, name: str) -> _Version:
    table = StoredRuleSet
    query = select(table.state, table.since, table.proposed_by, table.document).where(*_is(name))
    row = connection.execute(query).one_or_none()
    if row is None:
        raise RuleChangeError(
            f"no rule set {name!r}: name one as `siperlu rules list` shows it, e.g. perpres-21-2023/1"
        )
    return _Version(*row)


def _is(name: str) -> tuple[ColumnElement[bool], ...]:
    id_, _, version = name.rpartition("/")
    number = int(version) if version.isdecimal() and version.isascii() and len(version) < 9 else -1
    return StoredRuleSet.id == id_, StoredRuleSet.version == number


def _this(name: str) -> Update:
    return update(StoredRuleSet).where(*_is(name))


def document_of(connection: Connection, name: str) -> bytes:
    """The JSON of a version. Raises RuleChangeError when there is none of that name."""
    return _row(connection, name).document
