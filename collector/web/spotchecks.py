"""Spot checks (sidak): drawing, noting who is there on a telephone, the list against the ledger."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

from flask import Blueprint, abort, flash, jsonify, redirect, render_template, request, url_for
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response
from wtforms import DateField, IntegerField, SelectField, TextAreaField, TimeField
from wtforms.validators import NumberRange, Optional

from collector import audit
from collector.accounts.roles import BKD, CHECKERS, WHOLE
from collector.errors import SpotCheckError
from collector.judging.marks import local_midnight
from collector.rules.spotcheck import Seen, Verdict, Weighting
from collector.settings import CollectorSettings
from collector.spotchecks import book, result
from collector.spotchecks.book import Note, Order
from collector.store.people import Unit
from collector.store.spotchecks import SpotCheck
from collector.web.access import allow, me
from collector.web.desk import Desk
from collector.web.forms import Form, Short, required
from collector.web.menu import Entry, Group
from collector.web.sheets import sheet
from collector.web.words import N_

MENU = (Entry("spotchecks.show", N_("Spot checks"), Group.OVERSIGHT, WHOLE),)
VERDICTS = {
    Verdict.GONE: ("incident", "bad", N_("Checked in and gone")),
    Verdict.UNRECORDED: ("gap", "ask", N_("There, not recorded")),
    Verdict.ABSENT: ("never", "ask", N_("Absent, not recorded")),
    Verdict.EXCUSED: ("check", "plain", N_("Absent with explanation")),
    Verdict.GATHERING: ("check", "plain", N_("Gathering at that hour")),
    Verdict.OFF_DUTY: ("check", "plain", N_("Not on duty at that hour")),
    Verdict.AGREES: ("check", "good", N_("There and recorded")),
    Verdict.NOT_NOTED: ("waiting", "down", N_("Not noted")),
}
SEEN = {Seen.PRESENT: N_("There"), Seen.ABSENT: N_("Not there"), Seen.EXPLAINED: N_("Explained")}
UNIFORM = {"": "—", "ok": N_("Uniform in order"), "not": N_("Uniform not in order")}
WEIGHTINGS = {
    Weighting.PEOPLE.value: N_("By number of people"),
    Weighting.EQUAL.value: N_("Every unit alike"),
    Weighting.VIOLATIONS.value: N_("By violations of 90 days"),
}
COLUMNS = (
    "sidak",
    "unit",
    "nama",
    "nip",
    "dicatat",
    "jam_dicatat",
    "seragam",
    "keterangan",
    "presensi",
    "hasil",
    "acara",
)
LATEST = timedelta(hours=12)
"""A tap may wait so long for the network."""


class DrawForm(Form):
    """When, and how units are weighed."""

    day = DateField(N_("Date"), [required()])
    first = TimeField(N_("Between"), [required()])
    last = TimeField(N_("and"), [required()])
    weighting = SelectField(N_("How units are weighed"), [required()], choices=WEIGHTINGS)
    least = IntegerField(N_("Units of at least so many people"), [Optional(), NumberRange(1, 10_000)], default=1)


class CloseForm(Form):
    """The end of a check."""

    remark = TextAreaField(N_("Remark on the whole check"), [Short(2000)])


def pages(desk: Desk, _settings: CollectorSettings) -> Blueprint:
    """The pages of spot checks."""
    blueprint = Blueprint("spotchecks", __name__, url_prefix="/spot-checks")
    blueprint.context_processor(
        lambda: {"verdicts": VERDICTS, "seen_words": SEEN, "uniforms": UNIFORM, "weightings": WEIGHTINGS}
    )
    view = _Pages(desk)
    blueprint.route("/", methods=["GET", "POST"])(view.show)
    blueprint.get("/<int:spot>")(view.one)
    blueprint.get("/<int:spot>.csv")(view.table)
    blueprint.get("/<int:spot>/note")(view.noting)
    blueprint.post("/<int:spot>/note")(view.note)
    blueprint.post("/<int:spot>/close")(view.close)
    return blueprint


class _Pages:
    """The views; each name is its endpoint's."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    @allow(*WHOLE)
    def show(self) -> str | Response:
        """All draws; the inspectorate draws another."""
        form = DrawForm() if me().role in CHECKERS else None
        if request.method == "POST" and form is None:
            abort(403)
        if form is not None and form.validate_on_submit():
            order = Order(
                by=me().id,
                day=form.day.data,
                first=form.first.data,
                last=form.last.data,
                weighting=Weighting(form.weighting.data),
                least=form.least.data or 1,
            )
            try:
                with self._desk.write() as session:
                    spot = book.draw_check(session, order, self._desk.now())
            except SpotCheckError:
                form.day.errors = [N_("Choose today or one of the next 31 days, and a time that ends after it begins.")]
            else:
                return redirect(url_for("spotchecks.one", spot=spot), 303)
        with self._desk.session() as session:
            checks = result.listed(session)
        return render_template("spotchecks/list.html", checks=checks, form=form, today=self._desk.today().date)

    @allow(*WHOLE)
    def one(self, spot: int) -> str:
        """One check: where and when; after noting, the list against the ledger."""
        with self._desk.session() as session:
            values = _values(session, spot)
        self._note("spot-check.read", spot)
        form = CloseForm() if me().role in CHECKERS and values["check"].closed_at is None else None
        return render_template("spotchecks/one.html", form=form, may=me().role in CHECKERS, **values)

    @allow(*WHOLE)
    def table(self, spot: int) -> Response:
        """The list as a sheet."""
        with self._desk.session() as session:
            values = _values(session, spot)
        self._note("spot-check.export", spot)
        return sheet(f"sidak-{spot}-{values['check'].day}", _rows(self._desk, values))

    @allow(*CHECKERS)
    def noting(self, spot: int) -> str:
        """The list to note on. It does not say what the ledger knows: what one sees is noted, not what one expects."""
        with self._desk.session() as session:
            check, unit = _check(session, spot)
            if check.closed_at is not None:
                abort(404, "closed")
            people = result.people(session, check)
        return render_template("spotchecks/note.html", check=check, unit=unit, people=people)

    @allow(*CHECKERS)
    def note(self, spot: int) -> Response | tuple[Response, int]:
        """Keep one tap: by a form, or by the page's script, which sends again until it is told that it was kept."""
        form = request.form
        try:
            told = Note(
                person=form.get("person", ""),
                seen=Seen(form.get("seen", "")),
                tap=form.get("tap", ""),
                by=me().id,
                at=self._desk.now() - min(LATEST, timedelta(milliseconds=max(0, form.get("ago", 0, int)))),
                uniform=form.get("uniform", ""),
                remark=form.get("remark", ""),
            )
            with self._desk.write() as session:
                new = book.note(session, spot, told)
        except (SpotCheckError, ValueError) as error:
            return jsonify(error=str(error)), 409
        if request.accept_mimetypes.best == "application/json":
            return jsonify(kept=told.tap, new=new)
        return redirect(url_for("spotchecks.noting", spot=spot, _anchor=f"p-{told.person}"), 303)

    @allow(*CHECKERS)
    def close(self, spot: int) -> str | Response:
        """End the check; the detectors look at it."""
        form = CloseForm()
        if form.validate_on_submit():
            try:
                with self._desk.write() as session:
                    book.close(session, spot, me().id, form.remark.data or "", self._desk.now())
            except SpotCheckError:
                flash(N_("Nobody was noted yet, or the check is closed: nothing was changed."), "bad")
            else:
                flash(N_("Closed. Who checked in and was gone is a reason to check within a minute."), "good")
        return redirect(url_for("spotchecks.one", spot=spot), 303)

    def _note(self, action: str, spot: int) -> None:
        with self._desk.write() as session:
            audit.note(session, me().id, action, str(spot), {}, self._desk.now())


