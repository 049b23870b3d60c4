"""A spot check's list, and what was noted against the ledger."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session

from collector.judging.entries import CODECS, EntryKind
from collector.judging.expecting import places
from collector.judging.looks import looks_as_ruled
from collector.judging.marks import ONE_DAY, local_date, local_midnight
from collector.rules.evidence import Permit
from collector.rules.expected import Place
from collector.rules.hours import Span
from collector.rules.spotcheck import Seen, Verdict, verdict
from collector.spotchecks.book import staff
from collector.store.hours import Entry
from collector.store.people import Person, Unit
from collector.store.spotchecks import SpotCheck, SpotNote

URGENCY = (
    Verdict.GONE,
    Verdict.UNRECORDED,
    Verdict.ABSENT,
    Verdict.EXCUSED,
    Verdict.GATHERING,
    Verdict.OFF_DUTY,
    Verdict.AGREES,
    Verdict.NOT_NOTED,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Noted:
    """A person of the unit, with the last note about them, if any."""

    person: str
    name: str
    number: str | None
    seen: Seen | None
    uniform: str
    remark: str
    at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """A person of the result: the note, their looks of that date or of the duty that it met, and what both say. `gathering`: name
    of the one at which their place is, of somebody who was not there."""

    noted: Noted
    looks: tuple[datetime, ...]
    verdict: Verdict
    gathering: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Listed:
    """A spot check in the list."""

    id: int
    unit: str
    unit_name: str
    at: datetime
    drawn_by: str
    drawn_at: datetime
    closed_at: datetime | None
    noted: int


def people(session: Session, check: SpotCheck) -> list[Noted]:
    """The unit's people by name. Two queries."""
    notes = last_notes(session, check.id)
    rows = session.execute(
        select(Person.id, Person.name, Person.number)
        .where(Person.id.in_(staff(check.unit, check.day)), or_(Person.left_on.is_(None), Person.left_on > check.day))
        .order_by(Person.name, Person.id)
    )
    return [_noted(person, name, number, notes.get(person)) for person, name, number in rows]


def last_notes(session: Session, spot: int) -> dict[str, SpotNote]:
    """By person, the note that counts: the one tapped last."""
    rows = session.scalars(select(SpotNote).where(SpotNote.spot == spot).order_by(SpotNote.at, SpotNote.id))
    return {row.person: row for row in rows}


def lines(session: Session, check: SpotCheck) -> list[Line]:
    """The whole list against the ledger and everybody's hours. Some twenty queries, however many people there are."""
    told = people(session, check)
    moments = {each.person: each.at or check.at for each in told}
    lawful = places(session.connection(), moments)
    spans = {name: _span(lawful[name], at) for name, at in moments.items()}
    looks = looks_of(session, spans)
    letters = _letters(session, spans)
    return [
        _line(
            each,
            looks.get(each.person, ()),
            moments[each.person],
            permit=_excused(lawful[each.person], moments[each.person], letters.get(each.person, ())),
            place=lawful[each.person],
        )
        for each in told
    ]


def _line(noted: Noted, looks: Sequence[datetime], at: datetime, *, permit: bool, place: Place) -> Line:
    found = verdict(noted.seen, looks, at, permit=permit, place=place)
    gathering = place.gathering if found is Verdict.GATHERING else ""
    return Line(noted=noted, looks=tuple(looks), verdict=found, gathering=gathering)


def _letters(session: Session, spans: Mapping[str, Span]) -> dict[str, list[Permit]]:
    """Of each of these people, the letters that may say something of their span. At most one query."""
    if not spans:
        return {}
    first, last = (local_date(each) for each in _around(spans))
    query = select(Entry.person, Entry.document).where(
        Entry.kind == EntryKind.PERMIT.value,
        Entry.person.in_(spans),
        Entry.withdrawn_at.is_(None),
        Entry.since <= last,
        or_(Entry.until.is_(None), Entry.until >= first),
    )
    found: dict[str, list[Permit]] = {}
    for person, document in session.execute(query):
        found.setdefault(person or "", []).append(CODECS[EntryKind.PERMIT].decode(document))
    return found


def _excused(place: Place, at: datetime, letters: Iterable[Permit]) -> bool:
    return any(place.excused(each, at) for each in letters)


def _around(spans: Mapping[str, Span]) -> tuple[datetime, datetime]:
    """From the first beginning to the last end."""
    return min(each.start for each in spans.values()), max(each.end for each in spans.values())


def _span(place: Place, at: datetime) -> Span:
    """Of which the looks are shown: those that count, and what came later on that date."""
    return Span(place.begin(at), local_midnight(local_date(at)) + ONE_DAY)


def urgent_first(found: list[Line]) -> list[Line]:
    """What needs a look first, then by name."""
    return sorted(found, key=lambda line: (URGENCY.index(line.verdict), line.noted.name))


def looks_of(session: Session, spans: Mapping[str, Span]) -> dict[str, list[datetime]]:
    """Looks of trusted time as rulings have them, of each of these people within their span, in order. At most five queries."""
    found: dict[str, list[datetime]] = {}
    if not spans:
        return found
    for look in looks_as_ruled(session.connection(), spans.keys(), *_around(spans)):
        if look.when.trusted and spans[look.person].holds(look.when.at):
            found.setdefault(look.person, []).append(look.when.at)
    return found


def tally(found: list[Line]) -> Counter[Verdict]:
    """How many of each."""
    return Counter(line.verdict for line in found)


def listed(session: Session, limit: int = 200) -> list[Listed]:
    """All draws, the newest first: also those that nobody went to. One query."""
    noted = select(func.count(SpotNote.person.distinct())).where(SpotNote.spot == SpotCheck.id).scalar_subquery()
    s = SpotCheck
    query = (
        select(s.id, s.unit, func.coalesce(Unit.name, s.unit), s.at, s.drawn_by, s.drawn_at, s.closed_at, noted)
        .outerjoin(Unit, Unit.code == s.unit)
        .order_by(s.id.desc())
        .limit(limit)
    )
    return [
        Listed(id=i, unit=u, unit_name=n, at=at, drawn_by=by, drawn_at=drawn, closed_at=closed, noted=count)
        for i, u, n, at, by, drawn, closed, count in session.execute(query)
    ]


def _noted(person: str, name: str, number: str | None, last: SpotNote | None) -> Noted:
    return Noted(
        person=person,
        name=name,
        number=number,
        seen=Seen(last.seen) if last else None,
        uniform=last.uniform if last else "",
        remark=last.remark if last else "",
        at=last.at if last else None,
    )
