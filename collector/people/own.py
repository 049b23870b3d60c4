"""A person's rights over their own data (UU 27/2022): a copy of all of it, who looked at it, and asking for a correction."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any, TypeAlias

from sqlalchemy import Select, func, insert, or_, select
from sqlalchemy.orm import Session

from collector import audit
from collector.errors import ChangeError
from collector.people.register import read_people
from collector.people.states import PERSON
from collector.store.accounts import StoredAccount
from collector.store.appeals import AppealStep, StoredAppeal
from collector.store.audit import AuditEntry
from collector.store.hours import Entry, Schedule, StoredTurn
from collector.store.leave import LeaveRequest, StoredPin
from collector.store.people import Chip, DataRequest, EnrolmentNote, Person, Template
from collector.store.records import StoredRecord
from collector.store.results import DayRow
from collector.store.violations import PhoneRecord, StoredViolation

Value: TypeAlias = str | int | float | bool | None
Table: TypeAlias = list[dict[str, Value]]
Query: TypeAlias = "Select[*tuple[Any, ...]]"

OPEN, DONE, REFUSED = "open", "done", "refused"
LEAST, MOST = 5, 2000
MOST_OPEN = 5
"""Requests of one person that may wait at once."""

OWN = ("person.own", "data.copied", "data.asked")
"""What a person does on their own page is no look of somebody else's."""


@dataclass(frozen=True, slots=True)
class Looked:
    """Somebody looked at a person's data or changed it. `role`: empty for a process of the centre."""

    at: datetime
    name: str
    role: str
    action: str


@dataclass(frozen=True, slots=True)
class Asked:
    """A request with its person's name."""

    id: int
    person: str
    name: str
    at: datetime
    about: str
    state: str
    answer: str
    answered_at: datetime | None


def copy_of(session: Session, person: str) -> dict[str, Table | dict[str, Any]]:
    """All that the centre has of a person, by kind; the template itself and pictures are told of, not given: they are keys
    to a door. A query a kind. Raises ChangeError."""
    state = read_people(session, [person]).get(person)
    if state is None:
        raise ChangeError("person", f"nobody has the id {person!r}")
    tables = {kind: _table(session, query) for kind, query in _queries(person).items()}
    photos = _table(session, select(func.count().label("potongan")).select_from(Chip).filter_by(person=person))
    return {
        "data": json.loads(PERSON.encode(state)),
        **tables,
        "wajah": [*tables["wajah"], *photos],
        "pembaca": [
            {"waktu": one.at.isoformat(), "siapa": one.name, "tindakan": one.action}
            for one in looked_at(session, person, 10_000)
        ],
    }


def _queries(person: str) -> dict[str, Query]:
    """What each kind is read by, in the order of the copy."""
    return {
        **_of_the_face(person),
        "presensi": _looks(person),
        "hari": _days(person),
        **_of_hours(person),
        **_of_exceptions(person),
        "sanggahan": _appeals(person),
        **_of_the_account(person),
    }


def _of_the_face(person: str) -> dict[str, Query]:
    n = EnrolmentNote
    return {
        "wajah": select(Template.model, Template.photos, Template.made_at).filter_by(person=person),
        "pendaftaran": select(n.at, n.what, n.photos, n.notice).filter_by(person=person).order_by(n.id),
    }


def _looks(person: str) -> Query:
    r = StoredRecord
    shown = (r.at, r.kiosk, r.seq, r.digest, r.unit, r.method, r.score, r.clock_source, r.received_at)
    return select(*shown).where(r.person == person).order_by(r.at)


def _days(person: str) -> Query:
    d = DayRow
    shown = (d.day, d.state, d.codes, d.first_in, d.last_out, d.minutes_late, d.minutes_early, d.percent_milli, d.rules)
    return select(*shown).where(d.person == person).order_by(d.day)


def _of_hours(person: str) -> dict[str, Query]:
    p, t = Schedule, StoredTurn
    return {
        "pola": select(p.since, p.pattern, p.reason, p.entered_at).where(p.person == person).order_by(p.since),
        "jadwal": select(t.day, t.shift, t.off).where(t.person == person).order_by(t.day),
    }


def _of_exceptions(person: str) -> dict[str, Query]:
    """What was entered of a person, found against one, and asked by one."""
    e, v, q = Entry, StoredViolation, LeaveRequest
    against = (v.against == "person", v.subject == person)
    leave = (q.code, q.since, q.until, q.number, q.place, q.why, q.state, q.filed_at, q.decided_at, q.decided_why)
    p = StoredPin
    pin = (p.number, p.since, p.until, p.guarantor, p.letter, p.reason, p.at)
    return {
        "entri": select(e.kind, e.since, e.until, e.reason, e.entered_at).filter_by(person=person),
        "pelanggaran": select(v.day, v.at, v.kind, v.status, v.unit).where(*against).order_by(v.at),
        "cuti": select(*leave).where(q.person == person).order_by(q.since),
        "pin": select(*pin).where(p.person == person),
    }


