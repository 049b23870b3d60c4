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
from collector.web.desk import Desk
from collector.web.forms import tell
from collector.web.menu import Entry, Group
from collector.web.people_words import AUDITED
from collector.web.sheets import sheet
from collector.web.words import N_

MENU = (Entry("audit.show", N_("Audit log"), Group.OVERSIGHT),)
SEEN_BY = (Role.INSPECTORATE, Role.BKD_ADMIN)
PAGE = 100
COLUMNS = ("nomor", "waktu", "siapa", "nama", "tindakan", "subjek", "nama_subjek", "rincian", "digest")

ACTIONS = {
    **AUDITED,
    "person.read": N_("Looked at a person"),
    "person.export": N_("Took a person's sheet"),
    "login": N_("Logged in"),
    "login.refused": N_("Log-in refused"),
    "logout": N_("Logged out"),
    "logout.everywhere": N_("Logged out everywhere"),
    "account.create": N_("Made an account"),
    "account.change": N_("Changed role or unit"),
    "account.reset": N_("Gave a one-time password"),
    "account.disable": N_("Closed an account"),
    "account.enable": N_("Opened an account again"),
    "account.password": N_("Chose a new password"),
    "handout.make": N_("Made a hand-out link"),
    "handout.use": N_("Came in by a hand-out link"),
    "sample.draw": N_("Drew a sample"),
    "sample.judge": N_("Judged a drawn match"),
    "sample.read": N_("Looked at a drawn match"),
    "evidence.read": N_("Looked at pictures"),
    "retention.evidence": N_("Deleted evidence pictures"),
    "retention.set-aside": N_("Emptied messages set aside"),
    "retention.template": N_("Deleted a template"),
    "retention.chip": N_("Deleted enrolment pictures"),
    "retention.pin": N_("Deleted a PIN"),
    "audit.verify": N_("Checked the audit log"),
    "audit.export": N_("Took a sheet of the audit log"),
}
"""Words of the actions; one without is shown as it is."""

DETAILS = {
    "month": N_("Month"),
    "role": N_("Role"),
    "unit": N_("Unit"),
    "role_before": N_("Role before"),
    "unit_before": N_("Unit before"),
    "address": N_("Address"),
    "browsers": N_("Browsers"),
    "hours": N_("Hours it holds"),
    "made_by": N_("Made by"),
    "count": N_("Count"),
    "seq": N_("Entries"),
    "whole": N_("Whole"),
    "from": N_("From"),
    "to": N_("To"),
    "reason": N_("Reason"),
    "until": N_("Until"),
    "guarantor": N_("Who vouches"),
    "letter": N_("Letter"),
}
"""Words of what details are called; one without is shown as it is."""


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
