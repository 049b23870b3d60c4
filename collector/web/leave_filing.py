"""Filing a letter: choose the unit, then the people; what speaks against it is shown before it is filed."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from typing import Any

from flask import Blueprint, abort, flash, redirect, render_template, request, session, url_for
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response
from wtforms import SelectChoice

from collector import audit
from collector.accounts.roles import BKD, OPD
from collector.leave import letters, reading, requests
from collector.leave.errors import LeaveError, LetterError
from collector.leave.requests import Cost, Filing, Meeting
from collector.rules.errors import RulesError
from collector.settings import CollectorSettings
from collector.vault import Vault
from collector.web.access import allow, me
from collector.web.desk import Desk
from collector.web.guard import takes
from collector.web.leave_forms import FilingForm
from collector.web.leave_words import words
from collector.web.units import Units
from collector.web.words import N_

KEPT = "letters"
"""Key of the session under which stand the letters that this browser has uploaded and not filed yet."""
MOST_KEPT = 5
BODY = letters.MAX_BYTES + 2**18


@dataclass(frozen=True, slots=True)
class Warnings:
    """What speaks against a filing: letters for the same days, annual leave beyond the account."""

    met: list[Meeting]
    over: list[Cost]


def views(blueprint: Blueprint, desk: Desk, settings: CollectorSettings) -> None:
    """The form and what it sends."""

    @blueprint.route("/new", methods=["GET", "POST"])
    @allow(*BKD, *OPD)
    @takes(BODY)
    def new() -> str | Response:
        with desk.session() as database:
            units = Units(database)
            unit = request.args.get("unit", "") or me().unit or ""
            below = units.below(unit)
            if unit and not below:
                abort(404, "no such unit")
            people = reading.people(database, below, desk.today().date)
        form = FilingForm()
        form.people.choices = [SelectChoice(one.id, one.name) for one in people[: reading.MOST_SHOWN]]
        values: dict[str, Any] = {"units": units.options(), "unit": unit, "people": people, "form": form}
        if not form.validate_on_submit():
            return render_template("leave/new.html", **values)
        try:
            letter = letter_of(desk, settings, form)
        except LetterError as error:
            form.file.errors = [words(error)]
            return render_template("leave/new.html", **values)
        filing = form.filing(letter)
        warned = _warnings(desk, filing)
        if (warned.met or warned.over) and not form.despite.data:
            form.kept.data = letter or ""
            names = {one.id: one.name for one in people}
            return render_template("leave/new.html", warned=warned, names=names, **values)
        return _file(desk, filing)


def letter_of(desk: Desk, settings: CollectorSettings, form: Any) -> str | None:
    """The letter's id: of the `file` that came with a form, else of the one, `kept`, that this very browser has uploaded before.

    Raises LetterError.
    """
    kept: list[str] = session.get(KEPT, [])
    if form.file.data:
        paper = letters.check(form.file.data.read(letters.MAX_BYTES + 1), form.file.data.filename or "")
        with desk.write() as database:
            vault = Vault.open(settings.store.keys)
            number = letters.store(database.connection(), vault, paper, me().id, desk.now())
        session[KEPT] = [*kept, number][-MOST_KEPT:]
        return number
    if form.kept.data:
        if not any(secrets.compare_digest(form.kept.data, one) for one in kept):
            raise LetterError("that letter was not uploaded here: choose the file again")
        return str(form.kept.data)
    return None


def _warnings(desk: Desk, filing: Filing) -> Warnings:
    permits = requests.permits_of(filing)
    with desk.session() as database:
        met = requests.meetings(database.connection(), permits)
        try:
            over = [cost for cost in requests.costs(database.connection(), permits) if cost.over]
        except (RulesError, LookupError):  # hours that contradict each other are somebody else's to mend
            over = []
    return Warnings(met, over)


def _file(desk: Desk, filing: Filing) -> Response:
    try:
        with desk.write() as database:
            made = requests.file(database.connection(), filing, me().id, desk.now())
            _note(database, desk, filing, made)
    except LeaveError as error:
        flash(words(error), "bad")
        return redirect(url_for("leave.new"), 303)
    session[KEPT] = []
    flash(N_("Filed. It counts when it is approved."), "good")
    return redirect(url_for("leave.one", number=made[0]) if len(made) == 1 else url_for("leave.show"), 303)


def _note(database: Session, desk: Desk, filing: Filing, made: list[str]) -> None:
    for number in made:
        detail = {"code": filing.code.value, "from": str(filing.since), "to": str(filing.until)}
        audit.note(database, me().id, "leave.file", number, detail, desk.now())
