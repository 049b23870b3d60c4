"""What BKD changes of a person: each change a page of its own, told at its field where it cannot be."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response
from wtforms import HiddenField, IntegerField, PasswordField, SelectField, StringField

from collector.accounts.roles import BKD
from collector.errors import ChangeError
from collector.people import changing, protected
from collector.people.changing import Data, Leaving, Move
from collector.people.numbers import Status
from collector.people.register import read_people
from collector.people.states import PersonState
from collector.settings import CollectorSettings
from collector.vault import Vault
from collector.web.access import allow, me
from collector.web.desk import Desk
from collector.web.fields import day_field, refuse, unit_field, units_in_reach
from collector.web.forms import Form, Short, required
from collector.web.people_words import LEAVING
from collector.web.words import N_

STATUSES = {status.value: status.value for status in Status}


class Person(Form):
    """Name, status, numbers."""

    name = StringField(N_("Name with titles"), [required(), Short(200)])
    status = SelectField(N_("Status"), choices=STATUSES)
    number = StringField(N_("NIP or NI PPPK"), [Short(40)], render_kw={"inputmode": "numeric", "autocomplete": "off"})
    internal_number = StringField(N_("Internal number"), [Short(64)])


class NewPerson(Person):
    """The same, and where they begin."""

    unit = unit_field(N_("Unit"))
    since = day_field(N_("From"))


class Transfer(Form):
    """Another unit from a day on."""

    unit = unit_field(N_("New unit"))
    since = day_field(N_("First day there"))
    letter = StringField(N_("Number of the decree"), [Short(100)])


class Second(Form):
    """A second site."""

    unit = unit_field(N_("Second unit"))
    since = day_field(N_("From"))
    until = day_field(N_("Until, included"), needed=False)
    letter = StringField(N_("Number of the letter of assignment"), [required(), Short(100)])


class Leave(Form):
    """The end of service."""

    on = day_field(N_("First day without service"))
    why = SelectField(N_("Reason"), choices={why.value: LEAVING[why] for why in Leaving})


class Nik(Form):
    """A new NIK; empty takes it away."""

    nik = PasswordField("NIK", [Short(20)], render_kw={"inputmode": "numeric", "autocomplete": "off"})


class Reveal(Form):
    """Why somebody needs to see a NIK."""

    why = StringField(N_("What is the NIK needed for?"), [required(), Short(200)])


class End(Form):
    """The last day of a post."""

    place = HiddenField()
    last = day_field(N_("Last day"))
    number = IntegerField(render_kw={"hidden": True})


@dataclass(frozen=True, slots=True)
class Act:
    """One page of change: its path and words, its form, how the form is filled, what sending it does."""

    path: str
    title: str
    explain: str
    form: Callable[[], Form]
    fill: Callable[[Form, PersonState], None]
    do: Callable[[Session, str, Form], object]
    done: str
    fallback: str


def add_to(blueprint: Blueprint, desk: Desk, settings: CollectorSettings) -> None:
    """Hang the pages of change on the blueprint of people."""
    for act in ACTS:
        _page(blueprint, desk, act)
    _new(blueprint, desk)
    _end(blueprint, desk)
    _nik(blueprint, desk, settings)


def bring_back(desk: Desk, person: str) -> None:
    """They serve on."""
    with desk.write() as session:
        try:
            changing.bring_back(session, person, me().id)
        except ChangeError:
            abort(404, "no such person")


def _page(blueprint: Blueprint, desk: Desk, act: Act) -> None:
    def view(person: str) -> str | Response:
        with desk.session() as session:
            state = read_people(session, [person]).get(person) or abort(404, "no such person")
            units = units_in_reach(session)
        form = act.form()
        if request.method == "GET":
            act.fill(form, state)
        if form.validate_on_submit() and _did(desk, form, act, person):
            flash(act.done, "good")
            return redirect(url_for("staff.card", person=person), 303)
        return render_template(
            "staff/form.html",
            form=form,
            act=act,
            who=state,
            units=units,
            back=url_for("staff.card", person=person),
            crumb="",
        )

    view.__name__ = act.path
    blueprint.route(f"/<person>/{act.path}", methods=["GET", "POST"], endpoint=act.path)(allow(*BKD)(view))


def _did(desk: Desk, form: Form, act: Act, person: str) -> bool:
    """Whether it was done; a refusal is told at its field, and nothing was written."""
    try:
        with desk.write() as session:
            act.do(session, person, form)
    except ChangeError as error:
        refuse(form, error, act.fallback)
        return False
    return True


def _new(blueprint: Blueprint, desk: Desk) -> None:
    @blueprint.route("/new", methods=["GET", "POST"])
    @allow(*BKD)
    def new() -> str | Response:
        form = NewPerson()
        with desk.session() as session:
            units = units_in_reach(session)
        if form.validate_on_submit():
            try:
                with desk.write() as session:
                    made = changing.add(session, _data(form), form.unit.data.strip(), form.since.data, me().id)
            except ChangeError as error:
                refuse(form, error, "name")
            else:
                flash(N_("Added. Enrol their face next."), "good")
                return redirect(url_for("staff.card", person=made.id), 303)
        elif request.method == "GET":
            form.unit.data, form.since.data = request.args.get("unit", ""), desk.today().date
        return render_template(
            "staff/form.html", form=form, act=NEW, who=None, units=units, back=url_for("staff.show"), crumb=N_("People")
        )


def _end(blueprint: Blueprint, desk: Desk) -> None:
    @blueprint.post("/<person>/posts")
    @allow(*BKD)
    def end_post(person: str) -> Response:
        form = End()
        if not form.validate_on_submit() or not (form.place.data or "").isdigit():
            flash(N_("Give the last day of the post."), "bad")
            return redirect(url_for("staff.card", person=person), 303)
        try:
            with desk.write() as session:
                changing.end_post(session, person, int(form.place.data), form.last.data, me().id)
        except ChangeError:
            flash(N_("That post is not there any more, or the day cannot be."), "bad")
        else:
            flash(N_("The post ends. Its days are judged again."), "good")
        return redirect(url_for("staff.card", person=person), 303)


def _nik(blueprint: Blueprint, desk: Desk, settings: CollectorSettings) -> None:
    def vault() -> Vault:
        return Vault.open(settings.store.keys)

    @blueprint.route("/<person>/nik", methods=["GET", "POST"])
    @allow(*BKD)
    def nik(person: str) -> str | Response:
        with desk.session() as session:
            state = read_people(session, [person]).get(person) or abort(404, "no such person")
        setting, asking, shown = Nik(prefix="set"), Reveal(prefix="see"), None
        if setting.nik.name in request.form and setting.validate_on_submit():
            try:
                with desk.write() as session:
                    protected.keep(session, vault(), person, setting.nik.data or "", me().id)
            except ChangeError as error:
                refuse(setting, error, "nik")
            else:
                flash(N_("The NIK is kept, encrypted."), "good")
                return redirect(url_for("staff.card", person=person), 303)
        elif asking.why.name in request.form and asking.validate_on_submit():
            shown = _revealed(desk, vault, person, asking)
        return render_template("staff/nik.html", who=state, setting=setting, asking=asking, shown=shown)


def _revealed(desk: Desk, vault: Callable[[], Vault], person: str, asking: Reveal) -> str | None:
    """The NIK, once it is noted who asked for it and why."""
    try:
        with desk.write() as session:
            return protected.reveal(session, vault, person, asking.why.data, me().id)
    except ChangeError as error:
        refuse(asking, error, "why")
        return None


def _data(form: Person) -> Data:
    return Data(form.name.data, form.status.data, form.number.data or "", form.internal_number.data or "")


def _fill_person(form: Form, state: PersonState) -> None:
    for name in ("name", "status", "number", "internal_number"):
        form[name].data = getattr(state, name)


def _nothing(_form: Form, _state: PersonState) -> None:
    """A form that begins empty."""


def _move(form: Form) -> Move:
    until = form["until"].data if "until" in form else None
    return Move(form["unit"].data.strip(), form["since"].data, until, form["letter"].data or "")


ACTS = (
    Act(
        "edit",
        N_("Edit data"),
        N_("Another status has all their open days judged again."),
        Person,
        _fill_person,
        lambda session, person, form: changing.edit(session, person, _data(form), me().id),
        N_("Kept."),
        "name",
    ),
    Act(
        "transfer",
        N_("Transfer"),
        N_(
            "The present post ends the day before. Days from then on are judged by the new unit's hours, and the kiosks there know the face within a minute."
        ),
        Transfer,
        _nothing,
        lambda session, person, form: changing.transfer(session, person, _move(form), me().id),
        N_("Transferred. The days since then are judged again."),
        "unit",
    ),
    Act(
        "second",
        N_("Second site"),
        N_("By letter of assignment: a look there is no violation of the unit, and its kiosks know the face."),
        Second,
        _nothing,
        lambda session, person, form: changing.lend(session, person, _move(form), me().id),
        N_("The second site is noted. Its days are judged again."),
        "unit",
    ),
    Act(
        "leave",
        N_("End of service"),
        N_("From that day on no kiosk knows the face; it is deleted within days. The records stay."),
        Leave,
        _nothing,
        lambda session, person, form: changing.depart(
            session, person, form["on"].data, Leaving(form["why"].data), me().id
        ),
        N_("Noted. Every roster forgets them from that day on."),
        "on",
    ),
)
NEW = Act(
    "new", N_("New person"), N_("Many at once come by an import."), NewPerson, _nothing, lambda *_: None, "", "name"
)
