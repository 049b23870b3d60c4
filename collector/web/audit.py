"""The audit log: who read and changed what, whether it is whole, and as a sheet."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from datetime import date

from flask import Blueprint, Response, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from collector import audit
from collector.accounts.roles import Role
from collector.audit import log, reading
from collector.audit.chain import Broken
from collector.audit.reading import Choice, Line
from collector.reports.day import Day
from collector.settings import CollectorSettings
from collector.web.access import allow, me
from collector.web.audit_words import ACTIONS, DETAILS
from collector.web.desk import Desk
from collector.web.forms import tell
from collector.web.menu import Entry, Group
from collector.web.sheets import sheet
from collector.web.words import N_

MENU = (Entry("audit.show", N_("Audit log"), Group.OVERSIGHT),)
SEEN_BY = (Role.INSPECTORATE, Role.BKD_ADMIN)
PAGE = 100
COLUMNS = ("nomor", "waktu", "siapa", "nama", "tindakan", "subjek", "nama_subjek", "rincian", "digest")


def pages(desk: Desk, _settings: CollectorSettings) -> Blueprint:
    """The list, the check, the sheet."""
    blueprint = Blueprint("audit", __name__, url_prefix="/audit")

    @blueprint.get("/")
    @allow(*SEEN_BY)
    def show() -> str:
        choice = _choice(desk)
        with desk.session() as session:
            found = reading.lines(session, choice, PAGE + 1)
            actions, head = reading.actions(session), log.head(session)
        return render_template(
            "audit.html",
            rows=[(line, json.loads(line.detail)) for line in found[:PAGE]],
            older=found[PAGE - 1].seq if len(found) > PAGE else None,
            choice=choice,
            actions=actions,
            words=ACTIONS,
            details=DETAILS,
            head=head,
        )

    @blueprint.post("/verify")
    @allow(*SEEN_BY)
    def verify() -> AnyResponse:
        with desk.session() as session:
            found = log.verify(session)
        whole = not isinstance(found, Broken)
        with desk.write() as session:
            audit.note(session, me().id, "audit.verify", "audit", {"seq": found.seq, "whole": whole}, desk.now())
        if isinstance(found, Broken):
            tell(N_("The log does not hold from entry %(seq)s on."), "bad", seq=found.seq)
        else:
            tell(N_("All %(seq)s entries are as they were written."), seq=found.seq)
        return redirect(url_for("audit.show"), 303)

    @blueprint.get("/log.csv")
    @allow(*SEEN_BY)
    def table() -> Response:
        choice = _choice(desk)
        with desk.session() as session:
            found = reading.lines(session, choice)
        wanted = {name: request.args.get(name, "")[:100] for name in ("who", "subject", "action", "from", "to")}
        with desk.write() as session:
            audit.note(session, me().id, "audit.export", "audit", wanted, desk.now())
        return sheet(f"audit-{desk.today().date}", _rows(desk, found))

    return blueprint


def _choice(desk: Desk) -> Choice:
    since, until = _day(desk, "from"), _day(desk, "to")
    texts = {name: request.args.get(name, "").strip()[:200] for name in ("who", "subject", "action")}
    before = request.args.get("before", None, int)
    start, end = since.start if since else None, until.end if until else None
    return Choice(**texts, since=start, until=end, before=before if (before or 0) > 0 else None)


def _day(desk: Desk, name: str) -> Day | None:
    try:
        return Day.of(date.fromisoformat(request.args.get(name, "")), desk.zone)
    except (ValueError, OverflowError):
        return None


def _rows(desk: Desk, found: Iterable[Line]) -> Iterator[tuple[object, ...]]:
    yield COLUMNS
    for one in found:
        at = one.at.astimezone(desk.zone)
        yield (
            *(one.seq, f"{at:%d-%m-%Y %H:%M:%S}", one.who, one.who_name or "", one.action, one.subject),
            *(one.subject_name or "", one.detail, one.digest),
        )
