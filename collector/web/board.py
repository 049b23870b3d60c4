"""Today's presence board: who was seen, by unit."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import cast

from flask import Blueprint, Response, abort, render_template, request
from sqlalchemy.orm import Session

from collector.reports.day import Day
from collector.reports.presence import Choice, Seen, Show, UnitDay, count_people, people_of_day, roots, units_of_day
from collector.web.desk import Desk
from collector.web.paging import PAGE
from collector.web.paging import pages as pages_of
from collector.web.sheets import sheet

SHOWS = ("all", "present", "waiting")
COLUMNS = ("tanggal", "unit", "nama_unit", "nama", "nip", "status", "wajah", "pertama", "terakhir", "jumlah")


def pages(desk: Desk) -> Blueprint:
    """The board and its CSV."""
    blueprint = Blueprint("board", __name__)

    @blueprint.get("/")
    def show() -> Response:
        with desk.session() as session:
            return desk.fresh(session, lambda: _page(desk, session))

    @blueprint.get("/board.csv")
    def table() -> Response:
        day = desk.day_asked()
        with desk.session() as session:
            units = units_of_day(session, day, desk.now())
            rows = people_of_day(session, day, _choice(_unit(units)))
        return sheet(f"presensi-{day.date:%Y-%m-%d}", _rows(desk, day, rows))

    return blueprint


def _page(desk: Desk, session: Session) -> str:
    day, now = desk.day_asked(), desk.now()
    units = units_of_day(session, day, now)
    top, unit = roots(units), _unit(units)
    choice = _choice(unit)
    sheets = pages_of(count_people(session, day, choice))
    return render_template(
        "board.html",
        day=day,
        today=desk.today(),
        unit=unit,
        path=_path(units, unit),
        whole=unit or _together(top),
        below=unit.children if unit else top,
        choice=choice,
        people=people_of_day(session, day, choice, PAGE, sheets.offset),
        pages=sheets,
    )


def _unit(units: dict[str, UnitDay]) -> UnitDay | None:
    code = request.args.get("unit", "")
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


def _path(units: dict[str, UnitDay], unit: UnitDay | None) -> list[UnitDay]:
    """The units above and the unit itself, from the top."""
    path: list[UnitDay] = []
    while unit is not None:
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
        moments = [at.astimezone(desk.zone).strftime("%H:%M:%S") if at else "" for at in (one.first, one.last)]
        who = (one.name, one.number, one.status, "ya" if one.enrolled else "belum")
        yield (f"{day.date:%d-%m-%Y}", one.unit, one.unit_name, *who, *moments, one.looks)
