"""The units: the tree with counts and a plain map, and what BKD changes there."""

from __future__ import annotations

from dataclasses import dataclass

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from werkzeug.wrappers import Response
from wtforms import SelectField, StringField

from collector.accounts.roles import ALL_STAFF, BKD
from collector.errors import ChangeError
from collector.people import units
from collector.people.register import read_units
from collector.people.states import UnitState
from collector.people.units import Branch
from collector.settings import CollectorSettings
from collector.web.access import allow, me, reach
from collector.web.desk import Desk
from collector.web.fields import refuse, units_in_reach
from collector.web.forms import Form, Short, required
from collector.web.menu import Entry, Group
from collector.web.people_words import KINDS
from collector.web.words import N_

MENU = (Entry("tree.show", N_("Units"), Group.PEOPLE, ALL_STAFF),)
WEST, EAST, SOUTH, NORTH = 112.8996, 113.3786, -8.3496, -7.9013
"""The regency's bounding box, degrees."""
WIDTH, HEIGHT = 479, 448
"""The map's size: a thousandth of a degree a step; at 8 degrees south both directions are nearly alike."""


@dataclass(frozen=True, slots=True)
class Dot:
    """A unit on the map, from the upper left corner."""

    name: str
    x: float
    y: float
    here: bool


class Unit(Form):
    """A unit's data."""

    name = StringField(N_("Name"), [required(), Short(200)])
    kind = SelectField(N_("Kind"), choices=dict(KINDS))
    parent = StringField(
        N_("Lies below (empty: none)"), [Short(64)], render_kw={"list": "units", "autocomplete": "off"}
    )
    latitude = StringField(N_("Latitude"), [Short(20)], render_kw={"inputmode": "decimal", "placeholder": "-8.133"})
    longitude = StringField(N_("Longitude"), [Short(20)], render_kw={"inputmode": "decimal", "placeholder": "113.225"})


class NewUnit(Form):
    """A unit's code comes first: it never changes."""

    code = StringField(N_("Code"), [required(), Short(64)])
    name = StringField(N_("Name"), [required(), Short(200)])
    kind = SelectField(N_("Kind"), choices=dict(KINDS))
    parent = StringField(
        N_("Lies below (empty: none)"), [Short(64)], render_kw={"list": "units", "autocomplete": "off"}
    )
    latitude = StringField(N_("Latitude"), [Short(20)], render_kw={"inputmode": "decimal", "placeholder": "-8.133"})
    longitude = StringField(N_("Longitude"), [Short(20)], render_kw={"inputmode": "decimal", "placeholder": "113.225"})


@dataclass(frozen=True, slots=True)
class Words:
    """Title and explanation of a form's page."""

    title: str
    explain: str


NEW = Words(N_("New unit"), N_("Many at once come by an import."))
EDIT = Words(
    N_("Edit unit"),
    N_(
        "Another place in the tree counts from today on: holidays, hours and who a kiosk knows. Days before stay as they are."
    ),
)


def pages(desk: Desk, _settings: CollectorSettings) -> Blueprint:
    """The tree and its forms."""
    blueprint = Blueprint("tree", __name__, url_prefix="/units")

    @blueprint.get("/")
    @allow(*ALL_STAFF)
    def show() -> str:
        wanted = request.args.get("unit", "")
        with desk.session() as session:
            tops = units.tree(session, desk.today().date, reach(session))
        path = units.find(tops, wanted)
        if wanted and not path:
            abort(404, "no such unit")
        branch = path[-1] if path else None
        below = branch.children if branch else tops
        return render_template(
            "tree/show.html",
            path=path,
            branch=branch,
            below=below,
            whole=_whole(below),
            dots=_dots(branch, below),
            kinds=KINDS,
            size=(WIDTH, HEIGHT),
        )

    _new(blueprint, desk)
    _edit(blueprint, desk)
    return blueprint


def _new(blueprint: Blueprint, desk: Desk) -> None:
    @blueprint.route("/new", methods=["GET", "POST"])
    @allow(*BKD)
    def new() -> str | Response:
        form = NewUnit()
        if request.method == "GET":
            form.parent.data, form.kind.data = request.args.get("parent", ""), "school"
        if form.validate_on_submit():
            try:
                with desk.write() as session:
                    made = units.add(session, form.code.data, _form(form), me().id)
            except ChangeError as error:
                refuse(form, error, "code")
            else:
                flash(N_("Added."), "good")
                return redirect(url_for("tree.show", unit=made.code), 303)
        return _page(desk, form, NEW, None)


def _edit(blueprint: Blueprint, desk: Desk) -> None:
    @blueprint.route("/edit/<path:code>", methods=["GET", "POST"])
    @allow(*BKD)
    def edit(code: str) -> str | Response:
        with desk.session() as session:
            known = read_units(session).get(code) or abort(404, "no such unit")
        form = Unit()
        if request.method == "GET":
            for name in ("name", "kind", "parent", "latitude", "longitude"):
                value = getattr(known, name)
                form[name].data = "" if value is None else str(value)
        if form.validate_on_submit():
            try:
                with desk.write() as session:
                    units.edit(session, code, _form(form), me().id, desk.today().date)
            except ChangeError as error:
                refuse(form, error, "name")
            else:
                flash(N_("Kept."), "good")
                return redirect(url_for("tree.show", unit=code), 303)
        return _page(desk, form, EDIT, known)


def _page(desk: Desk, form: Form, words: Words, who: UnitState | None) -> str:
    with desk.session() as session:
        offered = units_in_reach(session)
    back = url_for("tree.show", unit=who.code) if who else url_for("tree.show")
    return render_template(
        "staff/form.html", form=form, act=words, who=who, units=offered, back=back, crumb=N_("Units")
    )


def _form(form: Form) -> units.Form:
    return units.Form(*((form[name].data or "") for name in ("name", "kind", "parent", "latitude", "longitude")))


def _whole(below: list[Branch]) -> Branch:
    """The sums of what is shown."""
    whole = Branch(UnitState("", "", "", None, None, None), all_units=0)
    for one in below:
        whole.all_people += one.all_people
        whole.all_enrolled += one.all_enrolled
        whole.all_kiosks += one.all_kiosks
        whole.all_units += one.all_units
    return whole


def _dots(branch: Branch | None, below: list[Branch]) -> list[Dot]:
    """Every unit that has coordinates within the regency, of what is shown and what lies below it."""
    waiting, found = [*below, *([branch] if branch else [])], []
    while waiting:
        one = waiting.pop()
        if one is not branch:
            waiting += one.children
        unit = one.unit
        if unit.latitude is not None and unit.longitude is not None:
            x, y = (unit.longitude - WEST) * 1000, (NORTH - unit.latitude) * 1000
            if 0 <= x <= WIDTH and 0 <= y <= HEIGHT:
                found.append(Dot(unit.name, round(x, 1), round(y, 1), one is branch))
    return sorted(found, key=lambda dot: dot.here)
