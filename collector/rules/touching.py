"""Evidence that touches one person's one day, sorted by what it may do there."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from collector.rules.codes import ReasonKind
from collector.rules.evidence import (
    Cause,
    Disaster,
    Effect,
    Evidence,
    KioskState,
    Look,
    Manual,
    ManualWhy,
    Method,
    Moment,
    Outage,
    Permit,
    Person,
    Ruling,
)
from collector.rules.hours import Span
from collector.rules.serving import EVER, silences, unserved


@dataclass(frozen=True, slots=True, kw_only=True)
class Doubt:
    """A look on which nothing may rest, and why: its time is unknown, or its PIN has no guarantee."""

    kind: ReasonKind
    look: Look

    @property
    def span(self) -> Span:
        """Where it may lie: the last moment included."""
        return Span(self.look.when.earliest, self.look.when.latest + Moment.RESOLUTION)


@dataclass(frozen=True, slots=True, kw_only=True)
class Touching:
    """What the judge of one day looks at. `unfounded`: manual lines whose reason the facts do not show."""

    looks: tuple[Look, ...]
    doubts: tuple[Doubt, ...]
    manuals: tuple[Manual, ...]
    unfounded: tuple[Manual, ...]
    kiosks: tuple[KioskState, ...]
    silences: tuple[Outage, ...]
    unserved: tuple[Span, ...]
    disasters: tuple[Disaster, ...]
    rulings: tuple[Ruling, ...]

    def ruled(self, *effects: Effect) -> Ruling | None:
        """The first ruling of one of these effects."""
        return next((ruling for ruling in self.rulings if ruling.effect in effects), None)

    @property
    def reviewed(self) -> bool:
        """Whether somebody has decided about what is in doubt."""
        return self.ruled(Effect.ACCEPT, Effect.UPHOLD) is not None


def permits_of(person: Person, evidence: Evidence, day: date) -> list[Permit]:
    """The person's permits of that date, whole days first, in a fixed order."""
    valid = {each for each in evidence.permits if each.person == person.id and each.since <= day <= each.until}
    return sorted(
        valid, key=lambda each: (each.hours is not None, each.since, each.until, each.code, each.letter, each.hours)
    )


def touching(  # noqa: PLR0913 - all that a day is judged by
    person: Person, day: date, units: tuple[str, ...], frame: Span, evidence: Evidence, *, phones: bool = False
) -> Touching:
    """What of the evidence touches this person within this frame of time. `phones`: looks by telephone count."""
    rulings = _rulings(person, day, evidence)
    struck = {ruling.record for ruling in rulings if ruling.effect is Effect.STRIKE_LOOK}
    given = {ruling.record for ruling in rulings if ruling.effect is Effect.COUNT_LOOK}
    kiosks = _kiosks(evidence.kiosks)
    silent = silences(kiosks, evidence.outages, person.id)
    disasters = _disasters(evidence.disasters, units, frame)
    manuals = _manuals(person, evidence.manuals, frame, struck)
    near = tuple(each for each in silent if frame.meets(Span(each.since, each.until or EVER)))
    unfounded = tuple(each for each in manuals if not founded(each.why, kiosks, near, disasters))
    if any(ruling.effect is Effect.UPHOLD for ruling in rulings):
        manuals = tuple(each for each in manuals if each not in unfounded)
    mine = {each for each in evidence.looks if each.person == person.id or each.record in given}
    mine = {each for each in mine if each.record not in struck and (phones or each.method is not Method.PHONE)}
    looks, doubts = _looks(person, day, evidence, frame, mine)
    return Touching(
        looks=tuple(sorted([*looks, *map(_as_look, manuals)], key=lambda each: (each.when.at, each.record))),
        doubts=doubts,
        manuals=manuals,
        unfounded=unfounded,
        kiosks=kiosks,
        silences=near,
        unserved=tuple(unserved(kiosks, silent)),
        disasters=disasters,
        rulings=rulings,
    )


def _rulings(person: Person, day: date, evidence: Evidence) -> tuple[Ruling, ...]:
    mine = {each for each in evidence.rulings if each.person == person.id and each.day == day}
    return tuple(sorted(mine, key=lambda each: (each.entry, each.effect, each.record)))


def _kiosks(states: Iterable[KioskState]) -> tuple[KioskState, ...]:
    """One state a kiosk: what is known of it grows, so the furthest watermark and any declaration count."""
    known: dict[str, KioskState] = {}
    for state in states:
        other = known.get(state.kiosk, state)
        marks = [mark for mark in (state.complete_until, other.complete_until) if mark is not None]
        known[state.kiosk] = KioskState(
            kiosk=state.kiosk,
            complete_until=max(marks, default=None),
            at_place=state.at_place or other.at_place,
            finished=state.finished or other.finished,
        )
    return tuple(known[name] for name in sorted(known))


def _disasters(disasters: Iterable[Disaster], units: tuple[str, ...], frame: Span) -> tuple[Disaster, ...]:
    here = {each for each in disasters if each.unit in units and frame.meets(Span(each.since, each.until))}
    return tuple(sorted(here, key=lambda each: (each.since, each.name, each.unit, each.until)))


def _manuals(person: Person, manuals: Iterable[Manual], frame: Span, struck: set[str]) -> tuple[Manual, ...]:
    mine = {each for each in manuals if each.person == person.id and frame.holds(each.at) and each.list not in struck}
    return tuple(sorted(mine, key=lambda each: (each.at, each.list, each.why)))


def founded(
    why: ManualWhy, kiosks: tuple[KioskState, ...], silent: tuple[Outage, ...], disasters: tuple[Disaster, ...]
) -> bool:
    """Whether what is known of a person's day shows this reason for a manual line: their kiosks, the silences of these that
    meet the day, and the disasters at their units."""
    causes = {each.cause for each in silent}
    return {
        ManualWhy.DEVICE_BROKEN: bool(causes & {Cause.OUTAGE, Cause.FINISHED}),
        ManualWhy.NOT_ENROLLED: bool(causes & {Cause.NOT_ENROLLED, Cause.ROSTER_LATE}),
        ManualWhy.NO_DEVICE: not any(state.at_place for state in kiosks),
        ManualWhy.DISASTER: bool(disasters),
    }[why]


def _as_look(manual: Manual) -> Look:
    return Look(
        record=manual.list, person=manual.person, source="manual", when=Moment.exact(manual.at), method=Method.MANUAL
    )


def _looks(
    person: Person, day: date, evidence: Evidence, frame: Span, mine: Iterable[Look]
) -> tuple[list[Look], tuple[Doubt, ...]]:
    guaranteed = any(
        each.person == person.id and each.since <= day and (each.until is None or day <= each.until)
        for each in evidence.guarantees
    )
    sure: list[Look] = []
    doubts: list[Doubt] = []
    for look in sorted(mine, key=lambda each: (each.when.at, each.record)):
        doubt = _doubt(look, guaranteed=guaranteed)
        if doubt is None and frame.holds(look.when.at):
            sure.append(look)
        elif doubt is not None and doubt.span.meets(frame):
            doubts.append(doubt)
    return sure, tuple(doubts)


def _doubt(look: Look, *, guaranteed: bool) -> Doubt | None:
    if look.method is Method.PIN and not guaranteed:
        return Doubt(kind=ReasonKind.PIN_UNGUARANTEED, look=look)
    return None if look.when.trusted else Doubt(kind=ReasonKind.CLOCK_DOUBT, look=look)
