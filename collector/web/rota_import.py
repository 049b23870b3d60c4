"""A rota from a CSV or XLSX file: looked at cell by cell, then written; taken back as any change of a rota."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response
from wtforms import BooleanField, FileField, HiddenField, StringField

from collector.accounts.roles import BKD, OPD
from collector.errors import SheetError
from collector.people import sheet
from collector.people.sheet import Sheet
from collector.schedules import grid, rota, rotafile
from collector.schedules.errors import ScheduleError
from collector.schedules.grid import Choice, Month
from collector.schedules.rota import Origin, Plan
from collector.schedules.rotafile import Filled
from collector.schedules.signs import signs_of
from collector.web.access import allow, me, reach
from collector.web.days import month_asked
from collector.web.desk import Desk
from collector.web.forms import Form, Short, required, tell
from collector.web.guard import takes
from collector.web.schedule_words import Said, hand, said
from collector.web.units import Units, one_unit
from collector.web.words import N_

LARGEST = 3 * rotafile.MAX_BYTES
"""Bytes of a confirmation: the file's rows ride along in it."""
SHOWN = 100
"""People and refusals that a preview shows."""


class Upload(Form):
    """A filled-in rota."""

    file = FileField(N_("File (CSV or XLSX)"), [required()], render_kw={"accept": ".csv,.xlsx"})
    clear = BooleanField(N_("Empty cells clear what stands there"))
    why = StringField(N_("Reason (today and the past, BKD only)"), [Short(500)])


class Confirm(Form):
    """The rows that were looked at, and a digest of what they would change."""

    rows = HiddenField(validators=[required()])
    name = HiddenField(validators=[Short(200)])
    clear = HiddenField()
    why = HiddenField(validators=[Short(500)])
    seen = HiddenField(validators=[required()])


@dataclass(frozen=True, slots=True)
class Sent:
    """What came with a file: its name, whether empty cells clear, the reason."""

    name: str
    clear: bool
    why: str


@dataclass(frozen=True, slots=True)
class Look:
    """A file and what it would do now."""

    table: Sheet
    filled: Filled
    plan: Plan
    names: dict[str, str]
    signs: dict[str, list[tuple[int, str, str]]]

    @property
    def seen(self) -> str:
        """A digest of the changes."""
        return hashlib.sha256(repr(sorted((cell, *both) for cell, both in self.signs.items())).encode()).hexdigest()

    @property
    def refused(self) -> list[tuple[int, str, int, Said]]:
        """Line, name, day of the month (0: the whole row), and why; by line."""
        found = [(line, "", 0, said(error)) for line, error in self.filled.bad]
        for (person, day), error in self.plan.faults.items():
            found.append((self.filled.lines[person], self.names.get(person, ""), day.day, said(error, self.names)))
        return sorted(found, key=lambda one: (one[0], one[2]))


def views(blueprint: Blueprint, desk: Desk) -> None:
    """The form, the preview, the confirmation."""

    @blueprint.route("/import", methods=["GET", "POST"])
    @allow(*BKD, *OPD)
    @takes(rotafile.MAX_BYTES + 2**16)
    def take() -> str | Response:
        unit, month = _asked(desk)
        form = Upload()
        if form.validate_on_submit():
            sent = form.file.data
            asked = Sent((sent.filename or "file")[:200], form.clear.data, form.why.data or "")
            try:
                raw = sent.read(rotafile.MAX_BYTES + 1)
                if len(raw) > rotafile.MAX_BYTES:
                    raise SheetError(f"{asked.name}: larger than 1 MiB; split it")  # noqa: TRY301 - told at the field as the others are
                table = sheet.read(raw, asked.name)
                with desk.write() as session:
                    found = _look(desk, session, table, month, asked)
            except (SheetError, ScheduleError) as error:
                return _form(desk, form, unit, month, said(error))
            return _preview(desk, found, (unit, month), asked)
        return _form(desk, form, unit, month)

    @blueprint.post("/import/apply")
    @allow(*BKD, *OPD)
    @takes(LARGEST)
    def apply() -> str | Response:
        request.max_form_memory_size = LARGEST
        unit, month = _asked(desk)
        form = Confirm()
        if not form.validate_on_submit():
            abort(400)
        asked = Sent(form.name.data or "file", form.clear.data == "1", form.why.data or "")
        try:
            table = sheet.read(form.rows.data.encode(), asked.name)
            with desk.write() as session:
                found = _look(desk, session, table, month, asked)
                same = found.seen == form.seen.data
                if same:
                    rota.write(session, found.plan, hand(desk, session, asked.why), Origin(unit, rota.FILE, asked.name))
        except (SheetError, ScheduleError):
            abort(400)
        if not same:
            flash(N_("The rota changed since you looked: look at it again."), "bad")
            return _preview(desk, found, (unit, month), asked)
        tell(N_("%(count)s dates kept. The days are judged again within a minute."), count=len(found.plan.changes))
        return redirect(url_for("rota.show", unit=unit, month=f"{month.first:%Y-%m}"), 303)


def _asked(desk: Desk) -> tuple[str, Month]:
    with desk.session() as session:
        return one_unit(session), Month(month_asked(desk.today().date))


def _look(desk: Desk, session: Session, table: Sheet, month: Month, asked: Sent) -> Look:
    filled = rotafile.read(session, table, month, clear=asked.clear)
    by = hand(desk, session, asked.why)
    standing = rota.of(session, filled.lines, month.first, month.last)
    planned = rota.plan(standing, filled.wishes, by)
    signs = signs_of(standing.rules)
    changed: dict[str, list[tuple[int, str, str]]] = {}
    for (person, day), (before, after) in planned.changes.items():
        changed.setdefault(person, []).append((day.day, signs.write(before), signs.write(after)))
    within = Choice(reach(session), month, people=list(filled.lines))
    return Look(table, filled, planned, grid.names(session, within), changed)


def _form(desk: Desk, form: Upload, unit: str, month: Month, wrong: Said | None = None) -> str:
    with desk.session() as session:
        name = Units(session).name(unit)
    return render_template(
        "rota/import.html", form=form, unit=unit, unit_name=name, month=month, wrong=wrong, bkd=me().role in BKD
    )


def _preview(desk: Desk, found: Look, where: tuple[str, Month], asked: Sent) -> str:
    unit, month = where
    confirm = Confirm(formdata=None)
    confirm.rows.data, confirm.seen.data = rotafile.kept(found.table, found.filled), found.seen
    confirm.name.data, confirm.clear.data, confirm.why.data = asked.name, "1" if asked.clear else "", asked.why
    with desk.session() as session:
        name = Units(session).name(unit)
    refused = found.refused
    return render_template(
        "rota/preview.html",
        found=found,
        refused=refused[:SHOWN],
        more=max(0, len(refused) - SHOWN),
        changed=sorted(found.signs.items(), key=lambda one: found.names.get(one[0], ""))[:SHOWN],
        remarks=[said(SheetError(remark)) for remark in found.filled.remarks],
        form=confirm,
        file=asked.name,
        unit=unit,
        unit_name=name,
        month=month,
    )
