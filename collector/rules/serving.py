"""When machines served: outages from a kiosk's signs of life, and the time in which no kiosk of a place served.

Spans are half-open. `EVER` stands for an outage that has not ended.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum

from collector.rules.evidence import Cause, KioskState, Outage
from collector.rules.hours import Span

NEVER = datetime(1900, 1, 1, tzinfo=UTC)
EVER = datetime(9999, 1, 1, tzinfo=UTC)
LONGEST_PAUSE = timedelta(minutes=75)
"""Heartbeats come hourly; a kiosk that says nothing for longer than this was not serving."""


class Life(StrEnum):
    """What a record says of its kiosk's service."""

    START = "start"  # a heartbeat at start: it had been off since the record before
    ALIVE = "alive"  # any record made in service
    OUT = "out"  # out of service, or a heartbeat that says so
    BACK = "back"


@dataclass(frozen=True, slots=True, kw_only=True)
class Pulse:
    """One sign of life of a kiosk."""

    kiosk: str
    at: datetime
    life: Life


def outages_of(pulses: Iterable[Pulse], complete_until: datetime | None = None) -> list[Outage]:
    """The outages of one kiosk, from all its signs of life in any order. One that has not ended has `until` None.

    `complete_until`: nothing is said about later times; a pause is an outage only when it ended, or lasts by then.
    """
    found: list[Outage] = []
    since: datetime | None = None
    before: Pulse | None = None
    for pulse in sorted(set(pulses), key=lambda each: (each.at, each.life)):
        silent = before is not None and (pulse.life is Life.START or pulse.at - before.at > LONGEST_PAUSE)
        if since is None and silent and before is not None:
            since = before.at
        if pulse.life is Life.OUT:
            since = since if since is not None else pulse.at
        elif since is not None:
            found.append(Outage(kiosk=pulse.kiosk, since=since, until=pulse.at))
            since = None
        before = pulse
    if before is not None and since is None and complete_until and complete_until - before.at > LONGEST_PAUSE:
        since = before.at
    if before is not None and since is not None:
        found.append(Outage(kiosk=before.kiosk, since=since, until=None))
    return found


def silences(kiosks: Iterable[KioskState], outages: Iterable[Outage], person: str) -> list[Outage]:
    """The outages of these kiosks that touch this person, with the silence of those that were declared finished."""
    states = list(kiosks)
    names = {state.kiosk for state in states}
    found = {each for each in outages if each.kiosk in names and each.person in (None, person)}
    dead = {state.kiosk for state in states if state.finished}
    for kiosk in dead:
        known = [s.complete_until for s in states if s.kiosk == kiosk and s.complete_until is not None]
        found.add(Outage(kiosk=kiosk, since=max(known, default=NEVER), until=None, cause=Cause.FINISHED))
    return sorted(found, key=lambda each: (each.since, each.kiosk, each.until or EVER, each.cause))


def unserved(kiosks: Iterable[KioskState], found: Sequence[Outage]) -> list[Span]:
    """The time in which no kiosk at the person's places served: what is common to the outages of all of them."""
    common: list[Span] | None = None
    for kiosk in sorted({state.kiosk for state in kiosks if state.at_place}):
        silent = united(Span(each.since, each.until or EVER) for each in found if each.kiosk == kiosk)
        common = silent if common is None else _shared(common, silent)
    return common or []


def united(spans: Iterable[Span]) -> list[Span]:
    """The same time as spans apart from each other, in order."""
    joined: list[Span] = []
    for span in sorted(spans, key=lambda each: (each.start, each.end)):
        if joined and span.start <= joined[-1].end:
            joined[-1] = Span(joined[-1].start, max(joined[-1].end, span.end))
        elif span.end > span.start:
            joined.append(span)
    return joined


def within(spans: Iterable[Span], frame: Span) -> timedelta:
    """How much of the frame the spans (apart from each other) fill."""
    shared = (min(span.end, frame.end) - max(span.start, frame.start) for span in spans if span.meets(frame))
    return sum(shared, timedelta())


def _shared(some: list[Span], others: list[Span]) -> list[Span]:
    return [Span(max(a.start, b.start), min(a.end, b.end)) for a in some for b in others if a.meets(b)]
