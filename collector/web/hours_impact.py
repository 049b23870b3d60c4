"""What a proposal would have done to days that have passed: people and units, before anybody approves it."""

from __future__ import annotations

import threading
from collections import Counter, OrderedDict
from dataclasses import dataclass
from datetime import date, timedelta

from flask import Blueprint, abort, render_template, request
from sqlalchemy import select
from sqlalchemy.orm import Session

from collector.accounts.roles import ALL_STAFF, BKD
from collector.errors import CollectorError
from collector.judging import listing
from collector.judging.book import PROPOSED
from collector.judging.listing import Version
from collector.judging.preview import preview
from collector.rules.codes import EARLY, LATE
from collector.rules.errors import RulesError
from collector.rules.impact import Impact, Touched
from collector.store.people import Person, Unit
from collector.web.access import allow, me, reach
from collector.web.desk import Desk
from collector.web.hours_forms import ApproveForm
from collector.web.hours_words import words

USUAL = timedelta(days=4)
LONGEST = timedelta(days=13)
KEPT = 8
"""Effects that are kept in memory: a page that is opened again need not judge everybody again."""
SHOWN = 200

Key = tuple[str, date, date]


@dataclass(frozen=True, slots=True)
class PersonDay:
    """One day that would be judged otherwise."""

    name: str
    day: date
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class UnitImpact:
    """A unit's share: people newly late, no longer late, days touched; and those days, some of them."""

    name: str
    late: int
    spared: int
    touched: int
    days: list[PersonDay]


class Effects:
    """Effects by proposal and dates, one reckoned at a time."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._kept: OrderedDict[Key, Impact] = OrderedDict()

    def of(self, desk: Desk, proposal: Version, since: date, until: date) -> Impact:
        """The effect had the proposal held between two dates. Raises RulesError when it clashes."""
        key = (proposal.digest, since, until)
        with self._lock:
            if key not in self._kept:
                with desk.engine.connect() as connection:
                    today = desk.today().date
                    found = preview(connection, proposal.rules, since, until, today, connection.rollback)
                self._kept[key] = found
                while len(self._kept) > KEPT:
                    self._kept.popitem(last=False)
            return self._kept[key]


def views(blueprint: Blueprint, desk: Desk) -> None:
    """The effect of a proposal, and beneath it the second person's form."""
    effects = Effects()

    @blueprint.get("/rules/<id_>/<int:number>/impact")
    @allow(*ALL_STAFF)
    def impact(id_: str, number: int) -> str:
        with desk.session() as session:
            try:
                found = listing.version(session.connection(), f"{id_}/{number}")
            except CollectorError:
                abort(404, "no such rule set")
        since, until = _dates(desk.today().date)
        refused, effect = "", None
        try:
            effect = effects.of(desk, found, since, until)
        except RulesError as error:
            refused = words(error)
        with desk.session() as session:
            units = _units(session, effect) if effect else []
        return render_template(
            "hours/impact.html",
            one=found,
            effect=effect,
            units=units,
            refused=refused,
            since=since,
            until=until,
            begun=found.since <= desk.today().date,
            may=me().role in BKD and found.state == PROPOSED,
            own=me().id.casefold() == found.proposed_by.strip().casefold(),
            form=ApproveForm(),
        )


def _dates(today: date) -> tuple[date, date]:
    """`?from=…&to=…`, two weeks at most; else the five days before today."""
    try:
        since, until = (date.fromisoformat(request.args.get(name, "")) for name in ("from", "to"))
    except ValueError:
        until = today - timedelta(days=1)
        since = until - USUAL
    since, until = min(since, until), max(since, until)
    return max(since, until - LONGEST), until


def _units(session: Session, effect: Impact) -> list[UnitImpact]:
    """The units in reach that it touches, the most touched first."""
    seen = reach(session)
    touched = [one for one in effect.touched if seen is None or one.unit in seen]
    names: dict[str, str] = {row.code: row.name for row in session.execute(select(Unit.code, Unit.name))}
    late, spared, people = set(effect.newly_late), set(effect.no_longer_late), _people(session, touched)
    found = []
    for unit, count in Counter(one.unit for one in touched).most_common():
        mine = [one for one in touched if one.unit == unit]
        who = {one.person for one in mine}
        days = [PersonDay(people.get(one.person, one.person), one.day, _codes(one, 0), _codes(one, 1)) for one in mine]
        found.append(UnitImpact(names.get(unit, unit), len(who & late), len(who & spared), count, days[:SHOWN]))
    return found


def _people(session: Session, touched: list[Touched]) -> dict[str, str]:
    wanted = {one.person for one in touched}
    rows = session.execute(select(Person.id, Person.name)).all() if len(wanted) > SHOWN else ()
    if wanted and not rows:
        rows = session.execute(select(Person.id, Person.name).where(Person.id.in_(sorted(wanted)))).all()
    return {row[0]: row[1] for row in rows}


def _codes(one: Touched, which: int) -> str:
    codes = (one.before, one.after)[which]
    marked = [code for code in codes if code in (*LATE, *EARLY)] or list(codes)
    return " ".join(code.value for code in marked) or "-"
