"""Working hours as dated data: what holds when, changes that one proposes, everybody can see the effect of, another approves."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

from flask import Blueprint, Response, abort, flash, make_response, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from collector import audit
from collector.accounts.roles import ALL_STAFF, BKD
from collector.errors import CollectorError
from collector.judging import book, changing, listing
from collector.judging.changing import Decision
from collector.judging.editing import EditError, edited, fields
from collector.judging.listing import Version
from collector.rules.document import RULE_SET
from collector.rules.errors import RulesError
from collector.settings import CollectorSettings
from collector.web import hours_impact
from collector.web.access import allow, me
from collector.web.desk import Desk
from collector.web.forms import Form
from collector.web.guard import takes
from collector.web.hours_forms import ApproveForm, DocumentForm
from collector.web.hours_words import ASSEMBLIES, BASES, PATTERNS, SECONDS, STATES, WRONG, words
from collector.web.menu import Entry, Group
from collector.web.words import N_
from wire.errors import WireError

MENU = (Entry("hours.show", N_("Working hours"), Group.HOURS, ALL_STAFF),)
LARGEST = 2**18
"""Bytes of a rule set's document."""
BACK, AHEAD = timedelta(days=365), timedelta(days=365)
NAME = "/<id_>/<int:number>"


@dataclass(frozen=True, slots=True)
class Lane:
    """A rule set's versions on the time line: start and length in days from its left end."""

    id: str
    title: str
    spans: list[tuple[Version, int, int]]


def pages(desk: Desk, _settings: CollectorSettings) -> Blueprint:
    """The list, one version, a change, its effect, its approval."""
    blueprint = Blueprint("hours", __name__, url_prefix="/hours")
    shown = {"states": STATES, "patterns": PATTERNS, "seconds": SECONDS, "bases": BASES, "gatherings": ASSEMBLIES}
    blueprint.context_processor(lambda: shown)
    _reading(blueprint, desk)
    _proposing(blueprint, desk)
    _deciding(blueprint, desk)
    hours_impact.views(blueprint, desk)
    return blueprint


def _reading(blueprint: Blueprint, desk: Desk) -> None:
    @blueprint.get("/")
    @allow(*ALL_STAFF)
    def show() -> str:
        with desk.session() as session:
            found = listing.versions(session.connection())
        if not found:
            with desk.write() as session:
                book.install(session.connection(), desk.now())
                found = listing.versions(session.connection())
        today = desk.today().date
        return render_template(
            "hours/list.html",
            waiting=[one for one in found if one.state == book.PROPOSED],
            holding=[one for one in found if one.holds(today)],
            others=[one for one in found if one.state != book.PROPOSED and not one.holds(today)],
            lanes=_lanes(found, today),
            today=today,
            width=(BACK + AHEAD).days,
            years=_years(today),
            may=me().role in BKD,
        )

    @blueprint.get(f"/rules{NAME}")
    @allow(*ALL_STAFF)
    def one(id_: str, number: int) -> str:
        found = _version(desk, id_, number)
        return render_template(
            "hours/one.html",
            one=found,
            rules=found.rules,
            now_holds=found.holds(desk.today().date),
            may=me().role in BKD,
        )

    @blueprint.get(f"/rules{NAME}.json")
    @allow(*ALL_STAFF)
    def document(id_: str, number: int) -> Response:
        found = _version(desk, id_, number)
        response = make_response(RULE_SET.encode(found.rules))
        response.headers["Content-Type"] = "application/json"
        name = "".join(letter for letter in found.rules.id if letter.isalnum() or letter in "-_")
        response.headers["Content-Disposition"] = f'attachment; filename="{name}-{number}.json"'
        return response


