"""Filing, deciding and withdrawing leave. One files, another decides; nothing is edited, nothing silently replaced."""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, time
from typing import Any, TypeAlias

from sqlalchemy import Connection, Row, insert, select, update

from collector.judging import entries
from collector.judging.evidence import load_schedules
from collector.judging.organisation import read_organisation
from collector.leave.account import Accounts
from collector.leave.errors import AccountError, DeciderError, LeaveError, OverlapError
from collector.rules.codes import Code
from collector.rules.evidence import Permit
from collector.rules.leave import LeaveYear
from collector.rules.letters import ASKED, Approver, meets
from collector.store.hours import Entry
from collector.store.leave import LeaveRequest

FILED, APPROVED, REFUSED, WITHDRAWN = "filed", "approved", "refused", "withdrawn"
Filed: TypeAlias = Row[Any]
"""A row of `leave_requests`, its columns by name."""

LONGEST_DAYS = 366 * 4  # study leave lasts years
MOST_PEOPLE = 500
LONGEST_NUMBER, LONGEST_PLACE = 100, 200
"""Characters, as their columns hold."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Filing:
    """One letter about one or many people. `hours`: only that part of each day; `letter`: id of the stored file."""

    people: tuple[str, ...]
    code: Code
    since: date
    until: date
    number: str
    dated: date
    hours: tuple[time, time] | None = None
    place: str = ""
    why: str = ""
    letter: str | None = None


@dataclass(frozen=True, slots=True)
class Meeting:
    """Another letter of the same person for the same days. `state`: filed or approved."""

    person: str
    code: Code
    since: date
    until: date
    number: str
    state: str


@dataclass(frozen=True, slots=True)
class Cost:
    """Working days of annual leave by year that a filing takes of one person, and the account before it."""

    person: str
    year: int
    days: int
    account: LeaveYear

    @property
    def over(self) -> int:
        """Working days that are not there."""
        return max(0, self.days - self.account.left)


@dataclass(frozen=True, slots=True)
class Verdict:
    """Who decides, as what, and when. `over`: annual leave beyond the account is given all the same, BKD alone; `person`: who
    the one who decides is, where that is known."""

    by: str
    role: Approver
    at: datetime
    why: str = ""
    over: bool = False
    person: str | None = None


def check(filing: Filing) -> None:
    """Raises LeaveError for what no letter of that code can say."""
    asked = ASKED.get(filing.code)
    if asked is None:
        raise LeaveError(f"{filing.code} is not filed: LB and LJ come from the rota, CBer from the holidays")
    if not 0 < len(set(filing.people)) <= MOST_PEOPLE:
        raise LeaveError(f"{len(set(filing.people))} people in one letter: choose 1 to {MOST_PEOPLE}")
    if not 0 <= (filing.until - filing.since).days < LONGEST_DAYS:
        raise LeaveError(f"from {filing.since} to {filing.until}: the end comes after the start, within four years")
    if not filing.number.strip():
        raise LeaveError("a leave needs the number of its letter: write it as it stands on the letter")
    for name, text, most in (("number", filing.number, LONGEST_NUMBER), ("place", filing.place, LONGEST_PLACE)):
        if len(text.strip()) > most:
            raise LeaveError(f"a {name} of {len(text.strip())} characters: at most {most}; shorten it")
    if asked.place and not filing.place.strip():
        raise LeaveError(f"{filing.code} needs the place where one goes: name it")
    if asked.paper and filing.letter is None:
        raise LeaveError(f"{filing.code} needs its letter attached: choose its scan as PDF, JPEG or PNG")
    if filing.hours is not None and (not asked.part or filing.hours[0] >= filing.hours[1]):
        raise LeaveError(
            f"{filing.code} for a part of the day: give the start before the end; only I, DL, DK have parts"
        )


def file(connection: Connection, filing: Filing, by: str, now: datetime) -> list[str]:
    """Store a filing that waits for its decision; ids, a person each. Raises LeaveError."""
    check(filing)
    people = sorted(set(filing.people))
    organisation = read_organisation(connection)
    known = load_schedules(connection, organisation, people, filing.since, filing.until).known
    batch = secrets.token_hex(8)
    rows = []
    for person in people:
        held = known[person].assignments if person in known else []
        served = [each for each in held if each.main and each.since <= filing.until]
        served = [each for each in served if each.until is None or each.until >= filing.since]
        if not served:
            raise LeaveError(
                f"person {person} does not serve between {filing.since} and {filing.until}: check the dates"
            )
        unit = max(served, key=lambda each: each.since).units[0]
        rows.append({"id": secrets.token_hex(8), "batch": batch, "person": person, "unit": unit, **_row(filing)})
    connection.execute(insert(LeaveRequest), [{**row, "filed_by": by, "filed_at": now} for row in rows])
    return [str(row["id"]) for row in rows]


def _row(filing: Filing) -> dict[str, object]:
    starts, ends = filing.hours or (None, None)
    return {
        "code": filing.code.value,
        "since": filing.since,
        "until": filing.until,
        "starts": starts,
        "ends": ends,
        "number": filing.number.strip(),
        "dated": filing.dated,
        "place": filing.place.strip(),
        "why": filing.why.strip(),
        "letter": filing.letter,
        "approver": ASKED[filing.code].decided_by(filing.since, filing.until).value,
        "state": FILED,
    }


def meetings(connection: Connection, permits: Iterable[Permit], besides: frozenset[str] = frozenset()) -> list[Meeting]:
    """Letters that claim the same time as these: filed or approved requests (but those of these ids), and letters that
    were entered by other ways, in order."""
    wanted = list(permits)
    if not wanted:
        return []
    people = sorted({each.person for each in wanted})
    since, until = min(each.since for each in wanted), max(each.until for each in wanted)
    table = LeaveRequest
    query = select(table).where(
        table.person.in_(people), table.until >= since, table.since <= until, table.state.in_((FILED, APPROVED))
    )
    known: list[tuple[Permit, str]] = []
    through: set[str] = set()
    for row in connection.execute(query):
        through.add(row.entry or "")
        if row.id not in besides:
            known.append((permit_of(row), row.state))
    known += [
        (permit, APPROVED)
        for number, permit in entries.permits(connection, people, since, until).items()
        if number not in through
    ]
    found = {_meeting(other, state) for other, state in known if any(meets(each, other) for each in wanted)}
    return sorted(found, key=lambda each: (each.person, each.since, each.number))


def _meeting(permit: Permit, state: str) -> Meeting:
    return Meeting(permit.person, permit.code, permit.since, permit.until, permit.letter, state)


def costs(connection: Connection, permits: Sequence[Permit]) -> list[Cost]:
    """What these letters take of each person's annual leave, year by year; nothing for other codes than CT."""
    annual = [each for each in permits if each.code is Code.CT]
    if not annual:
        return []
    since, until = min(each.since for each in annual), max(each.until for each in annual)
    accounts = Accounts(connection, sorted({each.person for each in annual}), since, until)
    found = []
    for each in annual:
        days = accounts.days(each.person, each.since, each.until)
        for year in range(each.since.year, each.until.year + 1):
            taken = sum(day.year == year for day in days)
            found.append(Cost(each.person, year, taken, accounts.year(each.person, year)))
    return found


