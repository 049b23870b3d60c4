"""The first working day after joint leave, for the report that is due the same day by 15:00."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from datetime import date
from typing import Any

from flask import Blueprint, Response, render_template, request
from sqlalchemy.orm import Session

from collector import audit
from collector.accounts.roles import ALL_STAFF
from collector.reports.after_leave import Missing, Return, missing, returns
from collector.reports.sums import Sums, added, by_unit
from collector.reports.units import Place, Units
from collector.settings import CollectorSettings
from collector.web.access import allow
from collector.web.desk import Desk
from collector.web.menu import Entry, Group
from collector.web.reporting.asked import Where, asker, where_asked, whole_regency
from collector.web.sheets import sheet
from collector.web.words import N_

MENU = (Entry("back.show", N_("After joint leave"), Group.REPORTS),)
COLUMNS = ("tanggal", "opd", "unit", "nama_unit", "nama", "nip", "keadaan", "kode", "pertama")
WORDS = {
    "absent": ("incident", "bad", N_("Without reason")),
    "waiting": ("waiting", "ask", N_("Not yet seen")),
    "late": ("clock", "ask", N_("Late or left early")),
    "review": ("search", "human", N_("Being reviewed")),
    "leave": ("stored", "plain", N_("With a letter")),
}
"""Icon, colour and words, the most urgent first."""
ON_PAPER = {
    "absent": "tanpa keterangan",
    "waiting": "belum tercatat",
    "late": "terlambat/pulang cepat",
    "review": "ditinjau",
    "leave": "ada surat",
}
SHOWN = 300


def pages(desk: Desk, _settings: CollectorSettings) -> Blueprint:
    """The report, for print and as CSV."""
    blueprint = Blueprint("back", __name__, url_prefix="/reports/after-leave")

    @blueprint.get("/")
    @allow(*ALL_STAFF)
    def show() -> str:
        with desk.session() as session:
            values = _values(desk, session)
        _note(desk, "after-leave.read", values["where"], values["day"])
        return render_template("reports/back.html", **values, words=WORDS)

    @blueprint.get("/list.csv")
    @allow(*ALL_STAFF)
    def table() -> Response:
        with desk.session() as session:
            where = where_asked(session)
            day = _day(desk, returns(session, _year(desk)))
            rows = missing(session, day, where.codes)
        _note(desk, "after-leave.export", where, day)
        return sheet(f"pasca-cuti-bersama-{where.code or 'semua'}-{day:%Y-%m-%d}", _rows(desk, day, rows, where.units))

    return blueprint


def _year(desk: Desk) -> int:
    try:
        return date.fromisoformat(request.args.get("day", "")).year
    except ValueError:
        return desk.today().date.year


def _day(desk: Desk, found: Iterable[Return]) -> date:
    """By `?day=`, else the last return up to today, else today."""
    today = desk.today().date
    try:
        return date.fromisoformat(request.args.get("day", ""))
    except ValueError:
        return max((each.day for each in found if each.day <= today), default=today)


def _values(desk: Desk, session: Session) -> dict[str, Any]:
    found = returns(session, _year(desk))
    day, where = _day(desk, found), where_asked(session)
    sums = by_unit(session, day, day, where.codes)
    people = missing(session, day, where.codes)
    return {
        "where": where,
        "day": day,
        "today": desk.today().date,
        "returns": found,
        "chosen": next((each for each in found if each.day == day), None),
        "whole": added(sums.values()),
        "below": _below(where, sums),
        "counts": Counter(each.word for each in people),
        "people": sorted(people, key=lambda each: list(WORDS).index(each.word))[:SHOWN],
        "many": len(people),
        "may_all": whole_regency(session),
    }


def _below(where: Where, sums: dict[str, Sums]) -> list[tuple[Place, Sums]]:
    rows = [
        (child, added(sums[code] for code in where.units.below(child.code) if code in sums)) for child in where.children
    ]
    return [(child, each) for child, each in rows if each.people]


def _rows(desk: Desk, day: date, rows: Iterable[Missing], units: Units) -> Iterator[tuple[object, ...]]:
    yield COLUMNS
    for one in rows:
        first = one.first_in.astimezone(desk.zone).strftime("%H:%M:%S") if one.first_in else ""
        yield (
            *(f"{day:%d-%m-%Y}", units.name(units.opd(one.unit)), one.unit, units.name(one.unit)),
            *(one.name, one.number, ON_PAPER[one.word], " ".join(one.codes), first),
        )


def _note(desk: Desk, action: str, where: Where, day: date) -> None:
    with desk.write() as session:
        audit.note(session, asker(), action, where.code, {"day": day.isoformat()}, desk.now())
