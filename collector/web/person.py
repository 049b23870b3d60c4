"""One person's days, a month at a time: what each became, and the records beneath."""

from __future__ import annotations

from datetime import date, timedelta

from flask import Blueprint, Response, abort, render_template
from sqlalchemy.orm import Session

from collector import audit
from collector.accounts.roles import EVERYBODY
from collector.reports.looks import Profile, looks_of_person, profile
from collector.settings import CollectorSettings
from collector.web.access import allow, me, person_in_reach
from collector.web.days import days_of, month_asked, shift, span, words
from collector.web.desk import Desk
from collector.web.kiosks import look_rows
from collector.web.menu import Entry
from collector.web.sheets import sheet

MENU: tuple[Entry, ...] = ()


def pages(desk: Desk, _settings: CollectorSettings) -> Blueprint:
    """A person's page and its CSV."""
    blueprint = Blueprint("person", __name__, url_prefix="/people")

    @blueprint.get("/<person>")
    @allow(*EVERYBODY)
    def show(person: str) -> str:
        first = month_asked(desk.today().date)
        with desk.session() as session:
            who = _known(session, person, first, desk.today().date)
            days = days_of(desk, session, person, first)
        _note(desk, "person.read", person, first)
        return render_template(
            "person.html",
            who=who,
            month=first,
            before=shift(first, -1),
            after=shift(first, 1),
            days=days,
            **words(),
        )

    @blueprint.get("/<person>.csv")
    @allow(*EVERYBODY)
    def table(person: str) -> Response:
        first = month_asked(desk.today().date)
        with desk.session() as session:
            who = _known(session, person, first, first)
            looks = looks_of_person(session, who.id, *span(desk, first))
        _note(desk, "person.export", person, first)
        return sheet(f"presensi-{who.id}-{first:%Y-%m}", look_rows(desk, looks))

    return blueprint


def _known(session: Session, person: str, first: date, on: date) -> Profile:
    """Of the month that begins on `first`. Answers 404 for whoever is out of reach then."""
    if not person_in_reach(session, person, first, shift(first, 1) - timedelta(days=1)):
        abort(404, "no such person")
    return profile(session, person, on) or abort(404, "no such person")


def _note(desk: Desk, action: str, person: str, month: date) -> None:
    """Who looked at whom: a page that cannot be noted is not shown."""
    with desk.write() as session:
        audit.note(session, me().id, action, person, {"month": f"{month:%Y-%m}"}, desk.now())
