"""Half a year of a unit's leave: a row a person, a bar a letter."""

from __future__ import annotations

import re
from calendar import monthrange
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import groupby

from flask import Blueprint, abort, render_template, request

from collector.accounts.roles import ALL_STAFF
from collector.leave import reading
from collector.leave.reading import Listed
from collector.leave.requests import FILED
from collector.rules.codes import Code
from collector.web.access import allow, me, reach
from collector.web.desk import Desk
from collector.web.units import Units

HALF = re.compile(r"(20\d\d)-([12])")
ILL, AWAY, NEAR = "ill", "away", "near"
COLOURS = {
    Code.CS: ILL,
    Code.CM: ILL,
    Code.DL: AWAY,
    Code.DK: AWAY,
    Code.TB: AWAY,
    Code.WFH: NEAR,
    Code.WFA: NEAR,
    Code.I: NEAR,
}


@dataclass(frozen=True, slots=True)
class Bar:
    """One letter within the half year: first day counted from its beginning, length in days, what it says."""

    listed: Listed
    start: int
    length: int
    colour: str


@dataclass(frozen=True, slots=True)
class Line:
    """One person's bars."""

    name: str
    person: str
    unit_name: str
    bars: list[Bar]


@dataclass(frozen=True, slots=True)
class HalfYear:
    """Six months: first and last date, the months with their offset and length in days."""

    first: date
    last: date

    @property
    def days(self) -> int:
        """How many there are."""
        return (self.last - self.first).days + 1

    @property
    def months(self) -> list[tuple[date, int, int]]:
        """First day, offset and length of each."""
        firsts = [self.first.replace(month=self.first.month + count) for count in range(6)]
        return [(one, (one - self.first).days, monthrange(one.year, one.month)[1]) for one in firsts]

    @property
    def before(self) -> str:
        """The half year before, as the address names it."""
        return f"{self.first.year}-1" if self.first.month == 7 else f"{self.first.year - 1}-2"

    @property
    def after(self) -> str:
        """The one after."""
        return f"{self.first.year}-2" if self.first.month == 1 else f"{self.first.year + 1}-1"


def views(blueprint: Blueprint, desk: Desk) -> None:
    """The calendar."""

    @blueprint.get("/calendar")
    @allow(*ALL_STAFF)
    def calendar() -> str:
        half = _half(desk.today().date)
        with desk.session() as session:
            units = Units(session)
            unit = request.args.get("unit", "") or me().unit or ""
            below = units.below(unit) if unit else reach(session)
            if unit and not below:
                abort(404, "no such unit")
            rows = reading.within(session, below, half.first, half.last)
        lines = _lines(rows, half)
        today = (desk.today().date - half.first).days if half.first <= desk.today().date <= half.last else None
        return render_template(
            "leave/calendar.html",
            half=half,
            lines=lines[: reading.MOST_SHOWN],
            more=max(0, len(lines) - reading.MOST_SHOWN),
            units=units.options(),
            unit=unit,
            today=today,
        )


def _half(today: date) -> HalfYear:
    asked = HALF.fullmatch(request.args.get("half", ""))
    year, second = (int(asked[1]), asked[2] == "2") if asked else (today.year, today.month > 6)
    first = date(year, 7 if second else 1, 1)
    return HalfYear(first, (first + timedelta(days=190)).replace(day=1) - timedelta(days=1))


def _lines(rows: list[Listed], half: HalfYear) -> list[Line]:
    found = []
    for person, group in groupby(rows, key=lambda each: each.row.person):
        mine = list(group)
        found.append(Line(mine[0].name, person, mine[0].unit_name, [_bar(each, half) for each in mine]))
    return found


def _bar(listed: Listed, half: HalfYear) -> Bar:
    since, until = max(listed.row.since, half.first), min(listed.row.until, half.last)
    colour = "asked" if listed.row.state == FILED else COLOURS.get(Code(listed.row.code), "leave")
    return Bar(listed, (since - half.first).days, (until - since).days + 1, colour)
