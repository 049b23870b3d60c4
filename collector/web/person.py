"""One person's records, a month at a time, day by day."""

from __future__ import annotations

import re
from datetime import date, datetime, timedelta

from flask import Blueprint, Response, abort, render_template, request
from sqlalchemy.orm import Session

from collector import audit
from collector.accounts.roles import EVERYBODY
from collector.reports.day import Day
from collector.reports.looks import Profile, by_day, looks_of_person, profile
from collector.settings import CollectorSettings
from collector.web.access import allow, me, person_in_reach
from collector.web.desk import Desk
from collector.web.kiosks import look_rows
from collector.web.menu import Entry
from collector.web.sheets import sheet

MENU: tuple[Entry, ...] = ()
_MONTH = re.compile(r"^(20\d\d)-(0[1-9]|1[0-2])$")


def pages(desk: Desk, _settings: CollectorSettings) -> Blueprint:
    """A person's page and its CSV."""
    blueprint = Blueprint("person", __name__, url_prefix="/people")

    @blueprint.get("/<person>")
    @allow(*EVERYBODY)
    def show(person: str) -> str:
        first = _month(desk.today().date)
        with desk.session() as session:
            who = _known(session, person, first, desk.today().date)
            looks = looks_of_person(session, person, *_span(desk, first))
        _note(desk, "person.read", person, first)
        return render_template(
            "person.html",
            who=who,
            month=first,
            before=_shift(first, -1),
            after=_shift(first, 1),
            days=by_day(looks, desk.zone),
            looks=len(looks),
        )

    @blueprint.get("/<person>.csv")
    @allow(*EVERYBODY)
    def table(person: str) -> Response:
        first = _month(desk.today().date)
        with desk.session() as session:
            who = _known(session, person, first, first)
            looks = looks_of_person(session, who.id, *_span(desk, first))
        _note(desk, "person.export", person, first)
        return sheet(f"presensi-{who.id}-{first:%Y-%m}", look_rows(desk, looks))

    return blueprint


def _known(session: Session, person: str, first: date, on: date) -> Profile:
    """Of the month that begins on `first`. Answers 404 for whoever is out of reach then."""
    if not person_in_reach(session, person, first, _shift(first, 1) - timedelta(days=1)):
        abort(404, "no such person")
    return profile(session, person, on) or abort(404, "no such person")


def _note(desk: Desk, action: str, person: str, month: date) -> None:
    """Who looked at whom: a page that cannot be noted is not shown."""
    with desk.write() as session:
        audit.note(session, me().id, action, person, {"month": f"{month:%Y-%m}"}, desk.now())


def _month(today: date) -> date:
    """First day of the month of `?month=YYYY-MM`, else of today's."""
    asked = _MONTH.match(request.args.get("month", ""))
    return date(int(asked[1]), int(asked[2]), 1) if asked else today.replace(day=1)


def _shift(first: date, months: int) -> date:
    index = first.year * 12 + first.month - 1 + months
    return date(index // 12, index % 12 + 1, 1)


def _span(desk: Desk, first: date) -> tuple[datetime, datetime]:
    end = _shift(first, 1) - timedelta(days=1)
    return Day.of(first, desk.zone).start, Day.of(end, desk.zone).end
