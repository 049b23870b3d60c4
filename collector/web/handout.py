"""Hand-out links: an operator prints one for an employee, who chooses their own password by it and sees their own data."""

from __future__ import annotations

from datetime import timedelta

from flask import Blueprint, abort, redirect, render_template, request, session, url_for
from werkzeug.wrappers import Response
from wtforms import PasswordField, ValidationError

from collector.accounts import handouts, passwords, sessions, throttle
from collector.accounts.book import Author
from collector.accounts.handouts import Offer
from collector.accounts.login import Door
from collector.accounts.roles import BKD, OPD
from collector.reports.looks import profile
from collector.settings import CollectorSettings
from collector.web.access import TOKEN, allow, anybody, client, me, person_in_reach
from collector.web.account import WEAK, door_of
from collector.web.desk import Desk
from collector.web.forms import Form, required
from collector.web.menu import Entry
from collector.web.words import N_

MENU: tuple[Entry, ...] = ()


class Choose(Form):
    """A first password, twice."""

    new = PasswordField(N_("New password"), [required()])
    again = PasswordField(N_("New password once more"), [required()])

    def __init__(self, offer: Offer) -> None:
        super().__init__()
        self.offer = offer

    def validate_new(self, field: PasswordField) -> None:
        """Not easy to guess."""
        weak = passwords.weakness(field.data, self.offer.login, *self.offer.name.replace(",", " ").split())
        if weak is not None:
            raise ValidationError(WEAK[weak])

    def validate_again(self, field: PasswordField) -> None:
        """The same twice."""
        if field.data != self.new.data:
            raise ValidationError(N_("This is not the same."))


def pages(desk: Desk, settings: CollectorSettings) -> Blueprint:
    """Making a link, and what it opens."""
    blueprint = Blueprint("handout", __name__)
    door = door_of(desk, settings.web)
    lasts = timedelta(hours=settings.web.handout_h)

    @blueprint.post("/handout/<person>")
    @allow(*BKD, *OPD)
    def make(person: str) -> str:
        today = desk.today().date
        with desk.session() as database:
            if not person_in_reach(database, person, today, today):
                abort(404, "no such person")
            who = profile(database, person, today) or abort(404, "no such person")
        with desk.write() as database:
            token = handouts.make(database, person, Author(me().id, desk.now()), lasts)
        path = url_for("handout.welcome", token=token)
        link = f"{settings.web.origin or request.host_url.rstrip('/')}{path}"
        return render_template("account/slip.html", who=who, link=link, until=desk.now() + lasts)

    @blueprint.route("/welcome/<token>", methods=["GET", "POST"])
    @anybody
    def welcome(token: str) -> str | Response | tuple[str, int]:
        offer = _offer(door, token)
        if offer is None:
            return render_template("account/welcome.html", offer=None), 404
        form = Choose(offer)
        if not form.validate_on_submit():
            return render_template("account/welcome.html", offer=offer, form=form)
        hashed = passwords.hashed(form.new.data)
        with desk.write() as database:
            account = handouts.use(database, token, hashed, desk.now())
            begun = account and sessions.start(database, account, client(), desk.now(), door.limits)
        if not begun:
            return render_template("account/welcome.html", offer=None), 404
        session.clear()
        session[TOKEN] = begun
        return redirect(url_for("account.enter"), 303)

    return blueprint


def _offer(door: Door, token: str) -> Offer | None:
    """What the link opens. Answers 429 to an address that tried too many."""
    counted = throttle.by_address("handout", client().address, door.rule)
    with door.writer.session() as database:
        if throttle.take(database, counted, door.now(), door.rule) is not None:
            abort(429)
        found = handouts.offer(database, token, door.now())
        if found is not None:
            throttle.give_back(database, counted)
        return found
