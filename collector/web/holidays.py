"""Days off: the published list, and the admin's table by decree that overrides it, for all or for a unit and those below."""

from __future__ import annotations

from datetime import date

from flask import Blueprint, flash, redirect, render_template, request, url_for
from sqlalchemy import select
from werkzeug.wrappers import Response
from wtforms import BooleanField, DateField, StringField

from collector import audit
from collector.accounts.roles import ALL_STAFF, BKD
from collector.errors import CollectorError
from collector.judging import book, changing
from collector.judging.changing import Decision
from collector.rules.errors import RulesError
from collector.rules.rulebook import Holiday
from collector.settings import CollectorSettings
from collector.store.hours import StoredHoliday
from collector.web.access import allow, me
from collector.web.desk import Desk
from collector.web.forms import Short, required
from collector.web.hours_forms import ApproveForm
from collector.web.hours_words import OTHERWISE, words
from collector.web.menu import Entry, Group
from collector.web.units import Units
from collector.web.words import N_

MENU = (Entry("holidays.show", N_("Holidays"), Group.HOURS, ALL_STAFF),)


class HolidayForm(ApproveForm):
    """A day off by decree, or a working day after all."""

    day = DateField(N_("Date"), [required()])
    name = StringField(N_("Occasion"), [required(), Short(200)])
    decree = StringField(N_("Number of the decree"), [required(), Short(200)])
    joint = BooleanField(N_("Joint leave"))
    works = BooleanField(N_("A working day after all"))


def pages(desk: Desk, _settings: CollectorSettings) -> Blueprint:
    """A year's days off, entering one, taking one back."""
    blueprint = Blueprint("holidays", __name__, url_prefix="/holidays")

    @blueprint.get("/")
    @allow(*ALL_STAFF)
    def show() -> str:
        return _page(desk, HolidayForm(formdata=None))

    @blueprint.post("/new")
    @allow(*BKD)
    def new() -> str | Response:
        form, unit = HolidayForm(), request.form.get("unit", "")
        if not form.validate_on_submit():
            return _page(desk, form)
        holiday = Holiday(
            day=form.day.data,
            name=form.name.data,
            decree=form.decree.data,
            joint=form.joint.data,
            works=form.works.data,
            units=(unit,) if unit else (),
        )
        try:
            with desk.write() as session:
                if unit and not Units(session).below(unit):
                    return _page(desk, form)
                changing.add_holiday(session.connection(), holiday, _decision(desk, form))
                audit.note(session, me().id, "holiday.add", str(holiday.day), {"unit": unit}, desk.now())
        except (CollectorError, RulesError) as error:
            flash(words(error), "bad")
            return _page(desk, form)
        flash(N_("Noted."), "good")
        return redirect(url_for("holidays.show", year=holiday.day.year), 303)

    @blueprint.post("/<int:number>/withdraw")
    @allow(*BKD)
    def withdraw(number: int) -> Response:
        form = ApproveForm()
        if not form.validate_on_submit():
            flash(OTHERWISE, "bad")
            return redirect(url_for("holidays.show", year=_year(desk)), 303)
        try:
            with desk.write() as session:
                changing.withdraw_holiday(session.connection(), number, _decision(desk, form))
                audit.note(session, me().id, "holiday.withdraw", str(number), {"why": form.why.data}, desk.now())
        except (CollectorError, RulesError) as error:
            flash(words(error), "bad")
        else:
            flash(N_("Withdrawn."), "good")
        return redirect(url_for("holidays.show", year=_year(desk)), 303)

    return blueprint


def _decision(desk: Desk, form: ApproveForm) -> Decision:
    confirmed = int(form.sure.data) + int(form.surer.data)
    return Decision(me().id, desk.now(), confirmed, form.why.data or "")


def _page(desk: Desk, form: HolidayForm) -> str:
    year, table = _year(desk), StoredHoliday
    within = (table.day >= date(year, 1, 1), table.day <= date(year, 12, 31), table.withdrawn_at.is_(None))
    with desk.session() as session:
        rows = list(session.scalars(select(table).where(*within).order_by(table.day, table.id)))
        session.expunge_all()
        units = Units(session)
        names = {row.unit: units.name(row.unit) for row in rows if row.unit}
    if all(row.source != book.PUBLISHED for row in rows):  # looking at a year does not keep its list as it is today
        rows = sorted([*rows, *map(_published, book.published(year))], key=lambda row: row.day)
    may = me().role in BKD
    return render_template(
        "hours/holidays.html",
        rows=rows,
        names=names,
        units=units.options(),
        year=year,
        form=form,
        may=may,
        today=desk.today().date,
    )


def _published(holiday: Holiday) -> StoredHoliday:
    kept = {"decree": "", "unit": "", "works": False, "source": book.PUBLISHED}
    return StoredHoliday(day=holiday.day, name=holiday.name, joint=holiday.joint, **kept)


def _year(desk: Desk) -> int:
    return min(max(request.args.get("year", desk.today().date.year, int), 2000), 2199)
