"""Imports: a file is uploaded, looked at row by row, confirmed, and can be undone as a whole."""

from __future__ import annotations

import io
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import xlsxwriter
from flask import Blueprint, Response, abort, flash, redirect, render_template, request, url_for
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response as AnyResponse
from wtforms import BooleanField, FileField, StringField

from collector.accounts.roles import BKD
from collector.errors import SheetError, UndoError
from collector.people import importing, imports, undoing
from collector.people.importing import Preview
from collector.people.imports import STAGED, Work
from collector.people.merge import Item, Post
from collector.people.rows import Bad
from collector.people.sheet import MAX_BYTES, Sheet
from collector.people.undoing import Undoing
from collector.settings import CollectorSettings
from collector.store.people import PeopleImport
from collector.vault import Vault
from collector.web.access import allow, me
from collector.web.desk import Desk
from collector.web.forms import Form, Short, required
from collector.web.guard import takes
from collector.web.menu import Entry, Group
from collector.web.paging import pages as pages_of
from collector.web.people_words import for_field, told
from collector.web.staff import account_names
from collector.web.words import N_

MENU = (Entry("imports.show", N_("Imports"), Group.PEOPLE, BKD),)
SHOWN = 100
"""Rows of each kind that a preview shows; the file with the refused ones has them all."""
FORM_BYTES = 4096
EXAMPLES = {
    "people": (
        ("id", "nama", "nip", "status", "unit", "unit_kedua", "tanggal_lahir", "mulai", "sampai", "keluar"),
        ("", "Siti Contoh, S.Pd.", "198503122010012003", "PNS", "SDN-001", "", "12-03-1985", "01-01-2010", "", ""),
        ("G-001", "Budi Contoh", "", "honorer guru", "SDN-001", "", "", "01-07-2024", "", ""),
    ),
    "units": (
        ("kode", "nama", "jenis", "induk", "lintang", "bujur"),
        ("DISDIK", "Dinas Pendidikan dan Kebudayaan", "opd", "", "-8.1330", "113.2250"),
        ("SDN-001", "SD Negeri 1 Contoh", "sekolah", "DISDIK", "-8.1200", "113.2300"),
    ),
}
FIELDS: Mapping[str, str] = {
    "name": N_("Name"),
    "status": N_("Status"),
    "number": N_("NIP or NI PPPK"),
    "internal_number": N_("Internal number"),
    "left_on": N_("End of service"),
    "main": N_("Main post"),
    "second": N_("Second site"),
    "nik": "NIK",
    "kind": N_("Kind"),
    "parent": N_("Lies below"),
    "latitude": N_("Latitude"),
    "longitude": N_("Longitude"),
}


class Upload(Form):
    """A file."""

    file = FileField(N_("File (CSV or XLSX)"), [required()], render_kw={"accept": ".csv,.xlsx"})
    with_nik = BooleanField(N_("Read the column NIK too, and keep it encrypted"))


class Undo(Form):
    """Why an import is undone."""

    why = StringField(N_("Why is it undone?"), [required(), Short(200)])


@dataclass(frozen=True, slots=True)
class Shown:
    """A row of a preview: its line, whom it is about, and each field from what to what."""

    line: int
    name: str
    fields: tuple[tuple[str, str, str], ...]


def pages(desk: Desk, settings: CollectorSettings) -> Blueprint:
    """The history, the upload, one import."""
    blueprint = Blueprint("imports", __name__, url_prefix="/imports")

    def vault() -> Vault:
        return Vault.open(settings.store.keys)

    _upload(blueprint, desk, vault)
    _one(blueprint, desk, vault)
    _decide(blueprint, desk, vault)
    return blueprint


def _upload(blueprint: Blueprint, desk: Desk, vault: Any) -> None:
    @blueprint.route("/", methods=["GET", "POST"])
    @allow(*BKD)
    @takes(MAX_BYTES)
    def show() -> str | AnyResponse:
        form = Upload()
        if form.validate_on_submit():
            sent = form.file.data
            raw = sent.read(MAX_BYTES + 1)
            origin = imports.origin_of(raw, sent.filename or "", me().id, with_nik=form.with_nik.data)
            try:
                with desk.write() as session:
                    ident = imports.stage(session, vault(), raw, origin, desk.now())
            except SheetError as error:
                form.file.errors = [for_field(str(error))]
            else:
                return redirect(url_for("imports.one", ident=ident), 303)
        with desk.session() as session:
            sheets = pages_of(imports.count(session))
            found = imports.history(session, 50, sheets.offset)
            names = account_names(session, {one.by for one in found} | {one.undone_by or "" for one in found})
        return render_template("imports/list.html", form=form, imports=found, pages=sheets, names=names)

    @blueprint.get("/example-<kind>.xlsx")
    @allow(*BKD)
    def example(kind: str) -> Response:
        if kind not in EXAMPLES:
            abort(404, "no such example")
        headers = {"Content-Disposition": f'attachment; filename="contoh-{kind}.xlsx"'}
        mimetype = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
        return Response(_example(EXAMPLES[kind]), mimetype=mimetype, headers=headers)