def _proposing(blueprint: Blueprint, desk: Desk) -> None:
    @blueprint.route(f"/rules{NAME}/change", methods=["GET", "POST"])
    @allow(*BKD)
    def change(id_: str, number: int) -> str | AnyResponse:
        rules = _version(desk, id_, number).rules
        said = fields(rules)
        wrong: dict[str, str] = {}
        form = Form()
        if form.validate_on_submit():
            said |= {"from_start": ""} | request.form.to_dict()
            try:
                with desk.write() as session:
                    following = listing.next_version(session.connection(), rules.id)
                    proposal = edited(rules, said, following)
                    name = changing.propose(session.connection(), proposal, me().id, desk.now())
                    audit.note(session, me().id, "rules.propose", name, at=desk.now())
            except EditError as error:
                wrong = {field: WRONG[what] for field, what in error.wrong.items()}
            else:
                return _to_impact(name)
        elif request.method == "GET":
            said["since"] = str(max(desk.today().date + timedelta(days=1), rules.since))
        return render_template("hours/change.html", rules=rules, said=said, wrong=wrong, form=form)

    @blueprint.route("/document", methods=["GET", "POST"])
    @allow(*BKD)
    @takes(LARGEST)
    def whole() -> str | AnyResponse:
        request.max_form_memory_size = LARGEST
        form = DocumentForm()
        if not form.validate_on_submit():
            return render_template("hours/document.html", form=form)
        try:
            rules = RULE_SET.decode(form.document.data)
            with desk.write() as session:
                name = changing.propose(session.connection(), rules, me().id, desk.now())
                audit.note(session, me().id, "rules.propose", name, at=desk.now())
        except (CollectorError, WireError) as error:
            return render_template("hours/document.html", form=form, refused=str(error))
        return _to_impact(name)


def _deciding(blueprint: Blueprint, desk: Desk) -> None:
    @blueprint.post(f"/rules{NAME}/approve")
    @allow(*BKD)
    def approve(id_: str, number: int) -> AnyResponse:
        form = ApproveForm()
        if not form.validate_on_submit():
            abort(400)
        _version(desk, id_, number)
        name, confirmed = f"{id_}/{number}", int(form.sure.data) + int(form.surer.data)
        decision = Decision(me().id, desk.now(), confirmed, form.why.data or "")
        try:
            with desk.write() as session:
                changing.approve(session.connection(), name, decision)
                audit.note(session, me().id, "rules.approve", name, {"confirmed": confirmed}, desk.now())
        except (CollectorError, RulesError) as error:
            flash(words(error), "bad")
            return _to_impact(name)
        flash(N_("Approved. It holds from its first day on."), "good")
        return redirect(url_for("hours.one", id_=id_, number=number), 303)

    @blueprint.post(f"/rules{NAME}/withdraw")
    @allow(*BKD)
    def withdraw(id_: str, number: int) -> AnyResponse:
        _version(desk, id_, number)
        try:
            with desk.write() as session:
                changing.withdraw(session.connection(), f"{id_}/{number}", me().id, desk.now())
                audit.note(session, me().id, "rules.withdraw", f"{id_}/{number}", at=desk.now())
        except CollectorError as error:
            flash(words(error), "bad")
        else:
            flash(N_("Withdrawn."), "good")
        return redirect(url_for("hours.one", id_=id_, number=number), 303)


def _to_impact(name: str) -> AnyResponse:
    id_, _, number = name.rpartition("/")
    return redirect(url_for("hours.impact", id_=id_, number=int(number)), 303)


def _version(desk: Desk, id_: str, number: int) -> Version:
    with desk.session() as session:
        try:
            return listing.version(session.connection(), f"{id_}/{number}")
        except CollectorError:
            abort(404, "no such rule set")


def _lanes(found: list[Version], today: date) -> list[Lane]:
    """The approved and proposed versions within a year of today, a lane a rule set."""
    first, last = today - BACK, today + AHEAD
    lanes: dict[str, Lane] = {}
    for one in reversed(found):
        since, until = max(one.since, first), min(one.until or last, last)
        if one.state == book.WITHDRAWN or until < since:
            continue
        lane = lanes.setdefault(one.rules.id, Lane(one.rules.id, one.rules.title, []))
        lane.spans.append((one, (since - first).days, (until - since).days + 1))
    return list(lanes.values())


def _years(today: date) -> list[tuple[date, int]]:
    """The first of January and of July within the time line, in days from its left end."""
    first = today - BACK
    marks = [date(first.year + count // 2, 1 + 6 * (count % 2), 1) for count in range(6)]
    return [(each, (each - first).days) for each in marks if first <= each < today + AHEAD]
