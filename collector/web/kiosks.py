"""The kiosks: how they are, and what is missing of their records."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import timedelta
from functools import partial
from typing import Any

from flask import Blueprint, Response, abort, request
from sqlalchemy.orm import Session

from collector.accounts.roles import ALL_STAFF
from collector.commands import orders_of
from collector.fleet.watch import trends
from collector.reports import fleet as reports_fleet
from collector.reports import kiosks as reports
from collector.reports.fleet import missed
from collector.reports.kiosks import KioskFacts, State
from collector.reports.looks import MOST, Look, count_at_kiosk, looks_at_kiosk
from collector.settings import CollectorSettings
from collector.store.sticks import StickVisit
from collector.web.access import allow, in_reach, reach
from collector.web.desk import Desk
from collector.web.fleet_words import ALARMS, ORDER_STATES, ORDERABLE, PARTS
from collector.web.menu import Entry, Group
from collector.web.paging import PAGE
from collector.web.paging import pages as pages_of
from collector.web.sheets import sheet
from collector.web.sparkline import sparkline
from collector.web.told_words import RESTARTS, facts
from collector.web.words import N_

MENU = (Entry("kiosks.show", N_("Kiosks"), Group.TODAY),)
STATES = {
    State.INCIDENT: ("incident", "bad", N_("Contradicting records")),
    State.OUT_OF_SERVICE: ("fault", "bad", N_("Out of service")),
    State.NEVER: ("never", "down", N_("No contact yet")),
    State.SILENT: ("silent", "bad", N_("No word for a while")),
    State.QUIET: ("silent", "plain", N_("Not expected now")),
    State.OFFLINE: ("offline", "ask", N_("Disconnected, records on")),
    State.BEHIND: ("behind", "ask", N_("Serving, records incomplete")),
    State.GOOD: ("recorded", "good", N_("Serving")),
    State.RETIRED: ("never", "down", N_("Retired")),
}
"""Icon, colour and words of each state."""

SHOWN = timedelta(days=34)
"""Before today: as far as the trend looks back."""

COLUMNS = (
    *("tanggal", "jam", "nama", "pegawai", "unit", "cara", "skor", "jam_dari", "galat_ms"),
    *("kiosk", "rantai", "nomor", "diterima"),
)


def pages(desk: Desk, _settings: CollectorSettings) -> Blueprint:
    """The list, one kiosk, and its records as CSV."""
    blueprint = Blueprint("kiosks", __name__, url_prefix="/kiosks")
    blueprint.context_processor(
        lambda: {
            "alarm_words": ALARMS,
            "orderable": ORDERABLE,
            "order_states": ORDER_STATES,
            "parts_of": PARTS,
            "facts_of": facts,
            "restarts": RESTARTS,
        }
    )

    @blueprint.get("/")
    @allow(*ALL_STAFF)
    def show() -> Response:
        return desk.fresh("kiosks.html", partial(_list, desk))

    @blueprint.get("/<name>")
    @allow(*ALL_STAFF)
    def one(name: str) -> Response:
        return desk.fresh("kiosk.html", partial(_one, desk, name))

    @blueprint.get("/<name>/records.csv")
    @allow(*ALL_STAFF)
    def table(name: str) -> Response:
        day = desk.day_asked()
        with desk.session() as session:
            _known(session, name)
            looks = looks_at_kiosk(session, name, day, MOST)
        return sheet(f"{name}-{day.date:%Y-%m-%d}", look_rows(desk, looks))

    return blueprint


def look_rows(desk: Desk, looks: Iterable[Look]) -> Iterator[tuple[object, ...]]:
    """Looks as rows of CSV, the heading first."""
    yield COLUMNS
    for look in looks:
        at, received = (moment.astimezone(desk.zone) for moment in (look.at, look.received_at))
        score = "" if look.score is None else f"{look.score:.4f}".replace(".", ",")
        yield (
            *(f"{at:%d-%m-%Y}", f"{at:%H:%M:%S}", look.name, look.person, look.unit, look.method, score),
            *(
                look.clock_source,
                look.clock_error_ms,
                look.kiosk,
                look.chain,
                look.seq,
                f"{received:%d-%m-%Y %H:%M:%S}",
            ),
        )


def _known(session: Session, name: str) -> KioskFacts:
    facts = reports.kiosk(session, name)
    if facts is None or not in_reach(session, facts.unit):
        abort(404, "no such kiosk")
    return facts


def _list(desk: Desk, session: Session) -> dict[str, Any]:
    units, alarm = reach(session), request.args.get("alarm", "")
    alarm = alarm if alarm in ALARMS else ""
    sheets = pages_of(reports.count_kiosks(session, units, alarm))
    now, today = desk.now(), desk.today()
    found = reports.kiosks(session, PAGE, sheets.offset, units, alarm)
    alarms = reports_fleet.open_alarms(session, [facts.id for facts in found])
    return {
        "rows": [
            (facts, STATES[facts.state(today, now, missed=missed(alarms.get(facts.id, ()), facts.heard_at))])
            for facts in found
        ],
        "alarms": alarms,
        "fleet": reports_fleet.fleet(session, units),
        "alarm": alarm,
        "pages": sheets,
    }


def _one(desk: Desk, name: str, session: Session) -> dict[str, Any]:
    facts, day, today = _known(session, name), desk.day_asked(), desk.today().date
    sheets = pages_of(count_at_kiosk(session, name, day))
    alarms = reports_fleet.alarms_of(session, name)
    return {
        "facts": facts,
        "state": STATES[facts.state(desk.today(), desk.now(), missed=missed(alarms, facts.heard_at))],
        "day": day,
        "pages": sheets,
        "looks": looks_at_kiosk(session, name, day, PAGE, sheets.offset),
        "incidents": reports.incidents(session, name),
        "set_aside": reports.set_aside_reasons(session, name),
        "alarms": alarms,
        "outages": reports_fleet.outages_of(session, name, desk.now()),
        "trend": trends(session, today, name).get(name),
        "spark": sparkline(reports_fleet.scores_of(session, name, today - SHOWN), today - SHOWN, today),
        "visit": session.get(StickVisit, name),
        "orders": orders_of(session.connection(), name, 10),
    }
