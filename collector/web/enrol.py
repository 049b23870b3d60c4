"""Enrolment: who has no face yet, unit by unit, and enrolling one person from photos."""

from __future__ import annotations

import logging
from dataclasses import dataclass

from flask import Blueprint, flash, redirect, render_template, request, url_for
from sqlalchemy import select
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response
from wtforms import BooleanField, MultipleFileField, StringField, ValidationError

from collector.accounts.roles import BKD, OPD, Role
from collector.people import listing, units
from collector.people.enrolling import MOST_PHOTOS, Clerk, Studied, Studio, enrol, remove
from collector.people.faces import LookAlike
from collector.people.listing import Choice
from collector.people.states import PersonState
from collector.people.units import Branch
from collector.settings import CollectorSettings
from collector.store.people import Person, Template
from collector.vault import Vault
from collector.web.access import allow, me, person_in_reach, reach, unit_asked
from collector.web.desk import Desk
from collector.web.fields import units_in_reach
from collector.web.forms import REQUIRED, Form, Short
from collector.web.guard import LARGEST, takes
from collector.web.menu import Entry, Group
from collector.web.paging import PAGE
from collector.web.paging import pages as pages_of
from collector.web.people_words import told
from collector.web.staff import below, known
from collector.web.words import N_
from models.errors import ModelsError

log = logging.getLogger(__name__)

ENROLLERS = BKD | {Role.OPD_OPERATOR}
MENU = (Entry("enrol.show", N_("Enrolment"), Group.PEOPLE, BKD | OPD),)


class Photos(Form):
    """Photos of one person."""

    photos = MultipleFileField(
        N_("Photos (JPEG or PNG)"), render_kw={"accept": "image/jpeg,image/png", "multiple": True}
    )
    informed = BooleanField(N_("The person was told this, and is present or sent the photos themselves"))
    why = StringField(N_("Why it is another person all the same"), [Short(200)])

    def validate_photos(self, field: MultipleFileField) -> None:
        """One to ten files."""
        sent = [one for one in field.data or () if getattr(one, "filename", "")]
        if not sent:
            raise ValidationError(REQUIRED)
        if len(sent) > MOST_PHOTOS:
            raise ValidationError(N_("At most 10 photos."))

    def validate_informed(self, field: BooleanField) -> None:
        """Nobody's face is taken without their knowing what for."""
        if not field.data:
            raise ValidationError(N_("Tell the person first, then tick this."))


@dataclass(frozen=True, slots=True)
class Alike:
    """Somebody whom a face resembles; `name` empty: out of the asker's reach."""

    id: str
    name: str
    percent: int


def pages(desk: Desk, settings: CollectorSettings) -> Blueprint:
    """The progress, and one person's enrolment."""
    blueprint = Blueprint("enrol", __name__, url_prefix="/enrolment")
    studio = Studio(settings.rosters)
    _progress(blueprint, desk)
    _one(blueprint, desk, settings, studio)

    @blueprint.post("/<person>/remove")
    @allow(*BKD)
    def take_away(person: str) -> Response:
        why = request.form.get("why", "").strip()[:200]
        if not why:
            flash(N_("Say why the face is taken away."), "bad")
        else:
            with desk.write() as session:
                done = remove(session, person, Clerk(me().id, desk.now(), why))
            flash(
                N_("Taken away. Kiosks forget it with the next roster.") if done else N_("There was no face."), "good"
            )
        return redirect(url_for("enrol.one", person=person), 303)

    return blueprint


def _progress(blueprint: Blueprint, desk: Desk) -> None:
    @blueprint.get("/")
    @allow(*(BKD | OPD))
    def show() -> str:
        today = desk.today().date
        with desk.session() as session:
            unit = unit_asked(session)
            tops = units.tree(session, today, reach(session))
            path = units.find(tops, unit) if unit else []
            choice = Choice(below(session, unit), "unenrolled", request.args.get("q", "").strip()[:100])
            sheets = pages_of(listing.count(session, choice, today))
            people = listing.people(session, choice, today, PAGE, sheets.offset)
            offered = units_in_reach(session)
        branches = path[-1].children if path else tops
        whole = path[-1] if path else None
        return render_template(
            "enrol/show.html",
            path=path,
            branches=_least_first(branches),
            whole=whole,
            all=_sums(branches, whole),
            people=people,
            pages=sheets,
            choice=choice,
            unit=unit,
            units=offered,
        )


def _one(blueprint: Blueprint, desk: Desk, settings: CollectorSettings, studio: Studio) -> None:
    @blueprint.route("/<person>", methods=["GET", "POST"])
    @allow(*ENROLLERS)
    @takes(LARGEST)
    def one(person: str) -> str | Response:
        with desk.session() as session:
            state = known(desk, session, person)
            faces = session.execute(select(Template.photos, Template.made_at).where(Template.person == person)).all()
        form = Photos()
        studied: Studied | None = None
        alike: list[Alike] = []
        if form.validate_on_submit():
            studied = _study(form, studio)
            if studied is not None and studied.portrait is not None:
                why = form.why.data if me().role in BKD else ""
                alike = _kept(desk, settings, state, studied, why or "")
                if not alike:
                    flash(N_("Enrolled. Kiosks know the face with the next roster."), "good")
                    return redirect(url_for("enrol.one", person=person), 303)
        following = _next(desk, state)
        return render_template(
            "enrol/one.html",
            form=form,
            who=state,
            faces=faces,
            studied=studied,
            alike=alike,
            told=told,
            following=following,
        )


def _study(form: Photos, studio: Studio) -> Studied | None:
    sent = [(one.filename, one.read()) for one in form.photos.data if one.filename]
    try:
        return studio.study(sent)
    except ModelsError as error:
        log.error("photos cannot be looked at: %s", error)  # noqa: TRY400 - known
        form.photos.errors = [N_("The recognition engine is not installed at the centre: tell its IT staff.")]
        return None


def _kept(desk: Desk, settings: CollectorSettings, state: PersonState, studied: Studied, why: str) -> list[Alike]:
    """Nothing where the face is enrolled now; else whom it resembles."""
    with desk.write() as session:
        pairs = enrol(session, Vault.open(settings.store.keys), state.id, studied, Clerk(me().id, desk.now(), why))
    if not pairs:
        return []
    today = desk.today().date
    with desk.session() as session:
        return [_alike(session, pair, person_in_reach(session, pair.other, today, today)) for pair in pairs[:5]]


def _alike(session: Session, pair: LookAlike, seen: bool) -> Alike:
    name = session.scalar(select(Person.name).where(Person.id == pair.other)) if seen else ""
    return Alike(pair.other if seen else "", name or "", round(pair.cosine * 100))


def _next(desk: Desk, state: PersonState) -> listing.Listed | None:
    """Another one of the same unit who has no face yet."""
    today = desk.today().date
    mains = [post.unit for post in state.posts if post.kind == "main" and post.holds(today)]
    with desk.session() as session:
        waiting = listing.people(session, Choice(frozenset(mains), "unenrolled"), today, 2)
    return next((one for one in waiting if one.id != state.id), None)


def _least_first(branches: list[Branch]) -> list[Branch]:
    shown = [one for one in branches if one.all_people]
    return sorted(shown, key=lambda one: (one.all_enrolled / one.all_people, -one.all_people, one.unit.name))


def _sums(branches: list[Branch], whole: Branch | None) -> tuple[int, int]:
    if whole is not None:
        return whole.all_people, whole.all_enrolled
    return sum(one.all_people for one in branches), sum(one.all_enrolled for one in branches)
