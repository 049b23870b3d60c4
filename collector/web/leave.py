"""Leave, travel and exceptions: filed with the letter, decided by another, half a year as a calendar."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date

from flask import Blueprint, Response, abort, flash, make_response, redirect, render_template, request, url_for
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response as AnyResponse

from collector import audit
from collector.accounts.roles import ALL_STAFF, BKD, EVERYBODY, OPD
from collector.leave import letters, reading, requests
from collector.leave.account import Accounts, Opening, state_opening
from collector.leave.errors import LeaveError, LetterError
from collector.leave.reading import Choice, Listed
from collector.leave.requests import Verdict
from collector.leave.rights import DECIDERS, FILERS, may_decide, may_withdraw, role_of
from collector.rules.errors import RulesError
from collector.settings import CollectorSettings
from collector.vault import Vault
from collector.web import leave_calendar, leave_filing
from collector.web.access import allow, in_reach, me, person_in_reach, reach
from collector.web.desk import Desk
from collector.web.leave_forms import DecisionForm, OpeningForm, ShortenForm
from collector.web.leave_words import APPROVERS, CODES, STATES, words
from collector.web.menu import Entry, Group
from collector.web.paging import PAGE
from collector.web.paging import pages as pages_of
from collector.web.words import N_

MENU = (Entry("leave.show", N_("Leave and letters"), Group.PEOPLE, ALL_STAFF),)
SERVED = {
    "Content-Security-Policy": "default-src 'none'; sandbox; frame-ancestors 'none'",
    "X-Download-Options": "noopen",
}
"""A letter is somebody else's file: it is saved, never shown inside these pages, and may do nothing."""


def pages(desk: Desk, settings: CollectorSettings) -> Blueprint:
    """The list, one letter and its decision, filing, a person's account, the calendar."""
    blueprint = Blueprint("leave", __name__, url_prefix="/leave")
    blueprint.context_processor(lambda: {"codes": CODES, "states": STATES, "approvers": APPROVERS})
    _lists(blueprint, desk)
    _one(blueprint, desk, settings)
    _decisions(blueprint, desk)
    _shortening(blueprint, desk)
    _account(blueprint, desk)
    leave_filing.views(blueprint, desk, settings)
    leave_calendar.views(blueprint, desk)
    return blueprint


def _lists(blueprint: Blueprint, desk: Desk) -> None:
    @blueprint.get("/")
    @allow(*ALL_STAFF)
    def show() -> str:
        state = request.args.get("state", "filed")
        with desk.session() as session:
            choice = Choice(reach(session), state if state in STATES else "")
            sheets = pages_of(reading.count(session, choice))
            rows = reading.listed(session, choice, PAGE, sheets.offset)
        return render_template("leave/list.html", rows=rows, pages=sheets, state=choice.state, may_file=_may_file())


def _one(blueprint: Blueprint, desk: Desk, settings: CollectorSettings) -> None:
    @blueprint.get("/<number>")
    @allow(*ALL_STAFF)
    def one(number: str) -> str:
        with desk.session() as session:
            found = _known(session, number)
            row, connection = found.row, session.connection()
            permit = requests.permit_of(row)
            waits = row.state == requests.FILED
            values = {
                "met": requests.meetings(connection, [permit], frozenset({number})) if row.state != "withdrawn" else [],
                "costs": _costs(session, found) if waits else [],
                "companions": reading.companions(session, row.batch),
                "letter": reading.letter_name(session, row.letter),
                "days": reading.days(session, row.person, row.since, row.until),
            }
        return render_template(
            "leave/one.html",
            found=found,
            row=row,
            form=DecisionForm(),
            short=ShortenForm(),
            may=may_decide(me(), row),
            may_withdraw=may_withdraw(me(), row),
            bkd=me().role in BKD,
            **values,
        )

    @blueprint.get("/<number>/letter")
    @allow(*ALL_STAFF)
    def letter(number: str) -> Response:
        with desk.write() as session:
            found = _known(session, number)
            if found.row.letter is None:
                abort(404, "no letter")
            try:
                paper = letters.read(session.connection(), Vault.open(settings.store.keys), found.row.letter)
            except LetterError:
                abort(404, "no letter")
            audit.note(session, me().id, "leave.letter", number, at=desk.now())
        return served(paper)


def served(paper: letters.Paper) -> Response:
    """A letter to be saved: told by its checked content, under its cleaned name, able to do nothing."""
    response = make_response(paper.content)
    response.headers["Content-Type"] = paper.mimetype
    response.headers["Content-Disposition"] = f'attachment; filename="{paper.name}"'
    response.headers.update(SERVED)
    return response


