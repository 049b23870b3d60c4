"""One run of the judge: date what arrived, judge what that touched. Repeating it, or stopping half-way, does no harm."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from threading import Event

from sqlalchemy import Connection, delete, insert, select

from collector.judging import book as books
from collector.judging.book import Book
from collector.judging.checks import ask_again
from collector.judging.dating import date_fresh
from collector.judging.evidence import Facts, load
from collector.judging.expand import Expansion, read_marks
from collector.judging.marks import Mark, Whose, local_date, take_turns, touch
from collector.judging.organisation import Organisation, read_organisation
from collector.judging.results import PersonDay, write_results
from collector.judging.rosters import note_rosters
from collector.rules.codes import ReasonKind, State, reason
from collector.rules.day import DayResult, judge_day
from collector.rules.errors import RulesError
from collector.store.results import OpenedDay, Touched
from collector.store.writer import Writer

log = logging.getLogger(__name__)

PERSON_DAYS = 600
"""Judged in one transaction, about a second: others write in between."""

LOOK_BACK = timedelta(days=31)
"""Judged again at every new day: what nobody marks (a kiosk registered late) is found within it."""

NEVER_STOPPED = Event()

Progress = Callable[[int, int], None]
"""Told how many of so many are done."""


def _untold(_done: int, _of: int) -> None:
    """Nobody watches."""


@dataclass(frozen=True, slots=True)
class Judged:
    """What a run did: person-days judged, and how many results that changed."""

    judged: int = 0
    changed: int = 0

    def __add__(self, other: Judged) -> Judged:
        return Judged(self.judged + other.judged, self.changed + other.changed)


def run(writer: Writer, now: datetime, stop: Event = NEVER_STOPPED) -> Judged:
    """Open today, date what arrived, and judge everything that is marked. Raises StoreDownError, RulesError."""
    open_days(writer, [local_date(now)], now)
    date_all(writer, stop)
    with writer.transaction() as connection:
        note_rosters(connection)
    return judge_marked(writer, now, stop)


def open_days(writer: Writer, days: Iterable[date], now: datetime) -> None:
    """Have these dates judged from now on, with the rules and holidays of their time in place; a new one also asks for
    the last 31 days again."""
    wanted = set(days)
    with writer.transaction() as connection:
        take_turns(connection)
        books.install(connection, now)
        books.install_holidays(connection, {day.year for day in wanted}, now)
        new = sorted(wanted - set(connection.scalars(select(OpenedDay.day))))
        if new:
            connection.execute(insert(OpenedDay), [{"day": day, "opened_at": now} for day in new])
            touch(connection, [Mark(Whose.ALL, "", new[0] - LOOK_BACK, new[-1])])


def date_all(writer: Writer, stop: Event = NEVER_STOPPED) -> None:
    """Date everything that has arrived."""
    more = True
    while more and not stop.is_set():
        with writer.transaction() as connection:
            more = date_fresh(connection)


def judge_marked(writer: Writer, now: datetime, stop: Event = NEVER_STOPPED, progress: Progress = _untold) -> Judged:
    """Judge what is marked; a mark is deleted when all of its days are judged. `progress`: in person-days of a round."""
    done = Judged()
    while not stop.is_set():
        with writer.transaction() as connection:
            numbers, marks = read_marks(connection)
            if not numbers:
                return done
            expansion = Expansion(connection, read_organisation(connection))
            days = expansion.days(marks)
        went, of = 0, sum(map(len, days.values()))
        for chunk in chunks(days, expansion.place):
            if stop.is_set():
                return done
            with writer.transaction() as connection:
                done += _judge(connection, chunk, now)
            went += len(chunk)
            progress(went, of)
        with writer.transaction() as connection:
            ask_again(connection, days)
            connection.execute(delete(Touched).where(Touched.id.in_(numbers)))
    return done


def chunks(
    days: Mapping[date, set[str]], place: Callable[[str], str] = lambda _person: ""
) -> Iterator[list[PersonDay]]:
    """Person-days in pieces of some hundred within one month, whose facts are read together; a person's stay together, and
    so do those of a `place`, whose sums are made once."""
    months: dict[tuple[int, int], dict[str, list[date]]] = {}
    for day in sorted(days):
        people = months.setdefault((day.year, day.month), {})
        for person in days[day]:
            people.setdefault(person, []).append(day)
    for people in months.values():
        piece: list[PersonDay] = []
        for name in sorted(people, key=lambda each: (place(each), each)):
            piece += [(name, day) for day in people[name]]
            if len(piece) >= PERSON_DAYS:
                yield piece
                piece = []
        if piece:
            yield piece


def _judge(connection: Connection, chunk: list[PersonDay], now: datetime) -> Judged:
    take_turns(connection)
    book, organisation = books.read_book(connection), read_organisation(connection)
    results = judged(connection, organisation, book, chunk)
    return Judged(len(results), write_results(connection, results, book.digests, now))


def judged(
    connection: Connection, organisation: Organisation, book: Book, chunk: list[PersonDay]
) -> dict[PersonDay, DayResult | None]:
    """The results of these person-days; None for one on which the person does not serve. Nothing is written."""
    facts = load(
        connection,
        organisation,
        sorted({person for person, _ in chunk}),
        min(day for _, day in chunk),
        max(day for _, day in chunk),
    )
    return {(person, day): _one(facts, book, person, day) for person, day in chunk if person in facts.known}


def _one(facts: Facts, book: Book, name: str, day: date) -> DayResult | None:
    person = facts.person(name, day)
    assigned = person.assigned(day)
    if assigned is None:
        return None
    try:
        return judge_day(person, day, facts.evidence(name, day), book.rules)
    except (RulesError, LookupError) as error:
        # One person's contradictory schedule must not keep the others from being judged: a human sees it.
        because = reason(ReasonKind.CONTRADICTION, what=str(error.args[0] if error.args else error))
        return DayResult(person=name, day=day, state=State.REVIEW, unit=assigned.units[0], reasons=(because,))
