"""Appeals (sanggahan): filing from one's own day, the inboxes of superior and agency, one appeal with what was known."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from collector import audit
from collector.accounts.roles import EVERYBODY, Role
from collector.appealing import book, choices, listing
from collector.appealing.attach import result_of
from collector.appealing.book import Word, deadlines
from collector.appealing.contest import serves
from collector.appealing.listing import Detail, Which
from collector.appealing.rights import FILERS, MAY, actor_of, part_of, sees
from collector.errors import AppealError, AppealLateError, AppealTwiceError
from collector.reports.looks import profile
from collector.rules.appeals.case import BY, OPEN, Act, Deadlines, Ground, Part, Stage
from collector.settings import CollectorSettings
from collector.web.access import allow, me, my_reach, person_in_reach, reach
from collector.web.appeal_forms import NO_TOKEN, DecideForm, FileForm, SayForm, WithdrawForm
from collector.web.appeal_story import METHODS, story
from collector.web.appeal_words import ACTS, GROUNDS, STAGES, TAB_WORDS, TABS
from collector.web.desk import Desk
from collector.web.menu import Entry, Group
from collector.web.paging import PAGE
from collector.web.paging import pages as pages_of
from collector.web.reasons import words as reason_words
from collector.web.violations import KINDS
from collector.web.words import N_

MENU = (
    Entry("appeals.show", N_("Appeals"), Group.OVERSIGHT, EVERYBODY - {Role.EMPLOYEE}),
    Entry("appeals.own", N_("My days"), Group.TODAY, frozenset({Role.EMPLOYEE})),
    Entry("appeals.show", N_("My appeals"), Group.TODAY, frozenset({Role.EMPLOYEE})),
)


def pages(desk: Desk, settings: CollectorSettings) -> Blueprint:
    """The pages of appeals."""
    blueprint = Blueprint("appeals", __name__, url_prefix="/appeals")
    limits = deadlines(settings.appeals)
    blueprint.context_processor(
        lambda: {
            "acts": ACTS,
            "grounds": GROUNDS,
            "stages": STAGES,
            "methods": METHODS,
            "kinds": KINDS,
            "reason_words": reason_words,
            "tab_words": TAB_WORDS,
        }
    )
    view = _Pages(desk, limits)
    blueprint.get("/")(view.show)
    blueprint.get("/mine")(view.own)
    blueprint.get("/days/<person>")(view.days)
    blueprint.route("/new/<person>/<day>", methods=["GET", "POST"])(view.new)
    blueprint.get("/<int:number>")(view.one)
    blueprint.post("/<int:number>/say")(view.say)
    return blueprint


class _Pages:
    """The views; each name is its endpoint's."""

    def __init__(self, desk: Desk, limits: Deadlines) -> None:
        self._desk = desk
        self._limits = limits

    @allow(*EVERYBODY)
    def show(self) -> str:
        """The inbox of whoever asks, by stage."""
        now = self._desk.now()
        tabs = TABS[me().role]
        chosen = request.args.get("tab", tabs[0])
        chosen = chosen if chosen in tabs else tabs[0]
        with self._desk.session() as session:
            which = _which(session, chosen)
            sheets = pages_of(listing.count(session, which, now, self._limits))
            rows = listing.listed(session, which, now, self._limits, PAGE, sheets.offset)
            waiting = {
                tab: listing.count(session, _which(session, tab), now, self._limits) for tab in tabs if tab in OPEN
            }
        return render_template("appeals/inbox.html", rows=rows, pages=sheets, tab=chosen, tabs=tabs, waiting=waiting)

    @allow(*EVERYBODY)
    def own(self) -> Response:
        """To one's own days."""
        person = me().person or abort(404, "this account is nobody's own")
        return redirect(url_for("appeals.days", person=person), 303)

    @allow(*EVERYBODY)
    def days(self, person: str) -> str:
        """A person's judged days of a month, each with what can be contested of it."""
        first, last = choices.month(_month(self._desk.today().date))
        with self._desk.session() as session:
            if not person_in_reach(session, person, first, last):
                abort(404, "no such person")
            who = profile(session, person, last) or abort(404, "no such person")
            found = choices.days(session, person, first, last)
        self._note("person.days", person, f"{first:%Y-%m}")
        before, after = (choices.month(day)[0] for day in (_shift(first, -1), _shift(first, 1)))
        may = me().role in FILERS
        return render_template(
            "appeals/days.html", who=who, month=first, before=before, after=after, days=found, may=may
        )

    @allow(*FILERS)
    def new(self, person: str, day: str) -> str | Response:
        """The form to contest one day."""
        on = _date(day)
        with self._desk.session() as session:
            if not person_in_reach(session, person, on, on) or serves(session, person, on) is None:
                abort(404, "no such day")
            who = profile(session, person, on) or abort(404, "no such person")
            found = next(iter(choices.days(session, person, on, on)), None)
            looks = listing.looks_of(session, person, on)
        form = FileForm.of(found, looks, person == me().person)
        if not form.validate_on_submit():
            return render_template("appeals/new.html", form=form, who=who, day=on, found=found, looks=looks)
        filing = form.filing(person, on)
        part = part_of(me(), person)
        try:
            with self._desk.write() as session:
                number = book.file(session, filing, self._word(Act.FILE, part, filing.why), self._limits)
        except AppealError as error:
            form.why.errors = [*form.why.errors, SAYINGS.get(type(error), CHANGED)]
            return render_template("appeals/new.html", form=form, who=who, day=on, found=found, looks=looks)
        flash(N_("Filed. What the centre knows is attached; the superior's word is next."), "good")
        return redirect(url_for("appeals.one", number=number), 303)

    @allow(*EVERYBODY)
    def one(self, number: int) -> str:
        """One appeal."""
        with self._desk.session() as session:
            found = self._found(session, number)
            values = self._values(session, found)
        self._note("appeal.read", found.row.number, found.row.person)
        return render_template("appeals/one.html", **values)

    @allow(*FILERS)
    def say(self, number: int) -> str | Response:
        """Take a step."""
        with self._desk.session() as session:
            found = self._found(session, number)
            values = self._values(session, found)
        form = values["forms_of"].get(request.form.get("form", ""))
        if form is None:
            abort(403)
        if not form.validate_on_submit():
            return render_template("appeals/one.html", **values)
        word = self._word(form.chosen(), None, form.why.data, **form.about())
        try:
            with self._desk.write() as session:
                after = book.say(session, number, word, self._limits)
        except AppealError as error:
            form.why.errors = [*form.why.errors, SAYINGS.get(type(error), CHANGED)]
            return render_template("appeals/one.html", **values)
        flash(SAID[after.stage], "good")
        return redirect(url_for("appeals.one", number=number), 303)

    def _found(self, session: Session, number: int) -> Detail:
        """The appeal, or 404 for whoever may not see it."""
        found = listing.detail(session, number, self._desk.now(), self._limits) or abort(404, "no such appeal")
        if not sees(my_reach(session), found):
            abort(404, "no such appeal")
        return found

    def _values(self, session: Session, found: Detail) -> dict[str, Any]:
        row = found.row
        forms = self._forms(session, found)
        return {
            "found": found,
            "row": row,
            "now_result": result_of(session, row.person, row.day),
            "lines": story(found.known, found.around, found.record),
            "names": listing.names(session, [step.by for step in found.steps]),
            "forms_of": forms,
            "overdue": row.due is not None and row.due < self._desk.now(),
        }

    def _forms(self, session: Session, found: Detail) -> dict[str, Any]:
        """The forms of what the asker may do now."""
        account, row = me(), found.row
        actor = actor_of(account)
        filer = found.case.steps[0].by
        own = actor.same(filer) or (account.person is not None and account.person == row.person)
        forms: dict[str, Any] = {}
        if row.stage in OPEN and own:
            forms["withdraw"] = WithdrawForm(prefix="withdraw", meta=NO_TOKEN)
        if row.stage is Stage.SUPERIOR and account.role in MAY[Act.SUPPORT] and not own:
            forms["superior"] = SayForm(prefix="superior", meta=NO_TOKEN)
        spoke = any(step.part is Part.SUPERIOR and actor.same(step.by) for step in found.case.steps)
        if row.stage is Stage.BKD and account.role in MAY[Act.ACCEPT] and not own and not spoke:
            forms["bkd"] = _decide_form(session, found)
        return forms

    def _word(self, act: Act, part: Part | None, why: str, **about: str) -> Word:
        return Word(act=act, by=actor_of(me()), part=part or BY[act], at=self._desk.now(), why=why, **about)

    def _note(self, action: str, subject: str, about: str) -> None:
        with self._desk.write() as session:
            audit.note(session, me().id, action, subject, {"of": about}, self._desk.now())