def _decisions(blueprint: Blueprint, desk: Desk) -> None:
    @blueprint.post("/<number>/decide")
    @allow(*DECIDERS)
    def decide(number: str) -> AnyResponse:
        form = DecisionForm()
        if not form.validate_on_submit():
            abort(400)
        verdict = _verdict(desk, form.why.data or "", over=form.over.data)
        approves = request.form.get("decision") == "approve"

        def change(session: Session) -> None:
            step = requests.approve if approves else requests.refuse
            step(session.connection(), number, verdict)

        return _changed(desk, number, "leave.approve" if approves else "leave.refuse", change)

    @blueprint.post("/<number>/withdraw")
    @allow(*BKD, *OPD)
    def withdraw(number: str) -> AnyResponse:
        form = DecisionForm()
        if not form.validate_on_submit():
            abort(400)

        def change(session: Session) -> None:
            if not may_withdraw(me(), _known(session, number).row):
                abort(403)
            requests.withdraw(session.connection(), number, me().id, form.why.data or "", desk.now())

        return _changed(desk, number, "leave.withdraw", change)


def _shortening(blueprint: Blueprint, desk: Desk) -> None:
    @blueprint.post("/<number>/shorten")
    @allow(*DECIDERS)
    def shorten(number: str) -> AnyResponse:
        form = ShortenForm()
        if not form.validate_on_submit():
            flash(N_("Give the new last day and the reason."), "bad")
            return redirect(url_for("leave.one", number=number), 303)
        made: list[str] = []

        def change(session: Session) -> None:
            if not may_decide(me(), _known(session, number).row, requests.APPROVED):
                abort(403)
            verdict = _verdict(desk, form.why.data or "")
            made.append(requests.shorten(session.connection(), number, form.last.data, verdict))

        answer = _changed(desk, number, "leave.shorten", change)
        return redirect(url_for("leave.one", number=made[0]), 303) if made else answer


def _account(blueprint: Blueprint, desk: Desk) -> None:
    @blueprint.get("/person/<person>")
    @allow(*EVERYBODY)
    def person(person: str) -> str:
        return _account_page(desk, person, OpeningForm(year=desk.today().date.year - 1))

    @blueprint.post("/person/<person>")
    @allow(*BKD)
    def state(person: str) -> str | AnyResponse:
        form = OpeningForm()
        if not form.validate_on_submit():
            return _account_page(desk, person, form)
        opening = Opening(form.year.data, form.taken.data or 0, form.added.data or 0, form.letter.data)
        with desk.write() as session:
            if not person_in_reach(session, person, desk.today().date, desk.today().date):
                abort(404, "no such person")
            state_opening(session.connection(), person, opening, me().id, desk.now())
            detail = {"year": opening.year, "taken": opening.taken, "added": opening.added}
            audit.note(session, me().id, "leave.opening", person, detail, desk.now())
        flash(N_("Noted."), "good")
        return redirect(url_for("leave.person", person=person), 303)


def _account_page(desk: Desk, person: str, form: OpeningForm) -> str:
    today = desk.today().date
    first = date(today.year, 1, 1)
    with desk.write() as session:
        if not person_in_reach(session, person, first, today):
            abort(404, "no such person")
        name = reading.name(session, person) or abort(404, "no such person")
        rows = reading.listed(session, Choice(person=person), 200)
        years = [today.year, today.year + 1]
        try:
            accounts = Accounts(session.connection(), [person], first, date(today.year + 1, 12, 31))
            found = [accounts.year(person, year) for year in years]
        except (RulesError, LookupError):
            found = []
        audit.note(session, me().id, "leave.read", person, at=desk.now())
    return render_template(
        "leave/person.html", person=person, name=name, rows=rows, years=found, form=form, bkd=me().role in BKD
    )


def _costs(session: Session, found: Listed) -> list[requests.Cost]:
    """Empty where hours that contradict each other let nobody count."""
    try:
        return requests.costs(session.connection(), [requests.permit_of(found.row)])
    except (RulesError, LookupError):
        return []


def _changed(desk: Desk, number: str, action: str, change: Callable[[Session], None]) -> AnyResponse:
    """Do it, note it, and go back to the page, which says what became of it."""
    try:
        with desk.write() as session:
            _known(session, number)
            change(session)
            audit.note(session, me().id, action, number, at=desk.now())
    except LeaveError as error:
        flash(words(error), "bad")
    except (RulesError, LookupError):
        flash(N_("The hours of this person contradict each other: BKD mends them first."), "bad")
    else:
        flash(N_("Done. The days are judged again within a minute."), "good")
    return redirect(url_for("leave.one", number=number), 303)


def _known(session: Session, number: str) -> Listed:
    """Answers 404 for one that is out of reach, as for one that is not there."""
    found = reading.one(session, number)
    if found is None or not in_reach(session, found.row.unit):
        abort(404, "no such leave")
    return found


def _verdict(desk: Desk, why: str, *, over: bool = False) -> Verdict:
    account = me()
    return Verdict(account.id, role_of(account), desk.now(), why, over, account.person)


def _may_file() -> bool:
    return me().role in FILERS
