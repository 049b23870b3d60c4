"""The looks that may count for some people: their own, those that a ruling gives them and not those that it strikes, those by telephone."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import Connection, select, tuple_

from collector.judging.entries import CODECS, EntryKind
from collector.judging.marks import ONE_DAY, local_date
from collector.rules.evidence import Basis, Effect, Look, Method, Moment, Ruling, Spot
from collector.store.hours import Entry
from collector.store.results import RecordMoment
from collector.store.violations import PhoneRecord

PROMPT = timedelta(minutes=15)
"""A phone record that arrived so soon after it was made says its time by arriving; nobody vouches for a later one's clock."""

row = RecordMoment
COLUMNS: Any = (
    *(row.kiosk, row.chain, row.seq, row.person, row.at),
    *(row.earliest, row.latest, row.basis, row.method, row.unit),
)


def own_looks(connection: Connection, people: Collection[str], start: datetime, end: datetime) -> Iterator[Look]:
    """Looks of these people between two moments; those of unknown time that may lie there too. Two queries."""
    mine = row.person.in_(people)
    yield from _read(connection, select(*COLUMNS).where(mine, row.at >= start, row.at < end, row.basis != "unknown"))
    doubtful = (row.basis == "unknown", row.latest >= start, row.earliest < end)
    yield from _read(connection, select(*COLUMNS).where(mine, *doubtful))


def given_looks(connection: Connection, rulings: Iterable[Ruling]) -> Iterator[tuple[str, Look]]:
    """To whom a ruling gives a look, and that look as it was recorded. No query where there is none, else one."""
    given = {(each.record, each.person) for each in rulings if each.effect is Effect.COUNT_LOOK}
    places = [place for place in (place_of(record) for record, _ in given) if place is not None]
    if not places:
        return
    found = {look.record: look for look in records_at(connection, places)}
    yield from ((person, found[record]) for record, person in sorted(given) if record in found)


def records_at(connection: Connection, places: Collection[tuple[str, str, int]]) -> Iterator[Look]:
    """The check-ins of these identities."""
    query = select(*COLUMNS).where(tuple_(row.kiosk, row.chain, row.seq).in_(places), row.person.is_not(None))
    yield from _read(connection, query)


def place_of(record: str) -> tuple[str, str, int] | None:
    """Kiosk, chain and number of an identity; None for one of another form."""
    parts = record.split("/")
    if len(parts) != 3 or not (parts[2].isascii() and parts[2].isdigit() and len(parts[2]) < 19):
        return None
    return parts[0], parts[1], int(parts[2])


def phone_looks(connection: Connection, people: Collection[str], start: datetime, end: datetime) -> Iterator[Look]:
    """Looks by telephone. Whether they count is for the rule set to say. One query."""
    p = PhoneRecord
    query = select(p.record, p.person, p.device, p.at, p.received_at, p.latitude, p.longitude, p.accuracy_m)
    for found in connection.execute(query.where(p.person.in_(people), p.at >= start, p.at < end)):
        yield phone_look(*found)


def phone_look(  # noqa: PLR0913, PLR0917 - one argument a column
    record: str, person: str, device: str, at: datetime, received: datetime, lat: float, lon: float, accuracy_m: float
) -> Look:
    """A look by telephone."""
    return Look(
        record=record,
        person=person,
        source=f"phone/{device}",
        when=phone_moment(at, received),
        method=Method.PHONE,
        spot=Spot(lat=lat, lon=lon),
        device=device,
        accuracy_m=accuracy_m,
    )


def phone_moment(at: datetime, received: datetime) -> Moment:
    """When it was made: what came late lies between what the phone's clock said and its arrival."""
    if received - at <= PROMPT:
        return Moment.exact(at)
    return Moment(at=at, earliest=at, latest=received, basis=Basis.UNKNOWN)


def look_rulings(connection: Connection, first: date, last: date) -> tuple[Ruling, ...]:
    """Rulings about looks that are of these dates, both included: the one of a night's shift names the date on which it began. One query."""
    query = select(Entry.document).where(
        Entry.kind == EntryKind.RULING.value, Entry.withdrawn_at.is_(None), Entry.since.between(first, last)
    )
    rulings: Iterable[Ruling] = map(CODECS[EntryKind.RULING].decode, connection.scalars(query))
    return tuple(each for each in rulings if each.record)


def ruled(looks: Iterable[Look], rulings: Iterable[Ruling]) -> Iterator[Look]:
    """Looks as rulings have them: one that was somebody else is nobody's, or theirs whom the agency named."""
    told = tuple(rulings)
    struck = {(each.record, each.person) for each in told if each.effect is Effect.STRIKE_LOOK}
    given = {each.record: each.person for each in told if each.effect is Effect.COUNT_LOOK}
    for each in looks:
        if each.record in given:
            yield replace(each, person=given[each.record])
        elif (each.record, each.person) not in struck:
            yield each


def looks_as_ruled(connection: Connection, people: Collection[str], start: datetime, end: datetime) -> list[Look]:
    """The looks of these people between two moments as rulings have them, in order of time. Five queries at most."""
    rulings = look_rulings(connection, local_date(start) - ONE_DAY, local_date(end))
    given = (look for _, look in given_looks(connection, rulings))
    found = {*ruled((*own_looks(connection, people, start, end), *given), rulings)}
    found |= {*phone_looks(connection, people, start, end)}
    return sorted((each for each in found if each.person in people), key=lambda each: (each.when.at, each.record))


def _read(connection: Connection, query: Any) -> Iterator[Look]:
    for kiosk, chain, seq, name, at, earliest, latest, basis, method, unit in connection.execute(query):
        yield Look(
            record=f"{kiosk}/{chain}/{seq}",
            person=name,
            source=kiosk,
            when=Moment(at=at, earliest=earliest, latest=latest, basis=Basis(basis)),
            method=Method(method),
            unit=unit or "",
        )
