"""Logging in and out, the own password, and the browsers that are logged in."""

from __future__ import annotations

from datetime import timedelta

from flask import Blueprint, flash, redirect, render_template, request, session, url_for
from werkzeug.wrappers import Response
from wtforms import PasswordField, StringField, ValidationError

from collector import audit
from collector.accounts import login, passwords, sessions
from collector.accounts.login import Answer, Door
from collector.accounts.passwords import Weakness
from collector.accounts.roles import EVERYBODY, Role
from collector.accounts.throttle import Rule
from collector.settings import CollectorSettings, Web
from collector.web.access import TOKEN, allow, anybody, client, home, limits_of, me, safe, somebody, this_browser
from collector.web.desk import Desk
from collector.web.forms import Form, Short, required
from collector.web.menu import Entry
from collector.web.words import N_

MENU: tuple[Entry, ...] = ()

ROLES = {
    Role.BKD_ADMIN: N_("BKD administrator"),
    Role.BKD_OFFICER: N_("BKD officer"),
    Role.OPD_HEAD: N_("Head of unit"),
    Role.OPD_OPERATOR: N_("Operator of unit"),
    Role.INSPECTORATE: N_("Inspectorate"),
    Role.EMPLOYEE: N_("Employee"),
}
WEAK = {
    Weakness.LENGTH: N_("A password has at least 10 characters and at most 200."),
    Weakness.USUAL: N_("This is among the first that somebody would try."),
    Weakness.NAME: N_("A password does not hold your own name."),
}


class LogIn(Form):
    """Name and password."""

    login = StringField(N_("User name"), [required(), Short(200)])
    password = PasswordField(N_("Password"), [required()])


class NewPassword(Form):
    """The old password and, twice, the new one."""

    old = PasswordField(N_("Present password"), [required()])
    new = PasswordField(N_("New password"), [required()])
    again = PasswordField(N_("New password once more"), [required()])

    def validate_new(self, field: PasswordField) -> None:
        """Not easy to guess, and not the old one."""
        weak = passwords.weakness(field.data, me().id, *me().name.split())
        if weak is not None:
            raise ValidationError(WEAK[weak])
        if field.data == self.old.data:
            raise ValidationError(N_("This is the present password."))

    def validate_again(self, field: PasswordField) -> None:
        """The same twice."""
        if field.data != self.new.data:
            raise ValidationError(N_("This is not the same."))


def pages(desk: Desk, settings: CollectorSettings) -> Blueprint:
    """The log-in, the log-out, the own account."""
    blueprint = Blueprint("account", __name__)
    door = door_of(desk, settings.web)
    _in_and_out(blueprint, desk, door)
    _own(blueprint, desk, door)
    return blueprint


def _in_and_out(blueprint: Blueprint, desk: Desk, door: Door) -> None:
    @blueprint.route("/login", methods=["GET", "POST"])
    @anybody
    def log_in() -> str | Response | tuple[str, int]:
        if somebody() and request.method == "GET":
            return redirect(home(), 303)
        form = LogIn()
        if not form.validate_on_submit():
            return render_template("account/login.html", form=form)
        answer = login.log_in(door, form.login.data, form.password.data, client())
        if answer.token is None:
            return _refused(form, answer, "account/login.html")
        _begin(answer.token)
        return redirect(safe(request.args.get("next")) or url_for("account.enter"), 303)

    @blueprint.get("/enter")
    @allow(*EVERYBODY)
    def enter() -> Response:
        return redirect(home(), 303)

    @blueprint.post("/logout")
    @allow(*EVERYBODY)
    def log_out() -> Response:
        with desk.write() as database:
            sessions.close(database, me().id, this_browser().id)
            audit.note(database, me().id, "logout", me().id, at=desk.now())
        session.clear()
        return redirect(url_for("account.log_in"), 303)


def _own(blueprint: Blueprint, desk: Desk, door: Door) -> None:
    @blueprint.get("/account")
    @allow(*EVERYBODY)
    def show() -> str:
        with desk.session() as database:
            browsers = sessions.listed(database, me().id, desk.now(), door.limits)
        return render_template("account/show.html", me=me(), roles=ROLES, browsers=browsers, this=this_browser().id)

    @blueprint.post("/account/sessions")
    @allow(*EVERYBODY)
    def close() -> Response:
        with desk.write() as database:
            if request.form.get("browser") is None:
                closed = login.close_everywhere(database, me().id, desk.now())
            else:
                closed = int(sessions.close(database, me().id, request.form["browser"]))
        flash(N_("Logged out.") if closed else N_("That one was logged out already."), "good")
        return redirect(url_for("account.show"), 303)

    @blueprint.route("/account/password", methods=["GET", "POST"])
    @allow(*EVERYBODY)
    def change_password() -> str | Response | tuple[str, int]:
        form = NewPassword()
        if not form.validate_on_submit():
            return render_template("account/password.html", form=form, must=this_browser().must_change)
        answer = login.change_password(door, me().id, form.old.data, form.new.data, client())
        if answer.token is None:
            return _refused(form, answer, "account/password.html")
        _begin(answer.token)
        flash(N_("The new password holds. All other browsers were logged out."), "good")
        return redirect(url_for("account.enter"), 303)


def door_of(desk: Desk, web: Web) -> Door:
    """The door as it is set."""
    return Door(desk.writer, desk.now, limits_of(web), Rule(web.attempts, timedelta(minutes=web.attempts_min)))


def _begin(token: str) -> None:
    """A new cookie with nothing of the old one in it: what somebody put there before the log-in is gone."""
    session.clear()
    session[TOKEN] = token


def _refused(form: Form, answer: Answer, template: str) -> tuple[str, int]:
    """The page again, saying that it was wrong, or how long to wait; never which of the two fields."""
    must = template == "account/password.html" and this_browser().must_change
    page = render_template(template, form=form, refused=True, again_at=answer.again_at, must=must)
    return page, 429 if answer.again_at else 401