def _appeals(person: str) -> Query:
    s, t = StoredAppeal, AppealStep
    shown = select(s.day, s.ground, s.stage, t.at, t.act, t.part, t.why).join(t, t.appeal == s.id)
    return shown.where(s.person == person).order_by(t.id)


def _of_the_account(person: str) -> dict[str, Query]:
    h, u, a = PhoneRecord, StoredAccount, DataRequest
    phone = select(h.at, h.device, h.latitude, h.longitude, h.accuracy_m)
    return {
        "ponsel": phone.where(h.person == person).order_by(h.at),
        "akun": select(u.login, u.role, u.created_at).where(u.person == person),
        "permintaan": select(a.at, a.about, a.state, a.answer, a.answered_at).where(a.person == person).order_by(a.id),
    }


def looked_at(session: Session, person: str, limit: int, offset: int = 0) -> list[Looked]:
    """Who looked at a person's data or changed it, the newest first; their own doings left out. One query."""
    e, a = AuditEntry, StoredAccount
    rows = session.execute(
        select(e.at, func.coalesce(a.name, e.who), func.coalesce(a.role, ""), e.action)
        .outerjoin(a, a.id == e.who)
        .where(e.subject == person, e.action.not_in(OWN), or_(a.person.is_(None), a.person != person))
        .order_by(e.seq.desc())
        .limit(limit)
        .offset(offset)
    )
    return [Looked(*row) for row in rows]


def ask(session: Session, person: str, about: str, by: str, now: datetime) -> None:
    """Ask for a correction. Raises ChangeError."""
    text = about.strip()
    if not LEAST <= len(text) <= MOST:
        raise ChangeError("about", f"a request of {len(text)} characters; say it in {LEAST} to {MOST}")
    waiting = (
        select(func.count()).select_from(DataRequest).where(DataRequest.person == person, DataRequest.state == OPEN)
    )
    if session.scalars(waiting).one() >= MOST_OPEN:
        raise ChangeError("about", f"{MOST_OPEN} requests wait already; await their answers")
    session.execute(insert(DataRequest).values(person=person, at=now, about=text, state=OPEN, answer=""))
    audit.note(session, by, "data.asked", person, at=now)


def answer(session: Session, number: int, text: str, by: str, now: datetime, *, done: bool) -> None:  # noqa: PLR0913
    """Answer a request, as done or refused. Raises ChangeError."""
    row = session.get(DataRequest, number)
    if row is None or row.state != OPEN:
        raise ChangeError("answer", "this request was answered already")
    if len(text.strip()) < LEAST:
        raise ChangeError("answer", "say in a few words what was done, or why not")
    row.state, row.answer = DONE if done else REFUSED, text.strip()[:MOST]
    row.answered_by, row.answered_at = by, now
    session.flush()
    audit.note(session, by, "data.answered", row.person, {"request": number, "done": done}, now)


def requests(session: Session, *, person: str = "", state: str = "", limit: int = 50, offset: int = 0) -> list[Asked]:
    """Requests, the newest first, of one person or in one state. One query."""
    r = DataRequest
    query = select(r.id, r.person, Person.name, r.at, r.about, r.state, r.answer, r.answered_at)
    query = query.join(Person, Person.id == r.person).where(*_which(person, state)).order_by(r.id.desc())
    return [Asked(*row) for row in session.execute(query.limit(limit).offset(offset))]


def count(session: Session, state: str) -> int:
    """How many requests are in a state. One query."""
    return session.scalars(select(func.count()).select_from(DataRequest).where(*_which("", state))).one()


def rows_of(copy: Mapping[str, Any]) -> Iterator[tuple[str, str, str, Value]]:
    """A copy as rows for a spreadsheet: kind, number of the row, field, value."""
    for kind, several in copy.items():
        for number, row in enumerate([several] if isinstance(several, dict) else several, start=1):
            for name, value in row.items():
                yield kind, str(number), name, json.dumps(value) if isinstance(value, list | dict) else value


def _which(person: str, state: str) -> list[Any]:
    wanted = ((DataRequest.person, person), (DataRequest.state, state))
    return [column == value for column, value in wanted if value]


def _table(session: Session, query: Query) -> Table:
    return [{name: _plain(value) for name, value in row.items()} for row in session.execute(query).mappings()]


def _plain(value: object) -> Value:
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat()
    if isinstance(value, date):
        return value.isoformat()
    return value if isinstance(value, str | int | float | bool | None) else str(value)