def _check(session: Session, spot: int) -> tuple[SpotCheck, Unit | None]:
    check = session.get(SpotCheck, spot) or abort(404, "no such check")
    return check, session.get(Unit, check.unit)


def _values(session: Session, spot: int) -> dict[str, Any]:
    check, unit = _check(session, spot)
    lines = result.urgent_first(result.lines(session, check))
    return {
        "check": check,
        "unit_name": unit.name if unit else check.unit,
        "lines": lines,
        "tally": result.tally(lines),
        "noted": sum(line.noted.seen is not None for line in lines),
        "redrawn": book.redrawn(check),
        "midnight": local_midnight(check.day),
        "violations": me().role in BKD | CHECKERS,
    }


def _rows(desk: Desk, values: dict[str, Any]) -> Iterator[tuple[object, ...]]:
    yield COLUMNS
    for line in values["lines"]:
        noted = line.noted
        at = noted.at.astimezone(desk.zone).strftime("%H:%M:%S") if noted.at else ""
        looks = " ".join(_clock(desk, look, values["midnight"]) for look in line.looks)
        who = (values["check"].id, values["unit_name"], noted.name, noted.number or "")
        told = (noted.seen.value if noted.seen else "", at, noted.uniform, noted.remark, looks)
        yield (*who, *told, line.verdict.value, line.gathering)


def _clock(desk: Desk, look: datetime, midnight: datetime) -> str:
    """The time, with the date where it is an earlier one: of who works across midnight."""
    return look.astimezone(desk.zone).strftime("%H:%M:%S" if look >= midnight else "%d-%m-%Y %H:%M:%S")
