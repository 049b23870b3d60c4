"""The monthly recap: on the screen, as sealed files that the jobs process makes, and checked again."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, abort, redirect, render_template, request, url_for
from flask_wtf.file import FileField
from sqlalchemy import select
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response as AnyResponse

from collector import audit
from collector.accounts.roles import ALL_STAFF, BKD, Role
from collector.errors import PrintError, ReportError
from collector.recap import checking, orders
from collector.recap.document import Table, text
from collector.recap.lines import Line
from collector.recap.month import Month
from collector.recap.orders import Kind, Order
from collector.recap.source import Wish, unit_month
from collector.recap.tables import RECAP, document
from collector.reports.sums import Sums, added, by_unit
from collector.reports.units import read_units
from collector.settings import CollectorSettings
from collector.store.results import ClosedMonth
from collector.web.access import allow, in_reach, me
from collector.web.desk import Desk
from collector.web.forms import Form, tell
from collector.web.guard import LARGEST, takes
from collector.web.menu import Entry, Group
from collector.web.reporting.asked import Where, asker, month_asked, shifted, where_asked
from collector.web.reporting.faults import refuse, said
from collector.web.words import N_

MENU = (Entry("recap.show", N_("Monthly recap"), Group.REPORTS),)
MOST_ON_SCREEN = 400
"""People of a recap that is shown whole; of a larger unit its parts are shown, and the file has everybody."""

DULL = (4, 5, 6)

STATES = {
    orders.State.WAITING: ("waiting", "plain", N_("Waits its turn")),
    orders.State.WORKING: ("clock", "ask", N_("Is being made")),
    orders.State.READY: ("check", "good", N_("Ready")),
    orders.State.FAILED: ("fault", "bad", N_("Could not be made")),
}
KINDS = {
    Kind.RECAP: N_("Recap"),
    Kind.ALL: N_("Recaps of all units"),
    Kind.TPP: N_("Allowance list (TPP)"),
    Kind.RECORDS: N_("Sealed records"),
}
ALL_ROLES = BKD | {Role.INSPECTORATE}


class OrderForm(Form):
    """A file that is asked for; the staff list is optional."""

    staff = FileField()


class CheckForm(Form):
    """A file that is to be checked."""

    file = FileField()


def pages(desk: Desk, settings: CollectorSettings) -> Blueprint:
    """The recap, its orders, and the check of a file."""
    blueprint = Blueprint("recap", __name__, url_prefix="/reports/recap")

    @blueprint.get("/")
    @allow(*ALL_STAFF)
    def show() -> str:
        month = month_asked(desk.today().date)
        with desk.session() as session:
            values = _values(desk, settings, session, month)
        if values["tables"]:
            _note(desk, "recap.read", values["where"].code, month)
        return render_template("reports/recap.html", **values, form=OrderForm())

    @blueprint.post("/order")
    @allow(*ALL_STAFF)
    @takes(LARGEST)
    def order() -> AnyResponse:
        return _ordered(desk)

    @blueprint.get("/files")
    @allow(*ALL_STAFF)
    def files() -> Response:
        return desk.fresh("reports/files.html", _files)

    @blueprint.get("/files/<number>")
    @allow(*ALL_STAFF)
    def file(number: str) -> Response:
        with desk.session() as session:
            found = orders.find(session, number, asker())
            if found is None or found.state is not orders.State.READY:
                abort(404, "no such file")
        action = "records.download" if found.kind is Kind.RECORDS else "recap.download"
        _note(desk, action, found.kiosk or found.unit, Month(found.month.year, found.month.month), name=found.name)
        headers = {"Content-Disposition": f'attachment; filename="{found.name}"', "Content-Length": str(found.size)}
        kind = orders.TYPES[found.name.rpartition(".")[2]]
        return Response(orders.content(desk.engine, found.id), content_type=kind, headers=headers)

    @blueprint.get("/check")
    @allow(*ALL_STAFF)
    def ask_check() -> str:
        return render_template("reports/check.html", form=CheckForm(), found=None, name="")

    @blueprint.post("/check")
    @allow(*ALL_STAFF)
    @takes(LARGEST)
    def check() -> str:
        return _checked(desk)

    return blueprint


def _values(desk: Desk, settings: CollectorSettings, session: Session, month: Month) -> dict[str, Any]:
    where = where_asked(session)
    sums = by_unit(session, month.days[0], month.days[-1], where.codes)
    tables: tuple[Table, ...] = ()
    lines: tuple[Line, ...] = ()
    whole = added(sums.values())
    if where.unit is not None and whole.people and whole.people / len(month.days) <= MOST_ON_SCREEN:
        printed = desk.now().astimezone(desk.zone)
        told = settings.reports
        wish = Wish(unit=where.code, month=month, regency=told.regency, place=told.place, staff={}, printed=printed)
        asked, lines = unit_month(session, wish)
        tables = document(asked, lines).tables
    chosen = min(max(0, request.args.get("sheet", 0, int)), max(len(tables) - 1, 0))
    return {
        "where": where,
        "month": month,
        "before": shifted(month, -1),
        "after": shifted(month, 1),
        "whole": whole,
        "below": _below(where, sums),
        "closed": _closed(session, where, month),
        "tables": tables,
        "chosen": chosen,
        "kept": _kept(tables[chosen]) if tables else (),
        "text": text,
        "ids": [line.member.id for line in lines],
        "may_all": me().role in ALL_ROLES,
    }


def _kept(table: Table) -> tuple[int, ...]:
    """The columns that say something: grade, post and unit are left out where they are empty or the same for all."""
    same = {at for at in DULL if table.name == RECAP and len({row[at] for row in table.rows}) < 2}
    return tuple(at for at in range(len(table.columns)) if at not in same)


def _below(where: Where, sums: dict[str, Sums]) -> list[tuple[Any, Sums]]:
    """The units right below with the sums of all under them; a unit without a judged day is left out."""
    found = []
    for child in where.children:
        below = added(sums[code] for code in where.units.below(child.code) if code in sums)
        if below.people:
            found.append((child, below))
    return found


def _closed(session: Session, where: Where, month: Month) -> ClosedMonth | None:
    """The closing that holds for the unit: its own, or that of one above."""
    codes = [each.code for each in where.units.path(where.code)]
    query = select(ClosedMonth).where(ClosedMonth.unit.in_(codes), ClosedMonth.month == month.days[0])
    return session.scalars(query.order_by(ClosedMonth.closed_at).limit(1)).one_or_none()


def _ordered(desk: Desk) -> AnyResponse:
    month = month_asked(desk.today().date)
    unit = request.form.get("unit", "")
    try:
        kind = Kind(request.values.get("kind", ""))
    except ValueError:
        abort(400)
    if kind is Kind.RECORDS:  # has a page and roles of its own
        abort(400)
    with desk.session() as session:
        if (unit and not in_reach(session, unit)) or (not unit and kind is not Kind.ALL):
            abort(404, "no such unit")
    if kind is Kind.ALL and not unit and me().role not in ALL_ROLES:
        abort(403)
    upload = request.files.get("staff")
    staff = upload.read(orders.MAX_STAFF + 1) if upload and upload.filename else None
    if staff is not None and len(staff) > orders.MAX_STAFF:
        abort(413)
    asked = Order(kind=kind, unit=unit, month=month, form=request.values.get("form", ""), by=asker(), staff=staff)
    try:
        with desk.write() as session:
            number = orders.place(session, asked, desk.now())
            detail = {"kind": kind.value, "form": asked.form, "month": str(month), "order": number}
            audit.note(session, asker(), "recap.order", unit, detail, desk.now())
    except ReportError as error:
        refuse(error)
    return redirect(url_for("recap.files"), 303)


def _files(session: Session) -> dict[str, Any]:
    return {
        "files": orders.placed(session, asker()),
        "units": read_units(session),
        "states": STATES,
        "kinds": KINDS,
        "fault": said,
    }


def _checked(desk: Desk) -> str:
    upload = request.files.get("file")
    raw = upload.read(checking.MAX_BYTES + 1) if upload else b""
    name = (upload.filename or "") if upload else ""
    with desk.session() as session:
        keys = orders.public_keys(session)
    if not raw or keys is None:
        tell(N_("Choose a file.") if not raw else N_("The process that seals has not run here yet."), "bad")
        return render_template("reports/check.html", form=CheckForm(), found=None, name="")
    try:
        found = checking.check(raw, keys)
    except PrintError as error:
        found = checking.Finding(None, str(error))
    return render_template("reports/check.html", form=CheckForm(), found=found, name=name[:120])


def _note(desk: Desk, action: str, unit: str, month: Month, **more: str) -> None:
    """Who read or took which people's month: what cannot be noted is not shown."""
    with desk.write() as session:
        audit.note(session, asker(), action, unit, {"month": str(month), **more}, desk.now())
