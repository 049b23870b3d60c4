"""People: the list by unit, and one person's card."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from flask import Blueprint, Response, abort, flash, redirect, render_template, request, url_for
from sqlalchemy import select
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response as AnyResponse

from collector import audit
from collector.accounts.roles import ALL_STAFF, BKD
from collector.people import listing
from collector.people.changing import Leaving
from collector.people.listing import SHOWS, Choice
from collector.people.numbers import Status
from collector.people.register import read_people
from collector.people.scope import Tree
from collector.people.states import PersonState, PostState
from collector.settings import CollectorSettings
from collector.store.accounts import StoredAccount
from collector.store.audit import AuditEntry
from collector.store.people import EnrolmentNote, PeopleImport, PeopleImportChange, Template, Unit
from collector.web import staff_forms
from collector.web.access import allow, me, person_in_reach, reach, unit_asked
from collector.web.desk import Desk
from collector.web.fields import units_in_reach
from collector.web.menu import Entry, Group
from collector.web.paging import PAGE
from collector.web.paging import pages as pages_of
from collector.web.people_words import ACTIONS, LEAVING
from collector.web.sheets import sheet
from collector.web.words import N_

MENU = (Entry("staff.show", N_("People"), Group.PEOPLE, ALL_STAFF),)
COLUMNS = ("id", "nama", "nip", "id_internal", "status", "unit", "nama_unit", "wajah", "keluar")
MOST_HISTORY = 50


@dataclass(frozen=True, slots=True)
class Post:
    """A post of a card. `place`: which of `PersonState.posts`; `now`: it holds today."""

    place: int
    post: PostState
    unit_name: str
    now: bool


@dataclass(frozen=True, slots=True)
class Step:
    """A line of a person's history: when, who (account's name where known), what."""

    at: object
    who: str
    what: str
    detail: str


def pages(desk: Desk, settings: CollectorSettings) -> Blueprint:
    """The list and the cards, and what BKD changes there."""
    blueprint = Blueprint("staff", __name__, url_prefix="/people")
    _lists(blueprint, desk)
    _card(blueprint, desk)
    staff_forms.add_to(blueprint, desk, settings)
    return blueprint


def _lists(blueprint: Blueprint, desk: Desk) -> None:
    @blueprint.get("/")
    @allow(*ALL_STAFF)
    def show() -> str:
        today = desk.today().date
        with desk.session() as session:
            unit, choice = _choice(session)
            sheets = pages_of(listing.count(session, choice, today))
            found = listing.people(session, choice, today, PAGE, sheets.offset)
            units = units_in_reach(session)
        names = dict(units)
        return render_template(
            "staff/list.html",
            people=found,
            pages=sheets,
            choice=choice,
            unit=unit,
            units=units,
            names=names,
            statuses=list(Status),
        )

    @blueprint.get("/list.csv")
    @allow(*ALL_STAFF)
    def table() -> Response:
        today = desk.today().date
        with desk.session() as session:
            unit, choice = _choice(session)
            found = listing.people(session, choice, today)
        with desk.write() as session:
            audit.note(session, me().id, "people.export", unit or "*", {"people": len(found)}, desk.now())
        return sheet(f"pegawai-{today:%Y-%m-%d}", _rows(found))


def _card(blueprint: Blueprint, desk: Desk) -> None:
    @blueprint.get("/<person>/card")
    @allow(*ALL_STAFF)
    def card(person: str) -> str:
        today = desk.today().date
        with desk.session() as session:
            state = known(desk, session, person)
            values = {
                "who": state,
                "posts": _posts(session, state, today),
                "faces": session.execute(
                    select(Template.model, Template.photos, Template.made_at).where(Template.person == person)
                ).all(),
                "notes": list(
                    session.scalars(
                        select(EnrolmentNote)
                        .where(EnrolmentNote.person == person)
                        .order_by(EnrolmentNote.id.desc())
                        .limit(9)
                    )
                ),
                "steps": history(session, person),
            }
        with desk.write() as session:
            audit.note(session, me().id, "person.card", person, {}, desk.now())
        return render_template("staff/card.html", **values, leaving=LEAVING, why=Leaving, actions=ACTIONS, today=today)

    @blueprint.post("/<person>/back")
    @allow(*BKD)
    def back(person: str) -> AnyResponse:
        staff_forms.bring_back(desk, person)
        flash(N_("They serve again."), "good")
        return redirect(url_for("staff.card", person=person), 303)


def known(desk: Desk, session: Session, person: str) -> PersonState:
    """A person in the asker's reach today, or who left from there. Answers 404 else."""
    today = desk.today().date
    state = read_people(session, [person]).get(person)
    if state is None:
        abort(404, "no such person")
    last = max((post.until_day or today for post in state.posts), default=today)
    if not person_in_reach(session, person, min(last, today), today):
        abort(404, "no such person")
    return state