def approve(connection: Connection, number: str, verdict: Verdict) -> str:
    """Let a filed leave count: the judge reads it from now on; id of the entry.

    Raises DeciderError when the one who filed decides, or the code asks for BKD; OverlapError when another approved letter
    claims the same time; AccountError when too little annual leave is left and BKD does not give it all the same.
    """
    row = _decidable(connection, number, verdict)
    permit = permit_of(row)
    others = [each for each in meetings(connection, [permit], frozenset({number})) if each.state == APPROVED]
    if others:
        first = others[0]
        raise OverlapError(
            f"letter {first.number} ({first.code}, {first.since} to {first.until}) holds for the same days: withdraw or "
            "shorten that one first, none replaces another by itself"
        )
    over = sum(cost.over for cost in costs(connection, [permit]))
    if over and not (verdict.over and verdict.role is Approver.BKD and verdict.why.strip()):
        raise AccountError(
            f"{over} working days more than are left of the annual leave: shorten it, or BKD gives it with a reason"
        )
    why = f"{row.code} {row.number}"
    entry = entries.enter(connection, permit, verdict.by, why, verdict.at)
    _decide(connection, number, verdict, state=APPROVED, entry=entry, over=over)
    return entry


def refuse(connection: Connection, number: str, verdict: Verdict) -> None:
    """Refuse a filed leave with a reason. Raises DeciderError, LeaveError."""
    _decidable(connection, number, verdict)
    if not verdict.why.strip():
        raise LeaveError("a refusal needs its reason: the person will ask")
    _decide(connection, number, verdict, state=REFUSED)


