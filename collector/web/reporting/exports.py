"""Sealed records to take away: the inspectorate chooses days and a unit or kiosk, and checks the file without the centre."""

from __future__ import annotations

from datetime import timedelta

from flask import Blueprint, redirect, render_template, url_for
from sqlalchemy import select
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response
from wtforms import DateField, StringField

from collector import audit
from collector.accounts.roles import Role
from collector.errors import ReportError
from collector.recap import orders
from collector.recap.asking import MOST_RECORDS
from collector.recap.month import Month
from collector.recap.orders import Kind, Order
from collector.settings import CollectorSettings
from collector.store.people import Kiosk
from collector.web.access import allow
from collector.web.desk import Desk
from collector.web.forms import Form, Short, required
from collector.web.menu import Entry, Group
from collector.web.reporting.asked import EARLIEST, LATEST, asker
from collector.web.reporting.faults import refuse
from collector.web.units import Units
from collector.web.words import N_

MENU = (Entry("exports.show", N_("Sealed records"), Group.OVERSIGHT),)
TAKERS = (Role.INSPECTORATE, Role.BKD_ADMIN)
LONGEST = timedelta(days=400)


class Wanted(Form):
    """Days, and whose kiosks; a kiosk goes before its unit."""

    since = DateField(N_("From"), [required()])
    until = DateField(N_("To"), [required()])
    unit = StringField(N_("Unit"), [Short(64)])
    kiosk = StringField(N_("Kiosk"), [Short(63)])


def pages(desk: Desk, _settings: CollectorSettings) -> Blueprint:
    """The form; the jobs process makes the file, which the page of files hands over."""
    blueprint = Blueprint("exports", __name__, url_prefix="/reports/exports")

    @blueprint.get("/")
    @allow(*TAKERS)
    def show() -> str:
        today = desk.today().date
        return _page(desk, Wanted(formdata=None, since=today - timedelta(days=7), until=today - timedelta(days=1)))

    @blueprint.post("/")
    @allow(*TAKERS)
    def order() -> Response | tuple[str, int]:
        form = Wanted()
        form.validate()
        with desk.session() as session:
            _check(session, form)
        if any(form.errors.values()):
            return _page(desk, form), 422
        try:
            _place(desk, form)
        except ReportError as error:
            refuse(error)
        return redirect(url_for("recap.files"), 303)

    return blueprint


def _check(session: Session, form: Wanted) -> None:
    """What a field alone cannot know."""
    since, until = form.since.data, form.until.data
    if since and until and not EARLIEST <= since <= until <= min(LATEST, since + LONGEST):
        form.until.errors = [N_("From the first day on, and at most 400 days after it.")]
    if form.unit.data and not Units(session).below(form.unit.data):
        form.unit.errors = [N_("There is no unit with this code.")]
    if form.kiosk.data and session.get(Kiosk, form.kiosk.data) is None:
        form.kiosk.errors = [N_("There is no kiosk of this name.")]


def _place(desk: Desk, form: Wanted) -> None:
    """Order it, noted. Raises ReportError."""
    since, until, kiosk = form.since.data, form.until.data, form.kiosk.data or ""
    unit = "" if kiosk else form.unit.data or ""
    order = Order(
        kind=Kind.RECORDS,
        unit=unit,
        month=Month(since.year, since.month),
        form="zip",
        by=asker(),
        days=(since, until),
        kiosk=kiosk,
    )
    with desk.write() as session:
        number = orders.place(session, order, desk.now())
        detail = {"from": str(since), "to": str(until), "unit": unit, "order": number}
        audit.note(session, asker(), "records.order", kiosk or unit, detail, desk.now())


def _page(desk: Desk, form: Wanted) -> str:
    with desk.session() as session:
        units = Units(session).options()
        kiosks = list(session.execute(select(Kiosk.id, Kiosk.unit).order_by(Kiosk.id)))
    return render_template("reports/exports.html", form=form, units=units, kiosks=kiosks, most=MOST_RECORDS)