def _one(blueprint: Blueprint, desk: Desk, vault: Any) -> None:
    @blueprint.get("/<ident>")
    @allow(*BKD)
    def one(ident: str) -> str:
        with desk.session() as session:
            row = _row(session, ident)
            names = account_names(session, {row.by, row.undone_by or ""})
            if row.state == STAGED:
                found = _preview(desk, session, vault(), ident)[0]
                return render_template("imports/preview.html", one=imports.listed(row), **_shown(found), names=names)
            blocks = [told(line) for line in undoing.blocks(session, ident)]
            listed = imports.listed(row)
        return render_template(
            "imports/result.html", one=listed, blocks=blocks[:SHOWN], blocked=len(blocks), form=Undo(), names=names
        )

    @blueprint.get("/<ident>/refused.csv")
    @allow(*BKD)
    def refused(ident: str) -> Response:
        with desk.session() as session:
            if _row(session, ident).state != STAGED:
                abort(404, "decided already")
            found, table = _preview(desk, session, vault(), ident)
            spoken = [Bad(bad.line, tuple(told(error) for error in bad.errors)) for bad in found.plan.bad]
            content = importing.report(table, spoken)
        headers = {"Content-Disposition": f'attachment; filename="ditolak-{ident}.csv"'}
        return Response(content, content_type="text/csv; charset=utf-8", headers=headers)


def _decide(blueprint: Blueprint, desk: Desk, vault: Any) -> None:
    @blueprint.post("/<ident>/apply")
    @allow(*BKD)
    def apply(ident: str) -> AnyResponse:
        with desk.write() as session:
            if _row(session, ident, alone=True).state != STAGED:
                flash(N_("This import was decided about already."), "bad")
                return redirect(url_for("imports.one", ident=ident), 303)
            found, _ = _preview(desk, session, vault(), ident)
            if json.dumps(found.plan.counts) != request.form.get("seen", ""):
                flash(N_("People changed since you looked: look at the preview again."), "bad")
                return redirect(url_for("imports.one", ident=ident), 303)
            origin = imports.staged(session, vault(), ident)[1]
            imports.apply(session, found, Work(origin, vault(), desk.today().date, desk.now(), ident))
        flash(N_("Imported. The days that it touches are judged again, and rosters follow."), "good")
        return redirect(url_for("imports.one", ident=ident), 303)

    @blueprint.post("/<ident>/drop")
    @allow(*BKD)
    def drop(ident: str) -> AnyResponse:
        with desk.write() as session:
            imports.drop(session, ident, me().id, desk.now())
        flash(N_("Let go; nothing was changed."), "good")
        return redirect(url_for("imports.show"), 303)

    @blueprint.post("/<ident>/undo")
    @allow(*BKD)
    def undo(ident: str) -> AnyResponse:
        form = Undo()
        if not form.validate_on_submit():
            flash(N_("Say why it is undone, in a few words."), "bad")
            return redirect(url_for("imports.one", ident=ident), 303)
        try:
            with desk.write() as session:
                undoing.undo(session, ident, Undoing(me().id, form.why.data, desk.now(), desk.today().date))
        except UndoError as error:
            flash(N_("Something stands on it: it was not undone.") if error.blocks else for_field(str(error)), "bad")
        else:
            flash(N_("Undone: everybody is as before."), "good")
        return redirect(url_for("imports.one", ident=ident), 303)


def _row(session: Session, ident: str, *, alone: bool = False) -> PeopleImport:
    """The import; `alone`: nobody else decides about it until this transaction ends."""
    row = session.get(PeopleImport, ident, with_for_update=alone or None)
    if row is None or row.state == imports.DROPPED:
        abort(404, "no such import")
    return row


def _preview(desk: Desk, session: Session, vault: Vault, ident: str) -> tuple[Preview, Sheet]:
    try:
        table, origin = imports.staged(session, vault, ident)
        return importing.preview(session, table, desk.today().date, with_nik=origin.with_nik), table
    except SheetError:
        abort(404, "no such import")


def _shown(found: Preview) -> dict[str, Any]:
    """What the page of a preview shows: counts, remarks, and so many rows of each kind."""
    items: tuple[Item[Any], ...] = found.plan.items
    changed = [item for item in items if item.effect == "changed"]
    return {
        "kind": found.kind,
        "counts": found.plan.counts,
        "seen": json.dumps(found.plan.counts),
        "left": sum("left_on" in item.changes for item in changed),
        "remarks": [told(remark) for remark in found.remarks],
        "bad": [(bad.line, [told(error) for error in bad.errors]) for bad in found.plan.bad[:SHOWN]],
        "warned": [(i.line, i.after.name, [told(one) for one in i.warnings]) for i in items if i.warnings][:SHOWN],
        "changed": [_change(item) for item in changed[:SHOWN]],
        "new": [_change(item) for item in items if item.effect == "new"][:SHOWN],
        "fields": FIELDS,
        "most": SHOWN,
    }


def _change(item: Item[Any]) -> Shown:
    names = item.changes or ("main", "second") if hasattr(item.after, "main") else item.changes or ("kind", "parent")
    rows = ((name, _word(getattr(item.before, name, None)), _word(getattr(item.after, name))) for name in names)
    return Shown(item.line, item.after.name, tuple(row for row in rows if row[1] != row[2]))


def _word(value: object) -> str:
    if value is None or value is False:
        return "—"
    if value is True:
        return "•••"
    if isinstance(value, Post):
        until = f" .. {value.until_day:%d-%m-%Y}" if value.until_day else ""
        return f"{value.unit} ({value.from_day:%d-%m-%Y}{until})"
    return f"{value:%d-%m-%Y}" if hasattr(value, "strftime") else str(value)


def _example(rows: tuple[tuple[str, ...], ...]) -> bytes:
    """A workbook whose columns are text already, so that no NIP is rounded in it."""
    target = io.BytesIO()
    with xlsxwriter.Workbook(target, {"in_memory": True}) as book:
        page = book.add_worksheet("Daftar")
        as_text, head = book.add_format({"num_format": "@"}), book.add_format({"bold": True, "num_format": "@"})
        page.set_column(0, len(rows[0]) - 1, 22, as_text)
        for line, row in enumerate(rows):
            for column, cell in enumerate(row):
                page.write_string(line, column, cell, as_text if line else head)
        page.freeze_panes(1, 0)
    return target.getvalue()
