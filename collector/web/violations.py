"""Violations: counted by OPD and kind for any period, down to the record. A reason to check, never proof."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date, timedelta
from typing import Any

from flask import Blueprint, Response, abort, render_template, request
from sqlalchemy.orm import Session

from collector.accounts.roles import ALL_STAFF
from collector.reports import violations as reports
from collector.reports.violations import Choice, Listed, Period, Report, UnitCount
from collector.settings import CollectorSettings
from collector.web import review
from collector.web.access import allow, in_reach, unit_asked
from collector.web.chart import bars, ranked
from collector.web.desk import Desk
from collector.web.menu import Entry, Group
from collector.web.paging import PAGE
from collector.web.paging import pages as pages_of
from collector.web.sheets import sheet
from collector.web.words import N_

MENU = (Entry("violations.show", N_("Violations"), Group.OVERSIGHT),)
KINDS = {
    "outside-coordinates": N_("Outside the coordinates"),
    "shared-device": N_("One phone for several people"),
    "two-places": N_("Two places too fast"),
    "wrong-unit": N_("Not their unit"),
    "uncertain-match": N_("Uncertain match"),
    "ghost": N_("One face for two people"),
    "spoof": N_("Photo or screen shown"),
    "covered-face": N_("Covered face"),
    "pin-guessing": N_("Wrong PINs in a series"),
    "series": N_("Series within a second"),
    "checked-in-and-gone": N_("Checked in and gone"),
    "clock-turned": N_("Clock turned"),
    "kiosk-moved": N_("Kiosk moved"),
    "records-missing": N_("Records missing"),
    "records-altered": N_("Records altered"),
    "recurring-outage": N_("Outages at check-in time"),
}
STATES = {
    "open": ("waiting", "ask", N_("To be checked")),
    "confirmed": ("incident", "bad", N_("Confirmed")),
    "dismissed": ("check", "good", N_("Dismissed")),
}
FACTS = {
    "metres": N_("Distance in metres"),
    "seconds": N_("Seconds between"),
    "people": N_("People"),
    "other-unit": N_("Unit before"),
    "offset-ms": N_("Step in milliseconds"),
    "score-permille": N_("Score in thousandths"),
    "count": N_("Count"),
    "fault": N_("What is wrong"),
    "dates": N_("Dates"),
    "spot-check": N_("Spot check"),
    "other-person": N_("Other person"),
}
COLUMNS = ("tanggal", "jam", "jenis", "terhadap", "subjek", "nama", "unit", "nama_unit", "keadaan", "kunci")
DAYS = 30
LONGEST = timedelta(days=3660)
EARLIEST, LATEST = date(2000, 1, 1), date(2200, 1, 1)


def pages(desk: Desk, _settings: CollectorSettings) -> Blueprint:
    """The report, the list, one violation, and the list as CSV."""
    blueprint = Blueprint("violations", __name__, url_prefix="/violations")
    blueprint.context_processor(lambda: {"kinds": KINDS, "states": STATES, "fact_names": FACTS})

    @blueprint.get("/")
    @allow(*ALL_STAFF)
    def show() -> str:
        with desk.session() as session:
            values = _report(desk, session)
        return render_template("violations.html", **values)

    @blueprint.get("/list")
    @allow(*ALL_STAFF)
    def listing() -> str:
        with desk.session() as session:
            values = _list(desk, session)
        return render_template("violations_list.html", **values)

    @blueprint.get("/list.csv")
    @allow(*ALL_STAFF)
    def table() -> Response:
        period = _period(desk)
        with desk.session() as session:
            choice = _choice(_unit(session, reports.report(session, period)))
            rows = reports.listed(session, period, choice)
        return sheet(f"pelanggaran-{period.since}-{period.until}", _rows(desk, rows))

    @blueprint.get("/<key>")
    @allow(*ALL_STAFF)
    def one(key: str) -> str:
        with desk.session() as session:
            found = reports.detail(session, key)
            if found is None or not in_reach(session, found.violation.unit):
                abort(404, "no such violation")
            form = review.form_for(session, found)
        review.note_read(desk, found)
        return review.shown(found, form)

    review.add(blueprint, desk)
    return blueprint


def _report(desk: Desk, session: Session) -> dict[str, Any]:
    period = _period(desk)
    found = reports.report(session, period)
    unit = _unit(session, found)
    counts = reports.by_day(session, period, unit.subtree() if unit else None)
    kinds, states = (unit.kinds, unit.states) if unit else (found.kinds, found.states)
    ranks = ranked(kinds)
    return {
        "period": period,
        "periods": _periods(desk.today().date),
        "unit": unit,
        "path": _path(session, found, unit),
        "total": kinds.total(),
        "sums": kinds,
        "by_state": states,
        "columns": [kind for kind in KINDS if kinds[kind]],
        "below": _below(found, unit),
        "ranks": ranks,
        "bars": bars(counts, period, ranks),
    }


def _list(desk: Desk, session: Session) -> dict[str, Any]:
    period = _period(desk)
    found = reports.report(session, period)
    unit = _unit(session, found)
    choice = _choice(unit)
    sheets = pages_of(reports.count(session, period, choice))
    return {
        "period": period,
        "unit": unit,
        "path": _path(session, found, unit),
        "choice": choice,
        "pages": sheets,
        "rows": reports.listed(session, period, choice, PAGE, sheets.offset),
    }


def _below(found: Report, unit: UnitCount | None) -> list[UnitCount]:
    """The next units down with any violation; what hangs on the unit itself stands first, as a line of its own."""
    if unit is None:
        return list(found.opd)
    below = sorted((child for child in unit.children if child.total), key=lambda each: (-each.total, each.name))
    own = UnitCount(unit.code, unit.name, unit.kind, unit.parent, unit.kinds.copy(), unit.states.copy())
    for child in below:
        own.kinds.subtract(child.kinds)
        own.states.subtract(child.states)
    return [own, *below] if own.total else below


def _path(session: Session, found: Report, unit: UnitCount | None) -> list[UnitCount]:
    """The units above that the asker sees, and the unit itself, from the top; a ring of units ends the walk."""
    path: list[UnitCount] = []
    while unit is not None and unit not in path and in_reach(session, unit.code):
        path.insert(0, unit)
        unit = found.units.get(unit.parent or "")
    return path


def _unit(session: Session, found: Report) -> UnitCount | None:
    code = unit_asked(session)
    if code and code not in found.units:
        abort(404, "no such unit")
    return found.units.get(code)


def _choice(unit: UnitCount | None) -> Choice:
    kind, status = request.args.get("kind", ""), request.args.get("state", "")
    own = bool(request.args.get("own"))
    codes = None if unit is None else [unit.code] if own else unit.subtree()
    return Choice(codes, kind if kind in KINDS else "", status if status in STATES else "")


def _period(desk: Desk) -> Period:
    """`?from=YYYY-MM-DD&to=YYYY-MM-DD`, in either order, ten years at most; else the last 30 days."""
    today = desk.today().date
    until = _date("to") or today
    since = _date("from") or until - timedelta(days=DAYS - 1)
    since, until = min(since, until), max(since, until)
    return Period(max(since, until - LONGEST), until)


def _date(name: str) -> date | None:
    try:
        asked = date.fromisoformat(request.args.get(name, ""))
    except ValueError:
        return None
    return min(max(asked, EARLIEST), LATEST)


def _periods(today: date) -> list[tuple[str, Period]]:
    """Periods one often asks for."""
    first = today.replace(day=1)
    last = first - timedelta(days=1)
    return [
        (N_("Last 10 days"), Period(today - timedelta(days=9), today)),
        (N_("This month"), Period(first, today)),
        (N_("Last month"), Period(last.replace(day=1), last)),
        (N_("This year"), Period(today.replace(month=1, day=1), today)),
    ]


def _rows(desk: Desk, found: Iterable[Listed]) -> Iterator[tuple[object, ...]]:
    yield COLUMNS
    for one in found:
        at = one.at.astimezone(desk.zone)
        name = one.subject_name if one.subject_name != one.subject else ""
        yield (
            *(f"{at:%d-%m-%Y}", f"{at:%H:%M:%S}", one.kind, one.against, one.subject, name),
            *(one.unit, one.unit_name, one.status, one.key),
        )
