"""Who nears a paragraph of the discipline law this year. The page names the paragraph, never a punishment."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from datetime import date, timedelta
from typing import Any

from flask import Blueprint, Response, render_template
from sqlalchemy.orm import Session

from collector import audit
from collector.accounts.roles import ALL_STAFF
from collector.reports.sums import newest_day
from collector.reports.units import Units
from collector.reports.warnings import Warned, Warnings
from collector.settings import CollectorSettings
from collector.web.access import allow
from collector.web.desk import Desk
from collector.web.menu import Entry, Group
from collector.web.paging import PAGE
from collector.web.paging import pages as pages_of
from collector.web.reporting.asked import Where, asker, where_asked, whole_regency, year_asked
from collector.web.sheets import sheet
from collector.web.words import N_

MENU = (Entry("discipline.show", N_("Early warning"), Group.REPORTS),)
COLUMNS = (
    *("tahun", "nama", "nip", "unit", "nama_unit", "tk_hari", "menit", "hari_seluruhnya", "hari_berturut"),
    *("dasar", "kedudukan"),
)


def pages(desk: Desk, _settings: CollectorSettings) -> Blueprint:
    """The list and its CSV."""
    blueprint = Blueprint("discipline", __name__, url_prefix="/reports/discipline")

    @blueprint.get("/")
    @allow(*ALL_STAFF)
    def show() -> str:
        with desk.session() as session:
            values = _values(desk, session)
        _note(desk, "discipline.read", values["where"], values["year"])
        return render_template("reports/discipline.html", **values)

    @blueprint.get("/list.csv")
    @allow(*ALL_STAFF)
    def table() -> Response:
        with desk.session() as session:
            where, year = where_asked(session), year_asked(desk.today().date)
            until = _until(session, year, desk.today().date)
            rows = Warnings(session, year, until, where.codes).people() if until else []
        _note(desk, "discipline.export", where, year)
        return sheet(f"peringatan-dini-{where.code or 'semua'}-{year}", _rows(year, rows, where.units))

    return blueprint


def _values(desk: Desk, session: Session) -> dict[str, Any]:
    where, year = where_asked(session), year_asked(desk.today().date)
    until = _until(session, year, desk.today().date)
    shared = {"where": where, "year": year, "until": until, "may_all": whole_regency(session)}
    if until is None:
        return {**shared, "rows": []}
    found = Warnings(session, year, until, where.codes)
    overview = found.overview()
    sheets = pages_of(overview.whole)
    return {
        **shared,
        "overview": overview,
        "by_unit": _by_unit(found.by_unit(), where),
        "pages": sheets,
        "rows": found.people(PAGE, sheets.offset),
    }


def _until(session: Session, year: int, today: date) -> date | None:
    """The last judged date of the year before today: today is judged for a few only, those of the night shift first. Without one, today."""
    for last in (today - timedelta(days=1), today):
        newest = newest_day(session, min(last, date(year, 12, 31)))
        if newest is not None and newest.year == year:
            return newest
    return None


def _by_unit(found: Mapping[str, int], where: Where) -> list[tuple[str, str, int]]:
    """Code, name and number of people of each unit right below, the most first."""
    counted: Counter[str] = Counter()
    for unit, people in found.items():
        path = [each.code for each in where.units.path(unit)]
        below = path[path.index(where.code) + 1 :] if where.code in path else path
        counted[below[0] if below else unit] += people
    return [(code, where.units.name(code), count) for code, count in counted.most_common()]


def _rows(year: int, rows: Iterable[Warned], units: Units) -> Iterator[tuple[object, ...]]:
    yield COLUMNS
    for one in rows:
        where = one.standing
        for notice in one.notices:
            yield (
                *(year, one.name, one.number, one.unit, units.name(one.unit)),
                *(where.absent, where.minutes, where.days, where.longest_row),
                f"{notice.law} {notice.rung.paragraph}",
                "tercapai" if notice.reached else f"{notice.missing} hari lagi",
            )


def _note(desk: Desk, action: str, where: Where, year: int) -> None:
    with desk.write() as session:
        audit.note(session, asker(), action, where.code, {"year": year}, desk.now())
