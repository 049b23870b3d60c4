"""Today's presence board: who was seen, by unit."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime
from functools import partial
from typing import Any, cast

from flask import Blueprint, Response, abort, request
from sqlalchemy.orm import Session

from collector.accounts.roles import ALL_STAFF
from collector.reports.day import Day
from collector.reports.overnight import Overnight, overnight
from collector.reports.presence import Choice, Seen, Show, UnitDay, count_people, people_of_day, roots, units_of_day
from collector.settings import CollectorSettings
from collector.web.access import allow, in_reach, unit_asked
from collector.web.desk import Desk
from collector.web.menu import Entry, Group
from collector.web.paging import PAGE
from collector.web.paging import pages as pages_of
from collector.web.sheets import sheet
from collector.web.words import N_

MENU = (Entry("board.show", N_("Presence"), Group.TODAY),)
SHOWS = ("all", "present", "waiting")
COLUMNS = ("tanggal", "unit", "nama_unit", "nama", "nip", "status", "wajah", "pertama", "terakhir", "jumlah")


def pages(desk: Desk, _settings: CollectorSettings) -> Blueprint:
    """The board and its CSV."""
    blueprint = Blueprint("board", __name__)

    @blueprint.get("/")
    @allow(*ALL_STAFF)
    def show() -> Response:
        return desk.fresh("board.html", partial(_values, desk))

    @blueprint.get("/board.csv")
    @allow(*ALL_STAFF)
    def table() -> Response:
        day = desk.day_asked()
        with desk.session() as session:
            over = overnight(session, day, desk.now())
            units = units_of_day(session, day, desk.now(), over)
            rows = people_of_day(session, day, _choice(_unit(session, units)), over)
        return sheet(f"presensi-{day.date:%Y-%m-%d}", _rows(desk, day, rows))

    return blueprint


def _values(desk: Desk, session: Session) -> dict[str, Any]:
    day, now = desk.day_asked(), desk.now()
    over = overnight(session, day, now)
    units = units_of_day(session, day, now, over)
    top, unit = roots(units), _unit(session, units)
    choice, whole = _choice(unit), unit or _together(top)
    sheets = pages_of(_total(session, day, choice, whole, over))
    return {
        "day": day,
        "today": desk.today(),
        "unit": unit,
        "path": _path(session, units, unit),
        "choice": choice,
        "whole": whole,
        "below": unit.children if unit else top,
        "pages": sheets,
        "people": people_of_day(session, day, choice, over, PAGE, sheets.offset),
    }


def _total(session: Session, day: Day, choice: Choice, whole: UnitDay, over: Overnight) -> int:
    """How many people the choice holds: only a search has to be counted anew."""
    if choice.search:
        return count_people(session, day, choice, over)
    return {"all": whole.assigned, "present": whole.present, "waiting": whole.waiting}[choice.show]


def _unit(session: Session, units: dict[str, UnitDay]) -> UnitDay | None:
    code = unit_asked(session)
    if code and code not in units:
        abort(404, "no such unit")
    return units.get(code)


def _choice(unit: UnitDay | None) -> Choice:
    show = request.args.get("show", "all")
    return Choice(
        units=unit.subtree() if unit else None,
        show=cast("Show", show if show in SHOWS else "all"),
        search=request.args.get("q", "").strip()[:100],
    )


def _path(session: Session, units: dict[str, UnitDay], unit: UnitDay | None) -> list[UnitDay]:
    """The units above that the asker sees, and the unit itself, from the top."""
    path: list[UnitDay] = []
    while unit is not None and in_reach(session, unit.code):
        path.insert(0, unit)
        unit = units.get(unit.parent or "")
    return path


def _together(units: Iterable[UnitDay]) -> UnitDay:
    """The sums over all units."""
    whole = UnitDay("", "", None)
    for unit in units:
        whole.add(unit)
    return whole


def _rows(desk: Desk, day: Day, people: Iterable[Seen]) -> Iterator[tuple[object, ...]]:
    yield COLUMNS
    for one in people:
        moments = [_clock(desk, day, at) for at in (one.first, one.last)]
        who = (one.name, one.number, one.status, "ya" if one.enrolled else "belum")
        yield (f"{day.date:%d-%m-%Y}", one.unit, one.unit_name, *who, *moments, one.looks)


def _clock(desk: Desk, day: Day, at: datetime | None) -> str:
    """The time, with the date where it is another one: of who works across midnight."""
    if at is None:
        return ""
    return at.astimezone(desk.zone).strftime("%H:%M:%S" if day.start <= at < day.end else "%d-%m-%Y %H:%M:%S")
