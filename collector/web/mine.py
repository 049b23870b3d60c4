"""The own page: one's days and looks, and the rights over one's data. And for BKD the requests that people make."""

from __future__ import annotations

import json

from flask import Blueprint, Response, abort, flash, redirect, render_template, url_for
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response as AnyResponse
from wtforms import TextAreaField

from collector import audit
from collector.accounts.roles import BKD, EVERYBODY, Role
from collector.errors import ChangeError
from collector.people import own
from collector.people.own import DONE, OPEN, REFUSED
from collector.reports.looks import profile
from collector.settings import CollectorSettings
from collector.web.access import allow, me
from collector.web.account import ROLES
from collector.web.days import days_of, month_asked, shift, words
from collector.web.desk import Desk
from collector.web.fields import refuse
from collector.web.forms import Form, Short, required
from collector.web.menu import Entry, Group
from collector.web.paging import PAGE
from collector.web.paging import pages as pages_of
from collector.web.people_words import LOOKED
from collector.web.sheets import sheet
from collector.web.words import N_

MENU = (
    Entry("mine.show", N_("My page"), Group.TODAY, frozenset({Role.EMPLOYEE})),
    Entry("mine.requests", N_("Requests about data"), Group.PEOPLE, BKD),
)
READERS = 20


class Ask(Form):
    """What is wrong, and how it is right."""

    about = TextAreaField(N_("What is wrong, and how is it right?"), [required(), Short(own.MOST)])


class Answer(Form):
    """What was done, or why not."""

    answer = TextAreaField(N_("Answer"), [required(), Short(own.MOST)])


def pages(desk: Desk, _settings: CollectorSettings) -> Blueprint:
    """The own page, the copy of one's data, and requests."""
    blueprint = Blueprint("mine", __name__, url_prefix="/me")
    _own(blueprint, desk)
    _copies(blueprint, desk)
    _requests(blueprint, desk)
    return blueprint


def _own(blueprint: Blueprint, desk: Desk) -> None:
    @blueprint.route("/", methods=["GET", "POST"])
    @allow(*EVERYBODY)
    def show() -> str | AnyResponse:
        person, form = _person(), Ask()
        if form.validate_on_submit():
            try:
                with desk.write() as session:
                    own.ask(session, person, form.about.data, me().id, desk.now())
            except ChangeError as error:
                refuse(form, error, "about")
            else:
                flash(N_("Your request is with BKD; the answer will stand here."), "good")
                return redirect(url_for("mine.show", _anchor="data"), 303)
        return _page(desk, person, form)


def _page(desk: Desk, person: str, form: Ask) -> str:
    today = desk.today().date
    first = month_asked(today)
    with desk.session() as session:
        values = {
            "who": profile(session, person, today) or abort(404, "no such person"),
            "days": days_of(desk, session, person, first),
            "readers": own.looked_at(session, person, READERS),
            "asked": own.requests(session, person=person, limit=9),
        }
    with desk.write() as session:
        audit.note(session, me().id, "person.own", person, {"month": f"{first:%Y-%m}"}, desk.now())
    months = {"month": first, "before": shift(first, -1), "after": shift(first, 1), "today": today}
    return render_template("mine/show.html", form=form, looked=LOOKED, roles=ROLES, **months, **values, **words())


def _copies(blueprint: Blueprint, desk: Desk) -> None:
    @blueprint.get("/data.json")
    @allow(*EVERYBODY)
    def as_json() -> Response:
        text = json.dumps(_copy(desk), ensure_ascii=False, indent=1)
        headers = {"Content-Disposition": 'attachment; filename="data-saya.json"'}
        return Response(text, content_type="application/json; charset=utf-8", headers=headers)

    @blueprint.get("/data.csv")
    @allow(*EVERYBODY)
    def as_csv() -> Response:
        return sheet("data-saya", [("jenis", "nomor", "kolom", "isi"), *own.rows_of(_copy(desk))])


def _copy(desk: Desk) -> dict[str, object]:
    person = _person()
    with desk.session() as session:
        copy = own.copy_of(session, person)
    with desk.write() as session:
        audit.note(session, me().id, "data.copied", person, {}, desk.now())
    return dict(copy)


def _requests(blueprint: Blueprint, desk: Desk) -> None:
    @blueprint.get("/requests")
    @allow(*BKD)
    def requests() -> str:
        with desk.session() as session:
            sheets = pages_of(own.count(session, OPEN))
            waiting = own.requests(session, state=OPEN, limit=PAGE, offset=sheets.offset)
            decided = _decided(session)
        return render_template("mine/requests.html", waiting=waiting, decided=decided, pages=sheets, form=Answer())

    @blueprint.post("/requests/<int:number>/<how>")
    @allow(*BKD)
    def answer(number: int, how: str) -> AnyResponse:
        form = Answer()
        if how not in {DONE, REFUSED}:
            abort(404, "no such answer")
        if form.validate_on_submit():
            try:
                with desk.write() as session:
                    own.answer(session, number, form.answer.data, me().id, desk.now(), done=how == DONE)
                flash(N_("Answered; the person sees it on their own page."), "good")
            except ChangeError:
                flash(N_("That request was answered already, or the answer is too short."), "bad")
        else:
            flash(N_("An answer needs words."), "bad")
        return redirect(url_for("mine.requests"), 303)


def _decided(session: Session) -> list[own.Asked]:
    both = [*own.requests(session, state=DONE, limit=20), *own.requests(session, state=REFUSED, limit=20)]
    return sorted(both, key=lambda one: -one.id)[:20]


def _person() -> str:
    return me().person or abort(404, "this account is nobody's own")
