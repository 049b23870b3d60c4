"""PIN presence on a guarantee: who has one, giving it on paper, a new one for who forgot theirs, and its end."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta

from flask import Blueprint, flash, redirect, render_template, request, url_for
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response
from wtforms import DateField, StringField, ValidationError

from collector import audit
from collector.accounts.book import Author
from collector.accounts.roles import ALL_STAFF, BKD, OPD
from collector.leave import pins
from collector.leave.errors import PinError
from collector.leave.pins import Handed, Wanted
from collector.people.states import PersonState
from collector.settings import CollectorSettings
from collector.vault import Vault
from collector.web.access import allow, me, unit_asked
from collector.web.desk import Desk
from collector.web.fields import day_field, units_in_reach
from collector.web.forms import Form, Short, required, tell
from collector.web.menu import Entry, Group
from collector.web.staff import below, known
from collector.web.words import N_

GIVERS = BKD | OPD
"""A head vouches, an operator types it, BKD does both; all within their reach."""

MENU = (Entry("pins.show", N_("PIN on a guarantee"), Group.PEOPLE, ALL_STAFF),)
USUAL_DAYS = 30


class GuaranteeForm(Form):
    """Who vouches for the person, by which letter, why, until when."""

    guarantor = StringField(N_("Who vouches (name and office)"), [required(), Short(200)])
    letter = StringField(N_("Letter number"), [required(), Short(100)])
    reason = StringField(N_("Why no kiosk can know the face"), [required(), Short(300)], render_kw={"list": "reasons"})
    until: DateField = day_field(N_("Last day"))

    def __init__(self, today: date, longest_days: int) -> None:
        super().__init__(until=today + timedelta(days=min(USUAL_DAYS, longest_days)))
        self.today, self.last = today, today + timedelta(days=longest_days)

    def validate_until(self, field: DateField) -> None:
        """Neither past nor for ever."""
        if field.data and not self.today <= field.data <= self.last:
            raise ValidationError(N_("From today on, and no later than the longest time a guarantee may have."))


def pages(desk: Desk, settings: CollectorSettings) -> Blueprint:
    """The list, and one person's guarantee."""
    blueprint = Blueprint("pins", __name__, url_prefix="/pins")
    _list(blueprint, desk)
    _one(blueprint, desk, settings)
    _changes(blueprint, desk, settings)
    return blueprint


def _list(blueprint: Blueprint, desk: Desk) -> None:
    @blueprint.get("/")
    @allow(*ALL_STAFF)
    def show() -> str:
        today = desk.today().date
        with desk.session() as session:
            unit = unit_asked(session)
            held = pins.listed(session, below(session, unit), today)
            units = units_in_reach(session)
        return render_template("pins/list.html", held=held, unit=unit, units=units, names=dict(units), today=today)


def _one(blueprint: Blueprint, desk: Desk, settings: CollectorSettings) -> None:
    longest = settings.guarantees.longest_days

    @blueprint.route("/<person>", methods=["GET", "POST"])
    @allow(*GIVERS)
    def one(person: str) -> str:
        today = desk.today().date
        with desk.session() as session:
            who, form = known(desk, session, person), GuaranteeForm(today, longest)
            held, before = pins.held(session, person), pins.vouched(session, person)
        if form.validate_on_submit():
            wanted = Wanted(
                person=person,
                guarantor=form.guarantor.data,
                letter=form.letter.data,
                reason=form.reason.data,
                until=form.until.data,
            )
            given = _written(
                desk, lambda session, author: pins.give(session, _vault(settings), wanted, author, today, longest)
            )
            if isinstance(given, Handed):
                return _slip(who, given)
            form.until.errors = [*form.until.errors, given]
        with desk.write() as session:
            audit.note(session, me().id, "pin.read", person, {}, desk.now())
        holds = held if held is not None and held.until >= today else None
        return render_template("pins/one.html", who=who, held=holds, before=before, form=form, today=today)


def _changes(blueprint: Blueprint, desk: Desk, settings: CollectorSettings) -> None:
    @blueprint.post("/<person>/renew")
    @allow(*GIVERS)
    def renew(person: str) -> str | Response:
        today = desk.today().date
        with desk.session() as session:
            who = known(desk, session, person)
        given = _written(desk, lambda session, author: pins.renew(session, _vault(settings), person, author, today))
        if isinstance(given, Handed):
            return _slip(who, given)
        flash(given, "bad")
        return redirect(url_for("pins.one", person=person), 303)

    @blueprint.post("/<person>/end")
    @allow(*GIVERS)
    def end(person: str) -> Response:
        why, today = request.form.get("why", "").strip()[:200], desk.today().date
        with desk.session() as session:
            who = known(desk, session, person)
        try:
            with desk.write() as session:
                pins.end(session, person, Author(me().id, desk.now()), why, today)
        except PinError:
            flash(N_("Say why it ends; a guarantee that has ended needs no end."), "bad")
        else:
            tell(N_("%(name)s has no PIN any more. Kiosks forget it with the next roster."), name=who.name)
        return redirect(url_for("pins.one", person=person), 303)


def _written(desk: Desk, give: Callable[[Session, Author], Handed]) -> Handed | str:
    """What is printed, or why nothing was given: somebody else was quicker, or the person left meanwhile."""
    try:
        with desk.write() as session:
            return give(session, Author(me().id, desk.now()))
    except PinError:
        return N_("No PIN was given: the person no longer serves, or the guarantee has ended. Look again.")


def _slip(who: PersonState, handed: Handed) -> str:
    """The paper; the PIN is in this answer alone, which no browser keeps."""
    return render_template("pins/slip.html", who=who, handed=handed)


def _vault(settings: CollectorSettings) -> Vault:
    return Vault.open(settings.store.keys)
