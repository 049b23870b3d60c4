"""Closing months: what is still open and why, closing for good, what was paid, and the corrections that come after."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from flask import Blueprint, Response, abort, flash, redirect, render_template, url_for
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response as AnyResponse
from wtforms import BooleanField, StringField

from collector import audit
from collector.accounts.roles import ALL_STAFF, BKD
from collector.audit.chain import Detail
from collector.entered import closing
from collector.entered.closing import Standing, Standings
from collector.judging import months
from collector.judging.errors import MonthError
from collector.judging.months import Order
from collector.recap.month import Month
from collector.rules.month import Correction
from collector.settings import CollectorSettings
from collector.web.access import allow, me
from collector.web.desk import Desk
from collector.web.entered_words import HINDRANCES, words
from collector.web.forms import Form, Short, required, tell
from collector.web.menu import Entry, Group
from collector.web.reasons import words as reason_words
from collector.web.reporting.asked import Where, month_asked, shifted, where_asked
from collector.web.sheets import sheet
from collector.web.words import N_

MENU = (Entry("months.show", N_("Month closing"), Group.REPORTS, ALL_STAFF),)
MOST_CORRECTIONS = 200
COLUMNS = (
    *("tanggal", "nama", "nip", "unit", "dibayar", "seharusnya"),
    *("selisih_persen", "selisih_menit", "dibukukan"),
)


class CloseForm(Form):
    """Confirmed twice, for it cannot be undone; with a reason where days are left as they are."""

    sure = BooleanField(N_("I have compared the recap of this month."), [required()])
    surer = BooleanField(N_("I know that a closed month stays closed: what comes later is a correction."), [required()])
    why = StringField(N_("Why days that are not settled stay so"), [Short(500)])


def pages(desk: Desk, _settings: CollectorSettings) -> Blueprint:
    """The months of the units, one unit's month, its closing, its corrections."""
    blueprint = Blueprint("months", __name__, url_prefix="/months")
    blueprint.context_processor(lambda: {"hindrances": HINDRANCES, "reason_words": reason_words})

    @blueprint.get("/")
    @allow(*ALL_STAFF)
    def show() -> str:
        return _page(desk, CloseForm(formdata=None))

    @blueprint.post("/close")
    @allow(*BKD)
    def close() -> str | AnyResponse:
        form = CloseForm()
        return _close(desk, form) if form.validate_on_submit() else _page(desk, form)

    @blueprint.get("/corrections.csv")
    @allow(*ALL_STAFF)
    def corrections() -> Response:
        month = month_asked(desk.today().date)
        with desk.write() as session:
            where = where_asked(session)
            found = _corrections(session, where, month)
            names = closing.names_of(session, found.keys())
            audit.note(session, me().id, "month.corrections", where.code, {"month": str(month)}, desk.now())
        return sheet(f"koreksi-{where.code or 'semua'}-{month}", _rows(where, found, names))

    return blueprint


def _page(desk: Desk, form: CloseForm) -> str:
    month = month_asked(desk.today().date)
    with desk.session() as session:
        where = where_asked(session)
        standings = Standings(session, where.units, month, desk.now())
        below = [standings.of(place) for place in where.children]
        values: dict[str, Any] = {"own": None}
        if where.unit is not None:
            values = _unit(desk, session, where, month, standings.of(where.unit))
            values["held"] = standings.held(where.codes or frozenset())
    return render_template(
        "entered/months.html",
        where=where,
        month=month,
        before=shifted(month, -1),
        after=shifted(month, 1),
        below=[each for each in below if each.sums.people or each.closed],
        form=form,
        bkd=me().role in BKD,
        may_all=me().unit is None,
        **values,
    )


def _unit(desk: Desk, session: Session, where: Where, month: Month, own: Standing) -> dict[str, Any]:
    units = where.units.below(own.unit.code)
    found = _corrections(session, where, month)
    return {
        "own": own,
        "hindrance": months.hindrance(session.connection(), own.unit.code, month.days[0], desk.now()),
        "unsettled": closing.unsettled_days(session, units, month) if own.unsettled and not own.closed else [],
        "paid": closing.paid_days(session, units, month),
        "corrections": list(found.items())[:MOST_CORRECTIONS],
        "correction_count": len(found),
        "names": closing.names_of(session, found.keys()),
        "history": closing.history(session, own.unit.code),
    }


def _corrections(session: Session, where: Where, month: Month) -> dict[Correction, bool]:
    """Corrections that this month's closing took up (True), else those that it would: of earlier months, still waiting."""
    if where.unit is None:
        return {}
    units = sorted(where.units.below(where.unit.code))
    return closing.corrections_for(session.connection(), units, month.days[0])


def _close(desk: Desk, form: CloseForm) -> AnyResponse:
    month = month_asked(desk.today().date)
    with desk.session() as session:
        where = where_asked(session)
    if where.unit is None:
        abort(404, "name a unit")
    order = Order(me().id, desk.now(), form.why.data or "")
    try:
        with desk.write() as session:
            done = months.close_month(session.connection(), where.code, month.days[0], order)
            detail: Detail = {
                "month": str(month),
                "days": done.days,
                "unsettled": done.unsettled,
                "digest": done.digest,
            }
            audit.note(session, me().id, "month.close", where.code, detail, desk.now())
    except MonthError as error:
        flash(words(error), "bad")
    else:
        tell(
            N_("Closed: %(days)s days are frozen as paid, %(corrections)s corrections taken up."),
            days=done.days,
            corrections=done.corrections,
        )
    return redirect(url_for("months.show", unit=where.code, month=str(month)), 303)


def _rows(
    where: Where, found: Mapping[Correction, bool], names: Mapping[str, tuple[str, str]]
) -> Iterator[tuple[object, ...]]:
    yield COLUMNS
    for each, booked in found.items():
        name, number = names.get(each.person, (each.person, ""))
        who = (f"{each.day:%d-%m-%Y}", name, number, where.units.name(each.then.unit))
        codes = (" ".join(each.then.codes), " ".join(each.now.codes))
        percent = f"{each.percent:f}".replace(".", ",")
        yield (*who, *codes, percent, each.minutes, "ya" if booked else "menunggu")
