"""A unit's rota of a month: filled in by keyboard, copied, printed for the wall, and every change taken back while it can."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from flask import Blueprint, Response, abort, flash, redirect, render_template, request, url_for
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response as AnyResponse
from wtforms import DateField, SelectMultipleField, StringField

from collector import audit
from collector.accounts.roles import ALL_STAFF, BKD, OPD
from collector.judging.organisation import read_organisation
from collector.schedules import grid, patterns, rota, rotafile
from collector.schedules.errors import ScheduleError
from collector.schedules.grid import Choice, Month
from collector.schedules.rota import Origin, PersonDay
from collector.schedules.standing import read_rules
from collector.settings import CollectorSettings
from collector.store.hours import RotaChange
from collector.web import rota_import
from collector.web.access import allow, in_reach, me, reach, unit_asked
from collector.web.days import month_asked, shift
from collector.web.desk import Desk
from collector.web.forms import Form, Short, required, tell
from collector.web.guard import takes
from collector.web.hours_words import PATTERNS
from collector.web.menu import Entry, Group
from collector.web.paging import PAGE
from collector.web.paging import pages as pages_of
from collector.web.schedule_words import Said, hand, refuse, said
from collector.web.staff import account_names
from collector.web.units import Units, one_unit
from collector.web.words import N_

MENU = (Entry("rota.show", N_("Shift rota"), Group.HOURS, ALL_STAFF),)
WRITERS = BKD | OPD
LARGEST = 2**20
"""Bytes of a page of cells: 50 people, 31 days."""
MOST_IN_FILE = 1000
"""People of one workbook."""
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


class GivePattern(Form):
    """From a day on the ticked people follow a pattern."""

    who = SelectMultipleField(N_("People"), [required()], validate_choice=False)
    pattern = StringField(N_("Pattern"), [required(), Short(64)])
    since = DateField(N_("From"), [required()])
    why = StringField(N_("Reason"), [Short(500)])


class Undo(Form):
    """A change is taken back."""

    why = StringField(N_("Reason"), [Short(500)])


@dataclass(frozen=True, slots=True)
class Typed:
    """What stands on the page and is not written: texts by cell, and what is wrong with them."""

    cells: Mapping[PersonDay, str] = field(default_factory=dict)
    faults: Mapping[PersonDay, Said] = field(default_factory=dict)
    why: str = ""


def pages(desk: Desk, _settings: CollectorSettings) -> Blueprint:
    """The grid, what is sent from it, its file."""
    blueprint = Blueprint("rota", __name__, url_prefix="/rota")
    blueprint.context_processor(lambda: {"patterns": PATTERNS})
    _grid(blueprint, desk)
    _save(blueprint, desk)
    _give(blueprint, desk)
    _undo(blueprint, desk)
    rota_import.views(blueprint, desk)
    return blueprint


def _grid(blueprint: Blueprint, desk: Desk) -> None:
    @blueprint.get("/")
    @allow(*ALL_STAFF)
    def show() -> str:
        return _page(desk)

    @blueprint.get("/grid.xlsx")
    @allow(*ALL_STAFF)
    def table() -> AnyResponse:
        month = Month(month_asked(desk.today().date))
        with desk.session() as session:
            unit = one_unit(session)
            choice = _choice(session, unit, month)
            people = grid.count(session, choice)
            if people > MOST_IN_FILE:
                tell(N_("%(count)s people are too many for one file: choose a unit below."), "bad", count=people)
                return _back(unit, month)
            found = grid.read(session, choice, hand(desk, session))
        with desk.write() as session:
            audit.note(session, me().id, "rota.export", unit, {"month": f"{month.first:%Y-%m}"}, desk.now())
        safe = "".join(letter for letter in unit if letter.isalnum() or letter in "-_")
        headers = {"Content-Disposition": f'attachment; filename="jadwal-{safe}-{month.first:%Y-%m}.xlsx"'}
        return Response(rotafile.workbook(found), mimetype=XLSX, headers=headers)


def _save(blueprint: Blueprint, desk: Desk) -> None:
    @blueprint.post("/")
    @allow(*WRITERS)
    @takes(LARGEST)
    def save() -> str | AnyResponse:
        request.max_form_memory_size = LARGEST
        if not Form().validate_on_submit():
            abort(400)
        month = Month(month_asked(desk.today().date))
        wishes, was = _sent(month)
        why = request.form.get("why", "")[:500]
        with desk.write() as session:
            unit = one_unit(session)
            by = hand(desk, session, why)
            standing = rota.of(session, (person for person, _ in wishes), month.first, month.last)
            planned = rota.plan(standing, wishes, by, was)
            if not planned.faults:
                rota.write(session, planned, by, Origin(unit, rota.PAGE))
        if planned.faults:
            return _page(desk, Typed(wishes, _told(desk, planned, unit, month), why))
        tell(N_("%(count)s dates kept. The days are judged again within a minute."), count=len(planned.changes))
        return _back(unit, month)


def _give(blueprint: Blueprint, desk: Desk) -> None:
    @blueprint.post("/pattern")
    @allow(*WRITERS)
    def give() -> AnyResponse:
        form, month = GivePattern(), Month(month_asked(desk.today().date))
        with desk.write() as session:
            unit = one_unit(session)
            names = _names(session, unit, month)
        if not form.validate_on_submit():
            flash(N_("Tick people, choose a pattern, and say from which day."), "bad")
            return _back(unit, month, everybody=True)
        try:
            with desk.write() as session:
                people = sorted(set(form.who.data))
                patterns.assign(
                    session, people, form.pattern.data, form.since.data, hand(desk, session, form.why.data or "")
                )
        except ScheduleError as error:
            refuse(error, names)
            return _back(unit, month, everybody=True)
        tell(N_("%(count)s people follow it from that day on."), count=len(people))
        return _back(unit, month)


def _undo(blueprint: Blueprint, desk: Desk) -> None:
    @blueprint.post("/changes/<number>/undo")
    @allow(*WRITERS)
    def undo(number: str) -> AnyResponse:
        form = Undo()
        if not form.validate_on_submit():
            abort(400)
        try:
            with desk.write() as session:
                change = session.get(RotaChange, number)
                if change is None or not in_reach(session, change.unit):
                    abort(404, "no such change")
                unit, month = change.unit, Month(change.month)
                names = _names(session, unit, month)
                rota.undo(session, number, hand(desk, session, form.why.data or ""))
        except ScheduleError as error:
            refuse(error, names)
        else:
            flash(N_("Taken back: those dates are as they were before."), "good")
        return _back(unit, month)


def _sent(month: Month) -> tuple[dict[PersonDay, str], dict[PersonDay, str]]:
    """The cells that say something else than the page did, and what it said."""
    wishes: dict[PersonDay, str] = {}
    was: dict[PersonDay, str] = {}
    for name, signs in request.form.items():
        if not name.startswith("was."):
            continue
        person = name.removeprefix("was.")
        for day, sign in zip(month.days, signs.split(";"), strict=False):
            text = request.form.get(f"c.{day.day}.{person}")
            if text is not None and text.strip().upper() != sign.upper():
                wishes[person, day], was[person, day] = text.strip(), sign
    return wishes, was


def _page(desk: Desk, typed: Typed | None = None) -> str:
    month = Month(month_asked(desk.today().date))
    everybody = request.args.get("show") == "all"
    with desk.session() as session:
        unit, units = unit_asked(session), Units(session)
        if unit and not units.below(unit):
            abort(404, "no such unit")
        values: dict[str, Any] = {
            "unit": unit,
            "units": units.options(),
            "month": month,
            "before": shift(month.first, -1),
            "after": shift(month.first, 1),
            "everybody": everybody,
            "may": me().role in WRITERS,
            "bkd": me().role in BKD,
            "today": desk.today().date,
        }
        if not unit:
            return render_template(
                "rota/choose.html", found=grid.units_on_rota(session, month, reach(session)), **values
            )
        choice = Choice(units.below(unit), month, on_rota=not everybody)
        sheets = pages_of(grid.count(session, choice))
        found = grid.read(session, choice, hand(desk, session), (PAGE, sheets.offset))
        holidays = _holidays(session, unit, month)
        changes = grid.latest(session, units.below(unit))
        names = account_names(session, {one.by for one in changes})
        typed = typed or _copied(session, found)
        session.expunge_all()
    return render_template(
        "rota/grid.html",
        grid=found,
        pages=sheets,
        typed=typed,
        holidays=holidays,
        changes=changes,
        names=names,
        unit_name=units.name(unit),
        **values,
    )


def _copied(session: Session, found: grid.Grid) -> Typed:
    """With `?copy=1` empty cells that may be filled say what the four weeks before would say; nothing is written by that."""
    if request.args.get("copy") != "1":
        return Typed()
    said_before = grid.copied(session, [row.person for row in found.rows], found.month)
    free = {
        (row.person, cell.day)
        for row in found.rows
        for cell in row.cells
        if cell.may and cell.rota and not cell.past and not cell.sign
    }
    return Typed({cell: sign for cell, sign in said_before.items() if cell in free})


def _holidays(session: Session, unit: str, month: Month) -> dict[date, str]:
    rules, path = read_rules(session.connection()), read_organisation(session.connection()).path(unit)
    found = ((day, rules.holiday(path, day)) for day in month.days)
    return {day: holiday.name for day, holiday in found if holiday is not None}


def _choice(session: Session, unit: str, month: Month) -> Choice:
    return Choice(Units(session).below(unit), month, on_rota=request.args.get("show") != "all")


def _told(desk: Desk, planned: rota.Plan, unit: str, month: Month) -> dict[PersonDay, Said]:
    with desk.session() as session:
        names = _names(session, unit, month)
    return {cell: said(error, names) for cell, error in planned.faults.items()}


def _names(session: Session, unit: str, month: Month) -> dict[str, str]:
    """Names of the unit's people by id."""
    return grid.names(session, Choice(Units(session).below(unit), month))


def _back(unit: str, month: Month, *, everybody: bool = False) -> AnyResponse:
    page = request.args.get("page", type=int)
    show = "all" if everybody or request.args.get("show") == "all" else None
    return redirect(url_for("rota.show", unit=unit, month=f"{month.first:%Y-%m}", show=show, page=page), 303)
