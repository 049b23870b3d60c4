"""Manual presence lists: filed for a unit's day, confirmed by another, withdrawn and never edited."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flask import Blueprint, Response, abort, flash, redirect, render_template, request, url_for
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response as AnyResponse
from wtforms import StringField

from collector import audit
from collector.accounts.book import Account
from collector.accounts.roles import ALL_STAFF
from collector.entered import lists, reading
from collector.entered.errors import ListError
from collector.entered.lists import Word
from collector.entered.reading import Choice, Listed
from collector.entered.rights import DECIDERS, FILERS, may_decide, may_withdraw
from collector.judging.errors import EntryError
from collector.leave import letters
from collector.leave import reading as leave_reading
from collector.leave.errors import LetterError
from collector.rules.errors import RulesError
from collector.settings import CollectorSettings
from collector.vault import Vault
from collector.web import list_filing
from collector.web.access import allow, in_reach, me, reach, unit_asked
from collector.web.days import last_of, month_asked
from collector.web.desk import Desk
from collector.web.entered_words import LIST_STATES, WHYS, words
from collector.web.forms import Form, Short
from collector.web.leave import served
from collector.web.menu import Entry, Group
from collector.web.paging import PAGE
from collector.web.paging import pages as pages_of
from collector.web.units import Units
from collector.web.words import N_

MENU = (Entry("lists.show", N_("Manual lists"), Group.PEOPLE, ALL_STAFF),)


class WordForm(Form):
    """Confirm, refuse or withdraw; the button says which."""

    why = StringField(N_("Reason"), [Short(500)])


def pages(desk: Desk, settings: CollectorSettings) -> Blueprint:
    """The lists, one of them and its decision, filing."""
    blueprint = Blueprint("lists", __name__, url_prefix="/lists")
    blueprint.context_processor(lambda: {"list_states": LIST_STATES, "whys": WHYS})
    list_filing.views(blueprint, desk, settings)
    _reading(blueprint, desk, settings)
    _deciding(blueprint, desk)
    return blueprint


def _reading(blueprint: Blueprint, desk: Desk, settings: CollectorSettings) -> None:
    @blueprint.get("/")
    @allow(*ALL_STAFF)
    def show() -> str:
        with desk.session() as session:
            values = _list(desk, session)
        return render_template("entered/lists.html", **values)

    @blueprint.get("/<number>")
    @allow(*ALL_STAFF)
    def one(number: str) -> str:
        with desk.write() as session:
            found = _known(session, number)
            people = reading.lines(session, number, found.row.day)
            doubtful = _doubtful(session, number) if found.row.state == lists.FILED else []
            letter = leave_reading.letter_name(session, found.row.letter)
            audit.note(session, me().id, "list.read", number, at=desk.now())
        return render_template(
            "entered/list_one.html",
            found=found,
            row=found.row,
            people=people,
            doubtful=doubtful,
            letter=letter,
            form=WordForm(formdata=None),
            may=may_decide(me(), found.row, {one.person for one in people}),
            may_withdraw=may_withdraw(me(), found.row),
        )

    @blueprint.get("/<number>/letter")
    @allow(*ALL_STAFF)
    def letter(number: str) -> Response:
        with desk.write() as session:
            found = _known(session, number)
            try:
                vault = Vault.open(settings.store.keys)
                paper = letters.read(session.connection(), vault, found.row.letter or "")
            except LetterError:
                abort(404, "no letter")
            audit.note(session, me().id, "list.letter", number, at=desk.now())
        return served(paper)


def _list(desk: Desk, session: Session) -> dict[str, Any]:
    unit, units = unit_asked(session), Units(session)
    asked = request.args.get("state", "")
    month = month_asked(desk.today().date) if request.args.get("month") else None
    within = units.below(unit) if unit else reach(session)
    choice = Choice(within, asked if asked in LIST_STATES else "", (month, last_of(month)) if month else None)
    sheets = pages_of(reading.count(session, choice))
    return {
        "rows": reading.listed(session, choice, PAGE, sheets.offset),
        "pages": sheets,
        "state": choice.state,
        "unit": unit,
        "units": units.options(),
        "month": month,
        "may_file": me().role in FILERS,
    }


def _deciding(blueprint: Blueprint, desk: Desk) -> None:
    @blueprint.post("/<number>/decide")
    @allow(*DECIDERS)
    def decide(number: str) -> AnyResponse:
        confirms = request.form.get("decision") == "confirm"
        step = lists.confirm if confirms else lists.refuse
        return _changed(desk, number, "list.confirm" if confirms else "list.refuse", step)

    @blueprint.post("/<number>/withdraw")
    @allow(*FILERS)
    def withdraw(number: str) -> AnyResponse:
        return _changed(desk, number, "list.withdraw", lists.withdraw, may_withdraw)


def _changed(
    desk: Desk,
    number: str,
    action: str,
    step: Callable[..., object],
    may: Callable[[Account, lists.Filed], bool] = lambda _account, _row: True,
) -> AnyResponse:
    """Do it, note it, and go back to the list's page, which says what became of it."""
    form = WordForm()
    if not form.validate_on_submit():
        abort(400)
    account = me()
    word = Word(account.id, desk.now(), form.why.data or "", account.person)
    try:
        with desk.write() as session:
            if not may(account, _known(session, number).row):
                abort(403)
            step(session.connection(), number, word)
            audit.note(session, account.id, action, number, at=desk.now())
    except EntryError as error:
        flash(words(error), "bad")
    else:
        flash(N_("Done. The days are judged again within a minute."), "good")
    return redirect(url_for("lists.one", number=number), 303)


def _known(session: Session, number: str) -> Listed:
    """Answers 404 for one that is out of reach, as for one that is not there."""
    found = reading.one(session, number)
    if found is None or not in_reach(session, found.row.unit):
        abort(404, "no such list")
    return found


def _doubtful(session: Session, number: str) -> list[str]:
    """For whom the facts do not show the reason; empty where rules that contradict each other let nobody tell."""
    try:
        return lists.unfounded(session.connection(), lists.filing_of(session.connection(), number))
    except (RulesError, LookupError, ListError):
        return []
