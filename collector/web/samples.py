"""Samples of doubtful matches: the inspectorate draws, looks at each with all that is known, and says right or wrong."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from flask import Blueprint, abort, current_app, redirect, render_template, url_for
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response
from wtforms import DateField, IntegerField, StringField, TextAreaField
from wtforms.validators import NumberRange

from collector import audit
from collector.accounts.book import Author
from collector.accounts.roles import WHOLE, Role
from collector.audit.chain import Detail
from collector.errors import KeysError
from collector.evidence import pictures
from collector.people.scope import Tree
from collector.reports.day import Day
from collector.samples import book, reading
from collector.samples.book import MOST, Verdict, Wish
from collector.samples.reading import Evidence, Item
from collector.settings import CollectorSettings
from collector.store.people import Unit
from collector.vault import Vault
from collector.web.access import allow, me
from collector.web.desk import Desk
from collector.web.forms import Form, Short, required, tell
from collector.web.menu import Entry, Group
from collector.web.words import N_

MENU = (Entry("samples.show", N_("Samples"), Group.OVERSIGHT),)
VERDICTS = {
    Verdict.RIGHT: ("check", "good", N_("Right person")),
    Verdict.WRONG: ("incident", "bad", N_("Wrong person")),
    Verdict.UNCLEAR: ("waiting", "ask", N_("Cannot tell")),
}
COUNT = N_("A number from 1 to 200.")


class Draw(Form):
    """What to draw from, how many, and by which seed."""

    since = DateField(N_("From"), [required()])
    until = DateField(N_("To"), [required()])
    unit = StringField(N_("Unit code"), [Short(64)])
    size = IntegerField(N_("How many"), [NumberRange(1, MOST, message=COUNT)], default=30)
    seed = StringField(N_("Seed"), [Short(40)])


class Judge(Form):
    """A verdict and its reason."""

    why = TextAreaField(N_("What you see"), [Short(1000)])


def pages(desk: Desk, settings: CollectorSettings) -> Blueprint:
    """The list with its draw, one sample, one drawn match."""
    blueprint = Blueprint("samples", __name__, url_prefix="/samples")
    blueprint.context_processor(lambda: {"verdicts": VERDICTS})
    _draws(blueprint, desk)
    _items(blueprint, desk, settings)
    return blueprint


def _draws(blueprint: Blueprint, desk: Desk) -> None:
    @blueprint.get("/")
    @allow(*WHOLE)
    def show() -> str:
        return _listed(desk, Draw(since=desk.today().date - timedelta(days=30), until=desk.today().date))

    @blueprint.post("/")
    @allow(Role.INSPECTORATE)
    def draw() -> str | Response:
        form = Draw()
        if not form.validate():
            return _listed(desk, form)
        with desk.session() as session:
            units = _units(session, form.unit.data.strip())
        if units is not None and not units:
            form.unit.errors = [N_("There is no unit with this code.")]
            return _listed(desk, form)
        with desk.write() as session:
            wish = Wish(*_dates(form), form.unit.data.strip(), units, form.size.data, form.seed.data.strip())
            sample = book.draw(session, wish, Author(me().id, desk.now()))
        if sample is None:
            tell(N_("There is no doubtful match in these dates."), "bad")
            return redirect(url_for("samples.show"), 303)
        return redirect(url_for("samples.one", sample=sample), 303)

    @blueprint.get("/<sample>")
    @allow(*WHOLE)
    def one(sample: str) -> str:
        with desk.session() as session:
            found = reading.one(session, sample) or abort(404, "no such sample")
            items = reading.items(session, sample)
        return render_template("samples/one.html", sample=found, items=items)


def _items(blueprint: Blueprint, desk: Desk, settings: CollectorSettings) -> None:
    @blueprint.get("/<sample>/<int:place>")
    @allow(*WHOLE)
    def item(sample: str, place: int) -> str:
        with desk.session() as session:
            found = reading.one(session, sample) or abort(404, "no such sample")
            one = _item(session, sample, place)
            evidence = reading.evidence(session, one)
            beside = reading.around(session, one)
            day = Day.holding(one.at, desk.zone) if one.at else desk.today()
            others = reading.same_day(session, one, day.start, day.end)
            shown = _pictures(session, settings, evidence, one)
        _note(desk, one, sample, pictures=shown is not None)
        past = one.at is not None and one.at < desk.now() - timedelta(days=settings.retention.evidence_days)
        values: dict[str, Any] = {
            "evidence_past": past,
            "evidence": evidence,
            "around": beside,
            "others": others,
            "pictures": shown,
        }
        form = Judge(why=one.why)
        return render_template("samples/item.html", sample=found, item=one, form=form, **values)

    @blueprint.post("/<sample>/<int:place>/<verdict>")
    @allow(Role.INSPECTORATE)
    def judge(sample: str, place: int, verdict: str) -> Response:
        form = Judge()
        if verdict not in set(Verdict) or not form.validate():
            abort(400)
        with desk.write() as session:
            author = Author(me().id, desk.now())
            if not book.judge(session, sample, place, Verdict(verdict), form.why.data or "", author):
                abort(404, "no such match")
            following = [one.place for one in reading.items(session, sample) if one.verdict is None]
        if following:
            return redirect(url_for("samples.item", sample=sample, place=following[0]), 303)
        tell(N_("All of this sample were looked at."))
        return redirect(url_for("samples.one", sample=sample), 303)


def _listed(desk: Desk, form: Draw) -> str:
    with desk.session() as session:
        samples = reading.listed(session)
        units = list(session.query(Unit.code, Unit.name).order_by(Unit.name))
    return render_template("samples/list.html", samples=samples, form=form, units=units)


def _dates(form: Draw) -> tuple[date, date]:
    return min(form.since.data, form.until.data), max(form.since.data, form.until.data)


def _units(session: Session, code: str) -> frozenset[str] | None:
    """A unit and all below it; None for everywhere, nothing for a unit that is not there."""
    if not code:
        return None
    units = session.query(Unit.code, Unit.kind, Unit.parent).all()
    return Tree(units).below(code) if any(unit.code == code for unit in units) else frozenset()


def _item(session: Session, sample: str, place: int) -> Item:
    found = reading.items(session, sample, place)
    return found[0] if found else abort(404, "no such match")


def _pictures(
    session: Session, settings: CollectorSettings, evidence: Evidence, item: Item
) -> dict[str, list[str]] | None:
    """The picture of that moment and those of the enrolment, to stand in the page; None where the first is not here.

    The pages read the vault, and none of the keys that kiosks encrypt to.
    """
    if not evidence.kept or evidence.picture is None or item.person is None:
        return None
    try:
        vault = Vault.open(settings.store.keys)
        seen = pictures.evidence_picture(session, vault, item.kiosk, evidence.picture)
        known = pictures.enrolled_pictures(session, vault, item.person)
    except KeysError as error:
        current_app.logger.warning("a picture cannot be opened here: %s", error)
        return None
    shown = None if seen is None else pictures.inline(seen)
    faces = [face for face in map(pictures.inline, known) if face is not None]
    return None if shown is None else {"seen": [shown], "known": faces}


def _note(desk: Desk, item: Item, sample: str, *, pictures: bool) -> None:
    with desk.write() as session:
        detail: Detail = {"sample": sample, "place": item.place, "pictures": pictures}
        audit.note(session, me().id, "sample.read", item.person or sample, detail, desk.now())