SAID = {
    Stage.BKD: N_("Your word is kept. The appeal is with BKD now."),
    Stage.ACCEPTED: N_("Accepted. What it changes is judged anew within a minute."),
    Stage.REJECTED: N_("Rejected. Nothing changes."),
    Stage.WITHDRAWN: N_("Withdrawn."),
}


SAYINGS = {
    AppealLateError: N_("The time to contest this is over. Ask BKD to file it, with the reason for the delay."),
    AppealTwiceError: N_("This was contested before."),
}
CHANGED = N_("This cannot be done as things stand now: open the page again and look.")


def _decide_form(session: Session, found: Detail) -> DecideForm:
    row = found.row
    wrong = row.ground == Ground.WRONG_PERSON.value
    looks = (
        choices.looks_near(session, row.person, row.day, found.around)
        if wrong and not found.record and found.around is not None
        else []
    )
    people = choices.colleagues(session, row.unit, row.day, row.person) if wrong and found.record else []
    return DecideForm.of(looks, people, wrong=wrong, given=bool(found.record))


def _which(session: Session, tab: str) -> Which:
    """What a tab lists of what the asker reaches; an employee and `mine` one's own."""
    account = me()
    stages = {"closed": (Stage.ACCEPTED, Stage.REJECTED, Stage.WITHDRAWN), "mine": ()}.get(tab)
    stages = (Stage(tab),) if stages is None else stages
    if tab == "mine" or account.role is Role.EMPLOYEE:
        return Which(stages=stages, person=account.person or "-")
    return Which(stages=stages, units=reach(session))


def _date(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        abort(404, "no such day")


def _month(today: date) -> date:
    try:
        asked = datetime.strptime(request.args.get("month", ""), "%Y-%m").date()  # noqa: DTZ007 - a month has no zone
    except ValueError:
        return today
    return asked if 2000 <= asked.year <= 2199 else today


def _shift(first: date, months: int) -> date:
    index = first.year * 12 + first.month - 1 + months
    return date(index // 12, index % 12 + 1, 1)
