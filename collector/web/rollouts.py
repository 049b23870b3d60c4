"""Bringing a version to all kiosks in waves: begin, look, pause, take up, end."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from sqlalchemy import select
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response
from wtforms import IntegerField, StringField, ValidationError
from wtforms.validators import NumberRange, Regexp

from collector import audit
from collector.accounts.roles import ADMIN, Role
from collector.errors import OrderError
from collector.fleet.rollouts import ENDED, PAUSED, RUNNING, Plan, begin, change, left_to_sticks, progress
from collector.fleet.shelf import Shelf
from collector.fleet.waves import SIZES
from collector.reports.fleet import fleet
from collector.settings import CollectorSettings
from collector.store.people import Kiosk
from collector.web.access import allow, me
from collector.web.desk import Desk
from collector.web.fleet_words import ORDER_STATES, ROLLOUT_STATES, STAGES
from collector.web.forms import Form, Short, required, tell
from collector.web.menu import Entry, Group
from collector.web.told_words import RESTARTS, reason
from collector.web.words import N_

LOOKERS = (Role.BKD_ADMIN, Role.BKD_OFFICER, Role.INSPECTORATE)
MENU = (Entry("rollouts.show", N_("Updates"), Group.CENTRE),)


class NewRollout(Form):
    """A version, and how careful to be."""

    version = StringField(
        N_("Version"), [required(), Short(40), Regexp(r"^[0-9][0-9A-Za-z.+-]*$", message=N_("A version, as 1.2.0."))]
    )
    kiosks = StringField(N_("Only these kiosks"), [Short(2000)])
    allowed = IntegerField(
        N_("Failures that are put up with"), [NumberRange(0, 1000, N_("From 0 to 1000."))], default=0
    )
    hours = IntegerField(
        N_("Hours that a kiosk has to answer"), [NumberRange(1, 2160, N_("From 1 to 2160."))], default=48
    )

    def validate_kiosks(self, field: StringField) -> None:
        """Names with commas or spaces between them."""
        if any(len(name) > 63 for name in self.names()):
            raise ValidationError(N_("This is no name of a kiosk."))

    def names(self) -> list[str]:
        """The kiosks named; none for all."""
        return (self.kiosks.data or "").replace(",", " ").split()


def pages(desk: Desk, settings: CollectorSettings) -> Blueprint:
    """The rollouts and what is done with them."""
    blueprint = Blueprint("rollouts", __name__, url_prefix="/rollouts")
    shelf = Shelf(settings.releases.folder)
    known = {"rollout_states": ROLLOUT_STATES, "stages": STAGES, "sizes": SIZES}
    told = {"order_states": ORDER_STATES, "why_of": reason, "restarts": RESTARTS}
    blueprint.context_processor(lambda: {**known, **told, "laid_out": shelf.versions()})

    @blueprint.get("/")
    @allow(*LOOKERS)
    def show() -> str:
        return _page(desk, NewRollout())

    @blueprint.post("/")
    @allow(*ADMIN)
    def start() -> Response | str | tuple[str, int]:
        form = NewRollout()
        if not form.validate_on_submit():
            return _page(desk, form), 422
        plan = Plan(form.version.data, {"version": form.version.data}, form.allowed.data, form.hours.data)
        try:
            with desk.write() as session:
                number = begin(session.connection(), plan, form.names(), me().id, desk.now())
                audit.note(session, me().id, "rollout.begin", number, {"version": plan.version}, desk.now())
                carried = 0 if form.names() else left_to_sticks(session.connection())
        except OrderError:
            _say_why(desk, form)
            return _page(desk, form), 422
        flash(N_("It has begun, with one kiosk."), "good")
        if carried:
            tell(
                N_("%(count)s kiosks live by sticks and are left out: prepare their sticks with this version."),
                count=carried,
            )
        return redirect(url_for("rollouts.show"), 303)

    @blueprint.post("/<number>")
    @allow(*ADMIN)
    def turn(number: str) -> Response:
        state, why = request.form.get("state", ""), request.form.get("why", "").strip()
        if state not in {RUNNING, PAUSED, ENDED}:
            abort(400)
        if not why:
            flash(N_("Say why: it can be read later."), "bad")
            return redirect(url_for("rollouts.show"), 303)
        try:
            with desk.write() as session:
                change(session.connection(), number, state, me().id, why[:500], desk.now())
                audit.note(session, me().id, f"rollout.{state}", number, {}, desk.now())
        except OrderError:
            flash(N_("It has ended meanwhile."), "bad")
        return redirect(url_for("rollouts.show"), 303)

    return blueprint


def _page(desk: Desk, form: NewRollout) -> str:
    with desk.session() as session:
        values: dict[str, Any] = {"rollouts": progress(session.connection()), "fleet": fleet(session)}
    return render_template("fleet/rollouts.html", form=form, **values)


def _say_why(desk: Desk, form: NewRollout) -> None:
    """Which of the rules it broke, at the field that broke it."""
    with desk.session() as session:
        unknown = _unknown(session, form.names())
    if unknown:
        form.kiosks.errors = [N_("One of these is not there or is retired.")]
    else:
        form.version.errors = [
            N_("Another version is still being rolled out, or there is no kiosk with a network yet.")
        ]


def _unknown(session: Session, names: list[str]) -> bool:
    known = session.scalars(select(Kiosk.id).where(Kiosk.id.in_(names), Kiosk.retired_at.is_(None)))
    return bool(set(names) - set(known))
