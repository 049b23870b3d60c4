"""The year at a glance: of a person date by date, of a unit by month, weekday and time."""

from __future__ import annotations

from collections import Counter
from datetime import date, timedelta
from typing import Any

from flask import Blueprint, Response, abort, render_template
from sqlalchemy.orm import Session

from collector import audit
from collector.accounts.roles import ALL_STAFF, EVERYBODY
from collector.recap.month import NAMES, WEEKDAYS
from collector.reports.looks import Profile, profile
from collector.reports.sums import Sums, added, by_day
from collector.reports.year import PersonDay, arrivals, months_of, person_year
from collector.rules.codes import Code
from collector.settings import CollectorSettings
from collector.web.access import allow, me, person_in_reach
from collector.web.desk import Desk
from collector.web.menu import Entry, Group
from collector.web.reporting.asked import asker, where_asked, whole_regency, year_asked
from collector.web.reporting.drawn import Cell, calendar, grid
from collector.web.sheets import sheet
from collector.web.words import N_

MENU = (Entry("year.unit", N_("Year"), Group.REPORTS),)
LOOKS = {
    "present": N_("At work"),
    "late": N_("Late"),
    "early": N_("Left early"),
    "absent": N_("Without reason"),
    "leave": N_("With a letter"),
    "review": N_("Being reviewed"),
    "open": N_("Not final yet"),
    "off": N_("Day off"),
}
MARKS = {"late": "T", "early": "P", "absent": "✕", "leave": "S", "review": "!", "open": "?"}
"""What stands in a cell beside its colour."""


def pages(desk: Desk, _settings: CollectorSettings) -> Blueprint:
    """A unit's year, a person's year and its CSV."""
    blueprint = Blueprint("year", __name__, url_prefix="/reports/year")

    @blueprint.get("/")
    @allow(*ALL_STAFF)
    def unit() -> str:
        with desk.session() as session:
            values = _unit(desk, session)
        return render_template("reports/year_unit.html", **values)

    @blueprint.get("/people/<person>")
    @allow(*EVERYBODY)
    def person(person: str) -> str:
        year = year_asked(desk.today().date)
        with desk.session() as session:
            who = _known(desk, session, person, year)
            days = person_year(session, person, year)
        _note(desk, "person.year", person, year)
        return render_template("reports/year_person.html", **_person(year, who, days))

    @blueprint.get("/people/<person>.csv")
    @allow(*EVERYBODY)
    def table(person: str) -> Response:
        year = year_asked(desk.today().date)
        with desk.session() as session:
            who = _known(desk, session, person, year)
            days = person_year(session, person, year)
        _note(desk, "person.export", person, year)
        rows = [("tanggal", "nama", "nip", "kode", "keadaan", "menit_terlambat", "menit_pulang_cepat")]
        rows += [
            (
                *(f"{each.day:%d-%m-%Y}", who.name, who.number or "", " ".join(each.codes), each.state.value),
                *(str(each.minutes_late), str(each.minutes_early)),
            )
            for each in days
        ]
        return sheet(f"tahun-{year}-{who.id}", rows)

    return blueprint


def _known(desk: Desk, session: Session, person: str, year: int) -> Profile:
    first, last = date(year, 1, 1), date(year, 12, 31)
    on = min(last, max(first, desk.today().date))
    if not person_in_reach(session, person, first, last):
        abort(404, "no such person")
    return profile(session, person, on) or abort(404, "no such person")


def _person(year: int, who: Profile, days: list[PersonDay]) -> dict[str, Any]:
    known = {each.day: each for each in days}
    cells = [
        Cell(day, known[day].look, MARKS.get(known[day].look, ""), " ".join(known[day].codes))
        for day in _dates(year)
        if day in known
    ]
    months = months_of(days)
    codes = [code for code in Code if any(month[code] for month in months)]
    return {
        "who": who,
        "year": year,
        "calendar": calendar(year, cells),
        "codes": codes,
        "totals": sum(months, Counter[Code]()),
        "months": list(zip(NAMES, months, strict=True)),
        "looks": {look: LOOKS[look] for look in LOOKS if any(cell.look == look for cell in cells)},
        "marks": MARKS,
        "weekdays": WEEKDAYS,
        "late": sum(each.minutes_late for each in days),
        "early": sum(each.minutes_early for each in days),
        "may_unit": me().role in ALL_STAFF,
    }


def _unit(desk: Desk, session: Session) -> dict[str, Any]:
    where, year = where_asked(session), year_asked(desk.today().date)
    first, last = date(year, 1, 1), date(year, 12, 31)
    sums = by_day(session, first, last, where.codes)
    months = [added(each for day, each in sums.items() if day.month == month) for month in range(1, 13)]
    since = max(first, min(last, desk.today().date) - timedelta(days=91))
    heat = arrivals(session, since, min(last, desk.today().date), where.codes, desk.zone)
    return {
        "where": where,
        "year": year,
        "calendar": calendar(year, [_shade(day, each) for day, each in sorted(sums.items())]),
        "months": list(zip(NAMES, months, strict=True)),
        "whole": added(sums.values()),
        "grid": grid(heat),
        "heat_since": since,
        "heat_until": min(last, desk.today().date),
        "weekdays": WEEKDAYS,
        "may_all": whole_regency(session),
    }


def _shade(day: date, sums: Sums) -> Cell:
    """A date by its share of late and absent among those who were to come."""
    settled = sums["working"] - sums["open"]
    if settled <= 0:
        return Cell(day, "off" if not sums["working"] else "open", "", "")
    share = sums.share("late") + sums.share("absent")
    step = min(5, int(share // 4))
    return Cell(day, f"q{step}", f"{share:.0f}" if share >= 4 else "", f"{share:.1f} %".replace(".", ","))


def _dates(year: int) -> list[date]:
    return [date(year, 1, 1) + timedelta(days=count) for count in range((date(year + 1, 1, 1) - date(year, 1, 1)).days)]


def _note(desk: Desk, action: str, person: str, year: int) -> None:
    with desk.write() as session:
        audit.note(session, asker(), action, person, {"year": year}, desk.now())
