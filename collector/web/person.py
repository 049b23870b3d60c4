"""One person's records, a month at a time, day by day."""

from __future__ import annotations

import re
from datetime import date, datetime, timedelta

from flask import Blueprint, Response, abort, render_template, request

from collector.reports.day import Day
from collector.reports.looks import by_day, looks_of_person, profile
from collector.web.desk import Desk
from collector.web.kiosks import look_rows
from collector.web.sheets import sheet

_MONTH = re.compile(r"^(20\d\d)-(0[1-9]|1[0-2])$")


def pages(desk: Desk) -> Blueprint:
    """A person's page and its CSV."""
    blueprint = Blueprint("person", __name__, url_prefix="/people")

    @blueprint.get("/<person>")
    def show(person: str) -> str:
        first = _month(desk.today().date)
        with desk.session() as session:
            who = profile(session, person, desk.today().date) or abort(404, "no such person")
            looks = looks_of_person(session, person, *_span(desk, first))
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
    def table(person: str) -> Response:
        first = _month(desk.today().date)
        with desk.session() as session:
            who = profile(session, person, first) or abort(404, "no such person")
            looks = looks_of_person(session, who.id, *_span(desk, first))
        return sheet(f"presensi-{who.id}-{first:%Y-%m}", look_rows(desk, looks))

    return blueprint


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
