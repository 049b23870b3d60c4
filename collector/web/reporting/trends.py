"""How lateness and absence move, week by week, by OPD."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from flask import Blueprint, Response, render_template
from sqlalchemy.orm import Session

from collector.accounts.roles import ALL_STAFF
from collector.reports.sums import RATES, Sums, added, by_week
from collector.settings import CollectorSettings
from collector.web.access import allow
from collector.web.desk import Desk
from collector.web.menu import Entry, Group
from collector.web.reporting.asked import Where, period_asked, where_asked, whole_regency
from collector.web.reporting.drawn import points
from collector.web.sheets import sheet
from collector.web.words import N_

MENU = (Entry("trends.show", N_("Trends"), Group.REPORTS),)
WEEK = timedelta(days=7)
USUAL_DAYS = 84
MEASURES = {"late": N_("Late"), "absent": N_("Without reason")}


@dataclass(frozen=True, slots=True)
class Trend:
    """A unit with all below it. `weeks`: its sums."""

    code: str
    name: str
    whole: Sums
    weeks: tuple[Sums, ...]

    def shares(self, measure: str) -> list[float | None]:
        """Per hundred of each week; None for one without working days."""
        return [week.share(measure) if _settled(week) else None for week in self.weeks]

    def change(self, measure: str) -> float | None:
        """Share of the second half of the weeks with settled working days less that of the first; None for less than two:
        a beginning is no rise."""
        told = [week for week in self.weeks if _settled(week)]
        half = len(told) // 2
        return added(told[half:]).share(measure) - added(told[:half]).share(measure) if half else None


def pages(desk: Desk, _settings: CollectorSettings) -> Blueprint:
    """The page and its CSV."""
    blueprint = Blueprint("trends", __name__, url_prefix="/reports/trends")

    @blueprint.get("/")
    @allow(*ALL_STAFF)
    def show() -> str:
        with desk.session() as session:
            values = _values(desk, session)
        return render_template("reports/trends.html", **values, points=points, measures=MEASURES)

    @blueprint.get("/table.csv")
    @allow(*ALL_STAFF)
    def table() -> Response:
        with desk.session() as session:
            values = _values(desk, session)
        rows: list[tuple[object, ...]] = [("unit", "nama_unit", "minggu_mulai", "persen_terlambat", "persen_tk")]
        for trend in values["trends"]:
            for start, *shares in zip(values["starts"], *map(trend.shares, MEASURES), strict=True):
                rows.append((trend.code, trend.name, f"{start:%d-%m-%Y}", *map(_percent, shares)))
        return sheet(f"tren-{values['since']}-{values['until']}", rows)

    return blueprint


def _values(desk: Desk, session: Session) -> dict[str, Any]:
    where = where_asked(session)
    since, until = period_asked(desk.today().date, USUAL_DAYS)
    starts = _mondays(since, until)
    weeks = by_week(session, starts[0], until, where.codes, RATES)
    groups: dict[str, set[str]] = defaultdict(set)
    for code in {code for week in weeks for code in week}:
        groups[_group(where, code)].add(code)
    trends = [_trend(code, where, members, weeks) for code, members in groups.items()]
    whole = _trend(where.code, where, {code for members in groups.values() for code in members}, weeks)
    return {
        "where": where,
        "since": since,
        "until": until,
        "starts": starts,
        "whole": whole,
        "trends": sorted(trends, key=lambda each: (-each.whole.share("late") - each.whole.share("absent"), each.name)),
        "may_all": whole_regency(session),
    }


def _group(where: Where, code: str) -> str:
    """The unit right below the one asked for, or that itself; of the regency the OPD."""
    if where.unit is None:
        return where.units.opd(code)
    path = [each.code for each in where.units.path(code)]
    below = path[path.index(where.code) + 1 :]
    return below[0] if below else code


def _trend(code: str, where: Where, members: set[str], weeks: list[dict[str, Sums]]) -> Trend:
    told = tuple(added(week[member] for member in members if member in week) for week in weeks)
    return Trend(code, where.units.name(code), added(told), told)


def _settled(week: Sums) -> bool:
    return week["working"] > week["open"]


def _percent(share: float | None) -> str:
    return "" if share is None else f"{share:.2f}".replace(".", ",")


def _mondays(since: date, until: date) -> list[date]:
    first = since - timedelta(days=since.weekday())
    return [first + WEEK * number for number in range((until - first).days // 7 + 1)]
