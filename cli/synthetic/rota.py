"""Who works by rota: the hospital, the puskesmas, BPBD and Satpol PP (with its fire brigade), three shifts a day around the clock."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from random import Random

from cli.synthetic.habits import STAYS_AWAY, Coming, Habit, moments
from cli.synthetic.places import Site
from cli.synthetic.staff import Employee
from collector.people.numbers import Status
from collector.rules.codes import Code
from collector.rules.hours import WIB

CYCLE = ("pagi", "pagi", "siang", "siang", "malam", "malam", "LJ", "LB")
"""Two mornings, two afternoons, two nights, the day off after them, and another one; everybody begins somewhere else in it."""
HOURS = {"pagi": (time(7), time(14)), "siang": (time(14), time(21)), "malam": (time(21), time(7))}
SHARES = {"RSUD-HARYOTO": 0.62, "SATPOLPP": 0.5, "BPBD": 0.5}
PUSKESMAS = 0.4
SWAPS = 0.006
"""Turns of which somebody takes another one, and nobody writes it down."""


@dataclass(frozen=True, slots=True)
class Duty:
    """A person of a rota: their place in the cycle."""

    person: str
    place: int

    def turn(self, day: date) -> str:
        """Name of the shift, or LJ, or LB."""
        return CYCLE[(day.toordinal() + self.place) % len(CYCLE)]


def duties(chance: Random, site: Site, members: Sequence[Employee]) -> dict[str, Duty]:
    """Who of a unit works by rota, by person; nobody in most units. Hours of part-time people are their own."""
    share = SHARES.get(site.code, PUSKESMAS if site.code.startswith("PUSKESMAS-") else 0)
    on = [one for one in members if share and one.status is not Status.PPPK_PART_TIME and chance.random() < share]
    return {one.id: Duty(one.id, number % len(CYCLE)) for number, one in enumerate(on)}


def span(shift: str, day: date) -> tuple[datetime, datetime]:
    """Start and end of a shift that begins on a date; a night ends on the next."""
    start, end = (datetime.combine(day, clock, WIB) for clock in HOURS[shift])
    return start, end if end > start else end + timedelta(days=1)


def on_duty(
    chance: Random, members: Sequence[Duty], habits: dict[str, Habit], day: date, away: frozenset[str]
) -> Iterator[Coming]:
    """All looks of the shifts that begin on a date, in no order; those of a night go on into the next date."""
    for one in members:
        shift = one.turn(day)
        if shift not in HOURS or chance.random() < STAYS_AWAY or one.person in away:
            continue
        if chance.random() < SWAPS:
            shift = chance.choice([other for other in HOURS if other != shift])
        for at in moments(chance, habits[one.person], *span(shift, day)):
            yield Coming(at, one.person)


def turns(one: Duty, first: date, last: date) -> Iterator[tuple[date, str | None, Code]]:
    """Date, shift or None, and what the day off is, between two dates, both included."""
    for number in range((last - first).days + 1):
        day = first + timedelta(days=number)
        turn = one.turn(day)
        yield day, turn if turn in HOURS else None, Code.LB if turn in HOURS else Code(turn)
