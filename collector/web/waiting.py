"""Days that wait for kiosks, and declaring a dead kiosk finished so that they wait no more."""

from __future__ import annotations

from flask import Blueprint, abort, flash, redirect, render_template, url_for
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response
from wtforms import BooleanField, StringField

from collector import audit
from collector.accounts.roles import ALL_STAFF, BKD
from collector.entered import declaring, waiting
from collector.entered.listing import Choice, listed
from collector.entered.waiting import Awaited
from collector.judging.entries import EntryKind
from collector.judging.errors import EntryError
from collector.reports import fleet
from collector.reports import kiosks as reports
from collector.reports.units import read_units
from collector.rules.errors import RulesError
from collector.settings import CollectorSettings
from collector.web.access import allow, in_reach, me, reach
from collector.web.desk import Desk
from collector.web.entered import WithdrawForm
from collector.web.entered_words import ADVICE
from collector.web.forms import Form, Short, required
from collector.web.kiosks import STATES
from collector.web.menu import Entry, Group
from collector.web.words import N_

MENU = (Entry("waiting.show", N_("Waiting days"), Group.TODAY, ALL_STAFF),)
MOST_FINISHED = 50


class FinishForm(Form):
    """What became of it; and that one has looked."""

    why = StringField(N_("What became of the kiosk"), [required(), Short(500)])
    sure = BooleanField(N_("I have read what its days become."), [required()])


def pages(desk: Desk, _settings: CollectorSettings) -> Blueprint:
    """The list, one kiosk with its preview, and the declaration."""
    blueprint = Blueprint("waiting", __name__, url_prefix="/waiting")

    @blueprint.get("/")
    @allow(*ALL_STAFF)
    def show() -> str:
        with desk.session() as session:
            units = reach(session)
            found = waiting.awaited(session.connection(), desk.now(), units)
            choice = Choice((EntryKind.FINISHED,), units, standing=True)
            dead = listed(session, choice, MOST_FINISHED)
            near = {each.kiosk for each in found if in_reach(session, each.unit)}
        return render_template("entered/waiting.html", rows=found, near=near, finished=dead, bkd=me().role in BKD)

    @blueprint.get("/<name>")
    @allow(*ALL_STAFF)
    def one(name: str) -> str:
        return _page(desk, name, FinishForm(formdata=None))

    @blueprint.post("/<name>/finish")
    @allow(*BKD)
    def finish(name: str) -> str | Response:
        form = FinishForm()
        if not form.validate_on_submit():
            return _page(desk, name, form)
        try:
            with desk.write() as session:
                entry = declaring.declare_finished(session.connection(), name, me().id, form.why.data, desk.now())
                audit.note(session, me().id, "kiosk.finished", name, {"entry": entry}, desk.now())
        except EntryError:
            flash(N_("This kiosk is not known, or was declared finished already."), "bad")
            return redirect(url_for("waiting.show"), 303)
        flash(N_("Declared finished. The days that waited for it are judged within a minute."), "good")
        return redirect(url_for("waiting.one", name=name), 303)

    return blueprint


def _page(desk: Desk, name: str, form: FinishForm) -> str:
    with desk.session() as session:
        facts = reports.kiosk(session, name)
        if facts is None or not in_reach(session, facts.unit):
            abort(404, "no such kiosk")
        held = _held(session, desk, name)
        trial = None
        if held is not None and me().role in BKD:
            try:
                trial = waiting.if_finished(session.connection(), name, desk.now())
            except (RulesError, LookupError):  # rules that contradict each other are mended on the page of hours
                trial = None
        units = read_units(session)
        missed = fleet.missed(fleet.open_alarms(session, [name]).get(name, ()), facts.heard_at)
        ever = listed(session, Choice((EntryKind.FINISHED,), frozenset((facts.unit,))), MOST_FINISHED)
    mine = [each for each in ever if each.kiosk == name]
    state = facts.state(desk.today(), desk.now(), missed=missed)
    return render_template(
        "entered/kiosk.html",
        facts=facts,
        state=STATES[state],
        advice=ADVICE.get(state),
        held=held,
        trial=trial,
        units=units,
        entries=mine,
        standing=next((each for each in mine if each.withdrawn_at is None), None),
        form=form,
        back=WithdrawForm(formdata=None),
        bkd=me().role in BKD,
    )


def _held(session: Session, desk: Desk, name: str) -> Awaited | None:
    found = waiting.awaited(session.connection(), desk.now(), reach(session))
    return next((each for each in found if each.kiosk == name), None)