def history(session: Session, person: str) -> list[Step]:
    """What was done to a person's data, the newest first: of the audit log, and by imports. Three queries."""
    e, c, p = AuditEntry, PeopleImportChange, PeopleImport
    entries = session.execute(
        select(e.at, e.who, e.action, e.detail)
        .where(e.subject == person, e.action.in_(tuple(ACTIONS)))
        .order_by(e.seq.desc())
        .limit(MOST_HISTORY)
    ).all()
    imported = session.execute(
        select(p.at, p.by, p.state, p.file)
        .join(c, c.imported == p.id)
        .where(c.subject == person)
        .order_by(p.at.desc())
        .limit(MOST_HISTORY)
    ).all()
    steps = [Step(at, who, action, detail) for at, who, action, detail in entries]
    steps += [Step(at, by, f"import.{state}", file) for at, by, state, file in imported]
    names = account_names(session, {step.who for step in steps})
    shown = sorted(steps, key=lambda step: str(step.at), reverse=True)[:MOST_HISTORY]
    return [Step(step.at, names.get(step.who, step.who), step.what, step.detail) for step in shown]


def account_names(session: Session, ids: set[str]) -> dict[str, str]:
    """Names of accounts by id. One query."""
    rows = session.execute(select(StoredAccount.id, StoredAccount.name).where(StoredAccount.id.in_(sorted(ids))))
    return {row[0]: row[1] for row in rows}


def _choice(session: Session) -> tuple[str, Choice]:
    """The unit asked for, and whom the list shows of it and those below."""
    unit = unit_asked(session)
    show = request.args.get("show", "serving")
    status = request.args.get("status", "")
    return unit, Choice(
        units=below(session, unit),
        show=show if show in SHOWS else "serving",
        search=request.args.get("q", "").strip()[:100],
        status=status if status in set(Status) else "",
    )


def below(session: Session, unit: str) -> frozenset[str] | None:
    """A unit and those below it as far as they are in reach; with no unit, the whole reach (None: everything)."""
    within = reach(session)
    if not unit:
        return within
    codes = Tree(session.execute(select(Unit.code, Unit.kind, Unit.parent)).all()).below(unit)
    return codes if within is None else codes & within


def _posts(session: Session, state: PersonState, today: object) -> list[Post]:
    codes = sorted({post.unit for post in state.posts})
    names = {row[0]: row[1] for row in session.execute(select(Unit.code, Unit.name).where(Unit.code.in_(codes)))}
    shown = [
        Post(place, post, names.get(post.unit, post.unit), post.holds(today))  # type: ignore[arg-type]
        for place, post in enumerate(state.posts)
    ]
    return sorted(shown, key=lambda one: one.post.from_day, reverse=True)


def _rows(found: list[listing.Listed]) -> Iterator[tuple[object, ...]]:
    yield COLUMNS
    for one in found:
        left = f"{one.left_on:%d-%m-%Y}" if one.left_on else ""
        number = (one.id, one.name, one.number or "", one.internal_number or "", one.status)
        yield (*number, one.unit, one.unit_name, "ya" if one.enrolled else "belum", left)