def withdraw(connection: Connection, number: str, by: str, why: str, now: datetime) -> None:
    """Take a filed or approved leave back, with a reason; what it excused is judged again. Raises LeaveError."""
    row = _held(connection, number)
    if row.state not in (FILED, APPROVED):
        raise LeaveError(f"leave {number} is {row.state}: only one that is filed or approved can be withdrawn")
    if not why.strip():
        raise LeaveError("a withdrawal needs its reason")
    standing = select(Entry.id).where(Entry.id == row.entry, Entry.withdrawn_at.is_(None))
    if connection.scalar(standing) is not None:
        entries.withdraw(connection, row.entry, by, now, why)
    step = {"state": WITHDRAWN, "withdrawn_by": by, "withdrawn_at": now, "withdrawn_why": why.strip()}
    connection.execute(update(LeaveRequest).where(LeaveRequest.id == number).values(**step))


def of_entry(connection: Connection, entry: str) -> str | None:
    """The approved leave that made this entry; None where there is none."""
    query = select(LeaveRequest.id).where(LeaveRequest.entry == entry, LeaveRequest.state == APPROVED)
    return connection.scalar(query)


def shorten(connection: Connection, number: str, last: date, verdict: Verdict) -> str:
    """End an approved leave earlier: it is withdrawn, and one up to `last` stands in its place, both to be read; the new id.

    Raises LeaveError.
    """
    row = _held(connection, number)
    if row.state != APPROVED or not row.since <= last < row.until:
        raise LeaveError(f"leave {number} is {row.state}, {row.since} to {row.until}: give its new last day within it")
    withdraw(connection, number, verdict.by, verdict.why, verdict.at)
    hours = None if row.starts is None or row.ends is None else (row.starts, row.ends)
    filing = Filing(
        people=(row.person,),
        code=Code(row.code),
        since=row.since,
        until=last,
        number=row.number,
        dated=row.dated,
        hours=hours,
        place=row.place,
        why=row.why,
        letter=row.letter,
    )
    [new] = file(connection, filing, row.filed_by, verdict.at)
    entry = entries.enter(
        connection, permit_of(find(connection, new)), verdict.by, f"{row.code} {row.number}", verdict.at
    )
    _decide(connection, new, replace(verdict, over=False), state=APPROVED, entry=entry)
    return new


def find(connection: Connection, number: str) -> Filed:
    """One request's row. Raises LeaveError."""
    row = connection.execute(select(LeaveRequest).where(LeaveRequest.id == number)).one_or_none()
    if row is None:
        raise LeaveError(f"no leave {number!r}")
    return row


def permit_of(row: Filed) -> Permit:
    """The fact that a request asks for."""
    hours = None if row.starts is None or row.ends is None else (row.starts, row.ends)
    return Permit(
        person=row.person, code=Code(row.code), since=row.since, until=row.until, letter=row.number, hours=hours
    )


def permits_of(filing: Filing) -> list[Permit]:
    """The facts that a filing asks for, a person each."""
    return [
        Permit(
            person=person,
            code=filing.code,
            since=filing.since,
            until=filing.until,
            letter=filing.number,
            hours=filing.hours,
        )
        for person in sorted(set(filing.people))
    ]


def _held(connection: Connection, number: str) -> Filed:
    """The request, with all of that person's, held until the commit: of two who act at once the second meets what the first left."""
    person = select(LeaveRequest.person).where(LeaveRequest.id == number).scalar_subquery()
    theirs = select(LeaveRequest.id).where(LeaveRequest.person == person).order_by(LeaveRequest.id)
    connection.execute(theirs.with_for_update()).all()
    return find(connection, number)


def _decidable(connection: Connection, number: str, verdict: Verdict) -> Filed:
    row = _held(connection, number)
    if row.state != FILED:
        raise LeaveError(f"leave {number} is {row.state}: only a filed one can be decided")
    if row.filed_by.strip().casefold() == verdict.by.strip().casefold():
        raise DeciderError(f"leave {number} was filed by {verdict.by}: let somebody else decide")
    if verdict.person is not None and verdict.person == row.person:
        raise DeciderError(f"leave {number} is {verdict.by}'s own: let somebody else decide")
    if row.approver == Approver.BKD and verdict.role is not Approver.BKD:
        raise DeciderError(f"{row.code} from {row.since} to {row.until} is decided by BKD")
    return row


def _decide(connection: Connection, number: str, verdict: Verdict, **step: object) -> None:
    decided = {"decided_by": verdict.by, "decided_at": verdict.at, "decided_why": verdict.why.strip(), **step}
    connection.execute(update(LeaveRequest).where(LeaveRequest.id == number).values(**decided))
