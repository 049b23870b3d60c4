"""One person's changes: data, transfers, second sites, leaving. Each is audited and has its days judged again, in the
caller's transaction; rosters follow within the publisher's tick."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import date
from enum import StrEnum
from typing import TypeVar

from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import Session

from collector import audit
from collector.errors import ChangeError
from collector.judging.marks import touch
from collector.people.merge import new_id
from collector.people.numbers import Status, parse_number
from collector.people.register import read_people, write_person
from collector.people.rows import clean_name, internal_number
from collector.people.states import ONE_DAY, PersonState, PostState, marks_of
from collector.store.people import Person, Unit

T = TypeVar("T")

LONGEST_LETTER = 100
SOONEST = date(1950, 1, 1)
LATEST = date(2200, 1, 1)


class Leaving(StrEnum):
    """Why somebody serves no more."""

    RETIRED = "retired"
    DIED = "died"
    MOVED = "moved"  # to another agency
    RESIGNED = "resigned"
    CONTRACT = "contract"  # it ended
    DISMISSED = "dismissed"
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class Data:
    """What a form says of a person; `number` and `internal_number` empty: none."""

    name: str
    status: str
    number: str
    internal_number: str


@dataclass(frozen=True, slots=True)
class Move:
    """Work at a unit from a day on, to a day where one is said (both included), by a letter (empty: none)."""

    unit: str
    since: date
    until: date | None = None
    letter: str = ""


@dataclass(frozen=True, slots=True)
class Deed:
    """Who does what, for the audit."""

    by: str
    action: str
    detail: Mapping[str, str | list[str] | None]


def add(session: Session, data: Data, unit: str, since: date, by: str) -> PersonState:
    """A new person, who works at a unit from that day on. Raises ChangeError, naming the field."""
    _unit(session, unit)
    blank = PersonState(new_id(), "", "", None, None, None, posts=(PostState("main", unit, _day(since)),))
    return _write(session, None, _with(session, blank, data), Deed(by, "person.added", {"unit": unit}))


def edit(session: Session, person: str, data: Data, by: str) -> PersonState:
    """Name, status and numbers. Raises ChangeError, naming the field."""
    before = state_of(session, person)
    after = _with(session, before, data)
    fields = [name for name in ("name", "status", "number", "internal_number") if _differs(before, after, name)]
    return _write(session, before, after, Deed(by, "person.edited", {"fields": fields})) if fields else before


def transfer(session: Session, person: str, move: Move, by: str) -> PersonState:
    """From that day on the main post is at another unit; the one before ends the day before. Raises ChangeError."""
    before, since, unit = _serving(session, person, move.since), _day(move.since), move.unit
    _unit(session, unit)
    mains = [post for post in before.posts if post.kind == "main"]
    later = max((post.from_day for post in mains if post.from_day >= since), default=None)
    if later is not None:
        raise ChangeError(
            "since",
            f"{since:%d-%m-%Y}: a post begins on {later:%d-%m-%Y}; give a later day, or take that post back first",
        )
    if any(post.unit == unit and post.holds(since) for post in mains):
        raise ChangeError("unit", f"{unit} is their unit on {since:%d-%m-%Y} already; choose another")
    kept = tuple(_until(post, since - ONE_DAY) if post.kind == "main" else post for post in before.posts)
    new = PostState("main", unit, since, letter=_letter(move.letter, needed=False))
    deed = Deed(by, "person.transferred", {"unit": unit, "since": since.isoformat()})
    return _write(session, before, replace(before, posts=(*kept, new)), deed)


def lend(session: Session, person: str, move: Move, by: str) -> PersonState:
    """A second site by letter of assignment, both days included. Raises ChangeError."""
    before, since, until, unit = _serving(session, person, move.since), _day(move.since), move.until, move.unit
    _unit(session, unit)
    new = PostState("second", unit, since, _day(until) if until else None, _letter(move.letter, needed=True))
    if until is not None and until < since:
        raise ChangeError("until", f"{until:%d-%m-%Y} lies before {since:%d-%m-%Y}; exchange them")
    if any(post.unit == unit and _overlap(post, new) for post in before.posts):
        raise ChangeError("unit", f"{unit} is one of their units in that time already; end that post first")
    detail = {"unit": unit, "since": since.isoformat(), "until": until.isoformat() if until else None}
    return _write(session, before, replace(before, posts=(*before.posts, new)), Deed(by, "person.lent", detail))


def end_post(session: Session, person: str, place: int, last: date, by: str) -> PersonState:
    """A post's last day; `place`: which of `PersonState.posts`. One that would end before it begins never was.

    A main post that held the end of the one before opens that one again. Raises ChangeError.
    """
    before = state_of(session, person)
    if not 0 <= place < len(before.posts):
        raise ChangeError("post", f"post {place} is not there any more; open the page again")
    post, others = before.posts[place], [*before.posts[:place], *before.posts[place + 1 :]]
    if last < post.from_day:
        others = [_reopened(other, post) for other in others]
    else:
        others.append(_until(post, _day(last)))
    detail = {"unit": post.unit, "kind": post.kind, "last": last.isoformat()}
    return _write(session, before, replace(before, posts=tuple(others)), Deed(by, "person.post-ended", detail))


def depart(session: Session, person: str, day: date, why: Leaving, by: str) -> PersonState:
    """They serve no more from that day on: every roster forgets them, and the retention takes their face away."""
    before = state_of(session, person)
    after = replace(before, left_on=_day(day), left_why=why.value)
    detail = {"on": day.isoformat(), "why": why.value}
    return _write(session, before, after, Deed(by, "person.left", detail))


def bring_back(session: Session, person: str, by: str) -> PersonState:
    """They serve on as if they had not left; for a return after a pause give a transfer as well. Raises ChangeError."""
    before = state_of(session, person)
    if before.left_on is None:
        raise ChangeError("left_on", "they have not left")
    return _write(session, before, replace(before, left_on=None, left_why=None), Deed(by, "person.back", {}))


def state_of(session: Session, person: str) -> PersonState:
    """A person as they are; two who change the same one take turns. Raises ChangeError."""
    session.execute(select(Person.id).where(Person.id == person).with_for_update())
    found = read_people(session, [person]).get(person)
    if found is None:
        raise ChangeError("person", f"nobody has the id {person!r}")
    return found


def _write(session: Session, before: PersonState | None, after: PersonState, deed: Deed) -> PersonState:
    write_person(session, after)
    touch(session.connection(), marks_of(before, after))
    audit.note(session, deed.by, deed.action, after.id, deed.detail)
    return state_of(session, after.id)


def _with(session: Session, state: PersonState, data: Data) -> PersonState:
    name = _checked("name", lambda: clean_name(data.name))
    status = _checked("status", lambda: Status.parse(data.status))
    if status.numbered and not data.number.strip():
        raise ChangeError("number", f"{status} needs a NIP or NI PPPK; enter its 18 digits")
    if not status.numbered and data.number.strip():
        raise ChangeError("number", f"{status} has no NIP; leave it empty or correct the status")
    number = _checked("number", lambda: parse_number(data.number, status).digits) if status.numbered else None
    own = data.internal_number.strip()
    internal = _checked("internal_number", lambda: internal_number(own)) if own else None
    if number is None and internal is None:
        raise ChangeError("internal_number", "neither NIP nor internal number: give one of your own")
    _free(session, state.id, "number", Person.number == number, number)
    _free(session, state.id, "internal_number", Person.internal_number == internal, internal)
    return replace(state, name=name, status=status.value, number=number, internal_number=internal)


def _checked(field: str, read: Callable[[], T]) -> T:
    try:
        return read()
    except ValueError as error:
        raise ChangeError(field, str(error)) from error


def _free(session: Session, person: str, field: str, same: ColumnElement[bool], value: str | None) -> None:
    """Whose it is, is not said: who asks may not be allowed to know."""
    if value is not None and session.scalar(select(Person.id).where(same, Person.id != person).limit(1)) is not None:
        raise ChangeError(field, f"{value} belongs to another person already; correct one of the two")


def _serving(session: Session, person: str, day: date) -> PersonState:
    state = state_of(session, person)
    if state.left_on is not None and state.left_on <= day:
        raise ChangeError("since", f"they left on {state.left_on:%d-%m-%Y}; take that back first")
    return state


def _unit(session: Session, unit: str) -> None:
    if session.get(Unit, unit) is None:
        raise ChangeError("unit", f"unit {unit[:80]!r} is not known; choose one of the list")


def _day(day: date) -> date:
    if not SOONEST <= day <= LATEST:
        raise ChangeError("since", f"{day:%d-%m-%Y} is no day between {SOONEST.year} and {LATEST.year}; correct it")
    return day


def _letter(text: str, *, needed: bool) -> str | None:
    cleaned = " ".join(text.split())
    if needed and not cleaned:
        raise ChangeError("letter", "a second site needs the number of the letter of assignment")
    if len(cleaned) > LONGEST_LETTER:
        raise ChangeError("letter", f"{len(cleaned)} characters, at most {LONGEST_LETTER}; shorten it")
    return cleaned or None


def _until(post: PostState, last: date) -> PostState:
    """The post up to that day at most; one that begins later or ended before is as it was."""
    return replace(post, until_day=last) if post.from_day <= last and post.holds(last) else post


def _reopened(other: PostState, taken_back: PostState) -> PostState:
    follows = taken_back.kind == "main" == other.kind and other.until_day == taken_back.from_day - ONE_DAY
    return replace(other, until_day=taken_back.until_day) if follows else other


def _overlap(one: PostState, other: PostState) -> bool:
    return (other.until_day is None or one.from_day <= other.until_day) and (
        one.until_day is None or other.from_day <= one.until_day
    )


def _differs(before: PersonState, after: PersonState, name: str) -> bool:
    return bool(getattr(before, name) != getattr(after, name))
