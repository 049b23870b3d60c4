"""A person or a unit as it is at one moment, written down: what an import can be undone to, and which days a change touches.
Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import pairwise

from collector.judging.marks import Mark, Whose
from wire.codec import Codec

ONE_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class PostState:
    """Work at a unit between two days, both included; `until_day` None is open. `kind`: main or second."""

    kind: str
    unit: str
    from_day: date
    until_day: date | None = None
    letter: str | None = None

    def holds(self, day: date) -> bool:
        """Whether it is valid on that date."""
        return self.from_day <= day and (self.until_day is None or day <= self.until_day)


@dataclass(frozen=True, slots=True)
class PersonState:
    """A person with all posts, past ones too. `nik`: whether there is one; the number itself stands in no history."""

    id: str
    name: str
    status: str
    number: str | None
    internal_number: str | None
    left_on: date | None
    left_why: str | None = None
    nik: bool = False
    posts: tuple[PostState, ...] = ()

    def serves(self, day: date) -> tuple[tuple[str, str, str], ...]:
        """Kind, unit and letter of the posts that hold on a date, by their begin; none for somebody who has left."""
        if self.left_on is not None and day >= self.left_on:
            return ()
        holding = sorted(
            (post.from_day, post.kind, post.unit, post.letter or "") for post in self.posts if post.holds(day)
        )
        return tuple((kind, unit, letter) for _, kind, unit, letter in holding)


@dataclass(frozen=True, slots=True)
class UnitState:
    """A unit."""

    code: str
    name: str
    kind: str
    parent: str | None
    latitude: float | None
    longitude: float | None


PERSON: Codec[PersonState] = Codec("person", PersonState)
UNIT: Codec[UnitState] = Codec("unit", UnitState)


def marks_of(before: PersonState | None, after: PersonState | None) -> tuple[Mark, ...]:
    """The days that must be judged again after a change: from the first to the last on which the person served otherwise.

    All of them when the status changed, for the hours follow it; none when only name or number did.
    """
    known = after or before
    if known is None:
        return ()
    if before is not None and after is not None and before.status != after.status:
        return (Mark(Whose.PERSON, known.id, date.min, date.max),)
    limits = sorted({date.min, *_limits(before), *_limits(after)})
    spans = pairwise([*limits, None])
    differ = [(first, end) for first, end in spans if first is not None and _on(before, first) != _on(after, first)]
    if not differ:
        return ()
    end = differ[-1][1]
    return (Mark(Whose.PERSON, known.id, differ[0][0], date.max if end is None else end - ONE_DAY),)


def _limits(state: PersonState | None) -> Iterable[date]:
    """The days on which something begins to be otherwise."""
    if state is None:
        return
    if state.left_on is not None:
        yield state.left_on
    for post in state.posts:
        yield post.from_day
        if post.until_day is not None and post.until_day < date.max:
            yield post.until_day + ONE_DAY


def _on(state: PersonState | None, day: date) -> tuple[tuple[str, str, str], ...]:
    return () if state is None else state.serves(day)
