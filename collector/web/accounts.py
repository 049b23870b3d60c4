"""Accounts: the administrator makes, changes, resets and closes them. A one-time password is shown once, and kept nowhere."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from sqlalchemy import or_, select
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response
from wtforms import SelectField, StringField

from collector.accounts import book, listing
from collector.accounts.book import Author, Refusal, Wish
from collector.accounts.listing import Choice, Row
from collector.accounts.roles import Role
from collector.errors import AccountError
from collector.settings import CollectorSettings
from collector.store.people import Person, Unit
from collector.web.access import allow, me
from collector.web.account import ROLES
from collector.web.desk import Desk
from collector.web.forms import Form, Short, required
from collector.web.menu import Entry, Group
from collector.web.paging import PAGE
from collector.web.paging import pages as pages_of
from collector.web.words import N_

MENU = (Entry("accounts.show", N_("Accounts"), Group.CENTRE),)
STAFF = [role for role in Role if role is not Role.EMPLOYEE]
"""Employees come by a hand-out link, which the operator of their unit prints."""

SAID = {
    Refusal.LOGIN: ("login", N_("3 to 64 characters: small letters, digits, . _ @ -")),
    Refusal.TAKEN: ("login", N_("Somebody has this user name already.")),
    Refusal.UNIT_NEEDED: ("unit", N_("This role needs a unit.")),
    Refusal.UNIT_UNWANTED: ("unit", N_("This role has no unit; leave it empty.")),
    Refusal.UNIT_UNKNOWN: ("unit", N_("There is no unit with this code.")),
    Refusal.PERSON_UNKNOWN: ("number", N_("Nobody has this number.")),
    Refusal.PERSON_TAKEN: ("number", N_("This person has an account already.")),
    Refusal.LAST_ADMIN: ("role", N_("This is the last administrator. Make another one first.")),
}
"""The field at which each refusal stands, and its words."""


class New(Form):
    """A new account of staff."""

    login = StringField(N_("User name"), [required(), Short(64)])
    name = StringField(N_("Name"), [required(), Short(200)])
    role = SelectField(N_("Role"), choices={role.value: ROLES[role] for role in STAFF})
    unit = StringField(N_("Unit code"), [Short(64)])
    number = StringField(N_("NIP, NI PPPK or internal number"), [Short(64)])


class Change(Form):
    """Another role, another unit."""

    role = SelectField(N_("Role"), choices={role.value: ROLES[role] for role in STAFF})
    unit = StringField(N_("Unit code"), [Short(64)])


def pages(desk: Desk, settings: CollectorSettings) -> Blueprint:
    """The list, a new one, one account, and what can be done with it."""
    blueprint = Blueprint("accounts", __name__, url_prefix="/accounts")
    blueprint.context_processor(lambda: {"roles": ROLES})
    lasts = timedelta(hours=settings.web.one_time_h)
    _looks(blueprint, desk, lasts)
    _steps(blueprint, desk, lasts)
    return blueprint


def _looks(blueprint: Blueprint, desk: Desk, lasts: timedelta) -> None:
    @blueprint.get("/")
    @allow(Role.BKD_ADMIN)
    def show() -> str:
        choice = _choice()
        with desk.session() as session:
            sheets = pages_of(listing.count(session, choice))
            rows = listing.listed(session, choice, PAGE, sheets.offset)
        return render_template("account/list.html", rows=rows, pages=sheets, choice=choice)

    @blueprint.route("/new", methods=["GET", "POST"])
    @allow(Role.BKD_ADMIN)
    def new() -> str | Response:
        form = New()
        if form.validate_on_submit():
            try:
                with desk.write() as session:
                    password = book.create(session, _wish(session, form), _author(desk), lasts)
                return _told(form.login.data.strip().casefold(), form.name.data, password, desk, lasts)
            except AccountError as error:
                _place(form, error)
        return render_template("account/new.html", form=form, units=_units(desk))

    @blueprint.route("/<account>", methods=["GET", "POST"])
    @allow(Role.BKD_ADMIN)
    def one(account: str) -> str | Response:
        row = _known(desk, account)
        form = Change(role=row.role.value, unit=row.unit or "")
        if request.method == "POST" and _changeable(row) and form.validate():
            try:
                with desk.write() as session:
                    unit = form.unit.data.strip() or None
                    book.change(session, account, _author(desk), Role(form.role.data), unit)
            except AccountError as error:
                _place(form, error)
            else:
                flash(N_("Changed. All browsers of this account were logged out."), "good")
                return redirect(url_for("accounts.one", account=account), 303)
        return render_template("account/one.html", row=row, form=form, units=_units(desk), mine=row.id == me().id)


def _steps(blueprint: Blueprint, desk: Desk, lasts: timedelta) -> None:
    @blueprint.post("/<account>/reset")
    @allow(Role.BKD_ADMIN)
    def reset(account: str) -> str | Response:
        return _with_password(account, book.reset)

    @blueprint.post("/<account>/enable")
    @allow(Role.BKD_ADMIN)
    def enable(account: str) -> str | Response:
        return _with_password(account, book.enable)

    @blueprint.post("/<account>/disable")
    @allow(Role.BKD_ADMIN)
    def disable(account: str) -> Response:
        _changeable(_known(desk, account))
        try:
            with desk.write() as session:
                book.disable(session, account, _author(desk))
            flash(N_("Closed. Nobody logs in with it from now on."), "good")
        except AccountError as error:
            flash(_words(error), "bad")
        return redirect(url_for("accounts.one", account=account), 303)

    def _with_password(account: str, step: Callable[[Session, str, Author, timedelta], str]) -> str | Response:
        row = _known(desk, account)
        _changeable(row)
        try:
            with desk.write() as session:
                password = step(session, account, _author(desk), lasts)
        except AccountError as error:
            flash(_words(error), "bad")
            return redirect(url_for("accounts.one", account=account), 303)
        return _told(row.login, row.name, password, desk, lasts)


def _told(login: str, name: str, password: str, desk: Desk, lasts: timedelta) -> str:
    """The password, in this answer alone: an address or a cookie that carried it to the next page would keep it."""
    until = desk.now() + lasts
    return render_template("account/told.html", login=login, name=name, password=password, until=until)


def _choice() -> Choice:
    role = request.args.get("role", "")
    return Choice(Role(role) if role in set(Role) else None, request.args.get("q", "").strip()[:100])


def _known(desk: Desk, account: str) -> Row:
    with desk.session() as session:
        return listing.one(session, account) or abort(404, "no such account")


def _changeable(row: Row) -> bool:
    """One's own account is changed by another administrator: nobody locks themselves out, or gives themselves more."""
    return row.id != me().id or abort(403)


def _author(desk: Desk) -> Author:
    return Author(me().id, desk.now())


def _wish(session: Session, form: New) -> Wish:
    """Raises AccountError for a number that nobody has."""
    unit, number = form.unit.data.strip() or None, form.number.data.strip()
    person = None
    if number:
        theirs = select(Person.id).where(or_(Person.number == number, Person.internal_number == number))
        person = session.scalars(theirs).first()
        if person is None:
            raise AccountError(Refusal.PERSON_UNKNOWN, f"number {number!r}: nobody has it")
    return Wish(form.login.data, form.name.data, Role(form.role.data), unit, person)


def _place(form: Form, error: AccountError) -> None:
    """Say what is wrong at the field it is about."""
    field, words = SAID.get(Refusal(error.rule), ("role", N_("This cannot be done any more. Load the page again.")))
    target: Any = form[field] if field in form else form["role"]
    target.errors = [*target.errors, words]


def _words(error: AccountError) -> str:
    return SAID.get(Refusal(error.rule), ("", N_("This cannot be done any more. Load the page again.")))[1]


def _units(desk: Desk) -> list[tuple[str, str]]:
    with desk.session() as session:
        return [(code, name) for code, name in session.execute(select(Unit.code, Unit.name).order_by(Unit.name))]
