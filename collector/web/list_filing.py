"""Filing a manual list: unit and date first, then who was there and when; what the facts do not show is said before."""

from __future__ import annotations

from datetime import date, time
from typing import Any

from flask import Blueprint, abort, flash, redirect, render_template, request, session, url_for
from flask_wtf.file import FileField
from werkzeug.wrappers import Response
from wtforms import BooleanField, HiddenField, SelectChoice, SelectField, StringField, TimeField
from wtforms.validators import Optional

from collector import audit
from collector.entered import lists
from collector.entered.lists import MOST_LINES, Filing, Line
from collector.entered.rights import FILERS
from collector.judging.errors import EntryError
from collector.leave import reading as leave_reading
from collector.leave.errors import LetterError
from collector.leave.reading import Somebody
from collector.rules.errors import RulesError
from collector.rules.evidence import ManualWhy
from collector.settings import CollectorSettings
from collector.web.access import allow, me
from collector.web.desk import Desk
from collector.web.entered_words import WHYS
from collector.web.forms import Form, Short, required
from collector.web.guard import takes
from collector.web.leave_filing import BODY, KEPT, letter_of
from collector.web.leave_words import words as letter_words
from collector.web.units import Units
from collector.web.words import N_


class ListForm(Form):
    """What holds for the whole list; its people stand beside it, each with a tick and times of their own."""

    why = SelectField(N_("Reason"), choices=[SelectChoice(why.value, words) for why, words in WHYS.items()])
    number = StringField(N_("Number of the list or letter"), [required(), Short(100)])
    comes = TimeField(N_("Came at"), [Optional()])
    goes = TimeField(N_("Went at"), [Optional()])
    note = StringField(N_("Note"), [Short(500)])
    file = FileField(N_("Signed list (PDF, JPEG or PNG, at most 5 MiB)"))
    kept = HiddenField()
    despite = BooleanField(N_("I have read this; file it all the same."))


def views(blueprint: Blueprint, desk: Desk, settings: CollectorSettings) -> None:
    """The form and what it sends."""

    @blueprint.route("/new", methods=["GET", "POST"])
    @allow(*FILERS)
    @takes(BODY)
    def new() -> str | Response:
        day = _day_asked(desk)
        with desk.session() as database:
            units = Units(database)
            unit = request.args.get("unit", "") or me().unit or ""
            below = units.below(unit)
            if unit and not below:
                abort(404, "no such unit")
            people = leave_reading.people(database, below, day)
        shown, form = people[:MOST_LINES], ListForm()
        lines, wrong = _lines(shown, form) if request.method == "POST" else ((), "")
        values: dict[str, Any] = {"units": units.options(), "unit": unit, "day": day, "form": form, "wrong": wrong}
        values |= {"people": shown, "more": len(people) > len(shown), "today": desk.today().date}
        if not form.validate_on_submit() or wrong:
            return render_template("entered/list_new.html", **values)
        try:
            letter = letter_of(desk, settings, form)
        except LetterError as error:
            form.file.errors = [letter_words(error)]
            return render_template("entered/list_new.html", **values)
        filing = _filing(unit, day, form, lines, letter)
        doubtful = [] if form.despite.data else _doubtful(desk, filing)
        if doubtful:
            form.kept.data = letter or ""
            names = {one.id: one.name for one in shown}
            return render_template("entered/list_new.html", doubtful=[names[one] for one in doubtful], **values)
        return _file(desk, filing)


def _day_asked(desk: Desk) -> date:
    """The date of `?date=`, today at the latest."""
    return min(desk.day_asked().date, desk.today().date)


def _lines(people: list[Somebody], form: ListForm) -> tuple[tuple[Line, ...], str]:
    """The ticked people with their own times, else those of the whole list; and what is wrong with one of them."""
    ticked = set(request.form.getlist("people"))
    found: list[Line] = []
    for one in people:
        if one.id not in ticked:
            continue
        try:
            own = [_time(request.form.get(f"{side}-{one.id}", "")) for side in ("comes", "goes")]
        except ValueError:
            return (), N_("A time is written like 07:30.")
        comes, goes = own if any(own) else (form.comes.data, form.goes.data)
        if comes is None and goes is None:
            return (), N_("Everybody on the list needs a time: when they came, when they went, or both.")
        if comes is not None and goes is not None and comes >= goes:
            return (), N_("Somebody goes before they come: turn the times round.")
        found.append(Line(one.id, comes, goes))
    return tuple(found), "" if found else N_("Choose at least one person.")


def _time(text: str) -> time | None:
    return time.fromisoformat(text) if text.strip() else None


def _filing(unit: str, day: date, form: ListForm, lines: tuple[Line, ...], letter: str | None) -> Filing:
    return Filing(
        unit=unit,
        day=day,
        why=ManualWhy(form.why.data),
        number=form.number.data,
        lines=lines,
        note=form.note.data or "",
        letter=letter,
    )


def _doubtful(desk: Desk, filing: Filing) -> list[str]:
    try:
        with desk.session() as database:
            return lists.unfounded(database.connection(), filing)
    except (RulesError, LookupError):  # hours that contradict each other are somebody else's to mend
        return []


def _file(desk: Desk, filing: Filing) -> Response:
    try:
        with desk.write() as database:
            number = lists.file(database.connection(), filing, me().id, desk.now())
            detail = {"unit": filing.unit, "day": str(filing.day), "why": filing.why.value, "people": len(filing.lines)}
            audit.note(database, me().id, "list.file", number, detail, desk.now())
    except EntryError:
        flash(N_("Not filed: somebody stands on another list of that day, or a time has not come yet."), "bad")
        return redirect(url_for("lists.new", unit=filing.unit, date=str(filing.day)), 303)
    session[KEPT] = []
    flash(N_("Filed. It counts when somebody else confirms it."), "good")
    return redirect(url_for("lists.one", number=number), 303)
