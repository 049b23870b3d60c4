"""What people entered: every entry with who, when and why; declaring a disaster; taking one back."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response
from wtforms import DateField, SelectChoice, SelectMultipleField, StringField, ValidationError

from collector import audit
from collector.accounts.book import Author
from collector.accounts.roles import ALL_STAFF, BKD
from collector.audit.chain import Detail
from collector.entered import declaring, listing, withdrawing
from collector.entered.declaring import Calamity
from collector.entered.listing import Choice, Listed
from collector.judging.entries import EntryKind
from collector.judging.errors import EntryError
from collector.settings import CollectorSettings
from collector.web.access import allow, me, reach, unit_asked
from collector.web.days import last_of, month_asked
from collector.web.desk import Desk
from collector.web.entered_words import KINDS, WHYS, words
from collector.web.forms import Form, Short, required
from collector.web.menu import Entry, Group
from collector.web.paging import PAGE
from collector.web.paging import pages as pages_of
from collector.web.units import Units
from collector.web.words import N_

MENU = (Entry("entered.show", N_("Exceptions"), Group.OVERSIGHT, ALL_STAFF),)
TAKEN_BACK_HERE = frozenset({EntryKind.DISASTER, EntryKind.FINISHED, EntryKind.GUARANTEE})
"""Others are taken back where they were made: a letter, a list, an appeal."""


class DisasterForm(Form):
    """A disaster by decree."""

    name = StringField(N_("What happened"), [required(), Short(declaring.LONGEST_NAME)])
    decree = StringField(N_("Number of the decree"), [required(), Short(200)])
    since = DateField(N_("From"), [required()])
    until = DateField(N_("To"), [required()])
    units = SelectMultipleField(N_("Units"))

    def validate_until(self, field: DateField) -> None:
        """After its beginning, within three months."""
        if self.since.data and field.data and not 0 <= (field.data - self.since.data).days < declaring.LONGEST.days:
            raise ValidationError(N_("The end comes after the start, within three months."))


class WithdrawForm(Form):
    """Why it is taken back."""

    why = StringField(N_("Reason"), [required(), Short(500)])


def pages(desk: Desk, _settings: CollectorSettings) -> Blueprint:
    """The list, a disaster, withdrawing."""
    blueprint = Blueprint("entered", __name__, url_prefix="/entries")
    blueprint.context_processor(lambda: {"kinds": KINDS, "whys": WHYS, "second": timedelta(seconds=1)})

    @blueprint.get("/")
    @allow(*ALL_STAFF)
    def show() -> str:
        with desk.session() as session:
            values = _list(desk, session)
        return render_template("entered/list.html", **values)

    @blueprint.route("/disaster", methods=["GET", "POST"])
    @allow(*BKD)
    def disaster() -> str | Response:
        form = DisasterForm()
        with desk.session() as session:
            units = Units(session).options()
        form.units.choices = [SelectChoice(one.code, one.name) for one in units]
        if not form.validate_on_submit():
            return render_template("entered/disaster.html", form=form, units=units, today=desk.today().date)
        return _declared(desk, form)

    @blueprint.post("/<number>/withdraw")
    @allow(*BKD)
    def withdraw(number: str) -> Response:
        form = WithdrawForm()
        back = redirect(url_for("entered.show", kind=request.form.get("kind", "")), 303)
        if not form.validate_on_submit():
            flash(N_("A withdrawal needs its reason."), "bad")
            return back
        try:
            with desk.write() as session:
                found = _withdrawable(session, number)
                withdrawing.withdraw(session, number, Author(me().id, desk.now()), form.why.data)
                audit.note(session, me().id, f"{found.kind.value}.withdraw", number, at=desk.now())
        except EntryError as error:
            flash(words(error), "bad")
        else:
            flash(N_("Withdrawn. The days are judged again within a minute."), "good")
        return back

    return blueprint


def _list(desk: Desk, session: Session) -> dict[str, Any]:
    unit, units = unit_asked(session), Units(session)
    asked = request.args.get("kind", "")
    chosen = tuple(kind for kind in KINDS if not asked or kind.value == asked) or tuple(KINDS)
    month = month_asked(desk.today().date) if request.args.get("month") else None
    within = units.below(unit) if unit else reach(session)
    choice = Choice(chosen, within, units.above(unit) if unit else (), _span(month))
    sheets = pages_of(listing.count(session, choice))
    return {
        "rows": listing.listed(session, choice, PAGE, sheets.offset),
        "pages": sheets,
        "kind": asked if len(chosen) == 1 else "",
        "unit": unit,
        "units": units.options(),
        "month": month,
        "withdrawable": TAKEN_BACK_HERE,
        "form": WithdrawForm(formdata=None),
        "bkd": me().role in BKD,
    }


def _span(month: date | None) -> tuple[date, date] | None:
    return None if month is None else (month, last_of(month))


def _declared(desk: Desk, form: DisasterForm) -> Response:
    calamity = Calamity(
        units=tuple(form.units.data or ()),
        since=form.since.data,
        until=form.until.data,
        name=form.name.data,
        decree=form.decree.data,
    )
    try:
        with desk.write() as session:
            made = declaring.declare_disaster(session.connection(), calamity, me().id, desk.now())
            detail: Detail = {"from": str(calamity.since), "to": str(calamity.until), "units": len(made)}
            for number in made:
                audit.note(session, me().id, "disaster.declare", number, detail, desk.now())
    except EntryError as error:
        flash(words(error), "bad")
        return redirect(url_for("entered.disaster"), 303)
    flash(N_("Declared. The days excuse themselves within a minute."), "good")
    return redirect(url_for("entered.show", kind=EntryKind.DISASTER.value), 303)


def _withdrawable(session: Session, number: str) -> Listed:
    found = listing.one(session, number)
    if found is None or found.kind not in TAKEN_BACK_HERE:
        abort(404, "no such entry")
    return found
