"""A unit's month from the centre's tables: who is in it, their judged days, the rules that held. Queries only."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from collector.errors import ReportError
from collector.people.importing import known_units
from collector.people.merge import KnownUnit
from collector.people.scope import TOP, Tree
from collector.recap.faults import Fault
from collector.recap.lines import Line, lines
from collector.recap.month import Month, written
from collector.recap.people import Asked, Member, Office, Signatory
from collector.recap.staff import Signs, Staff
from collector.reports.tallies import tallies
from collector.rules.codes import Code, State
from collector.rules.day import DayResult
from collector.rules.document import DAY_RESULT, rule_set
from collector.rules.month import Correction
from collector.rules.ruleset import RuleSet
from collector.store.hours import StoredRuleSet
from collector.store.people import Assignment, Person
from collector.store.results import ClosedDay, ClosedMonth, DayRow, StoredCorrection

OFFICER = "Pengelola Kepegawaian"


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """What is asked for. `regency`, `place`: as printed; `staff`: what OPD say of people, by NIP or internal id."""

    unit: str
    month: Month
    regency: str
    place: str
    staff: Mapping[str, Staff]
    printed: datetime


def unit_month(session: Session, wish: Wish) -> tuple[Asked, tuple[Line, ...]]:
    """The recap of a unit and those below it. Raises ReportError when there is no such unit or no judged day.

    Thirteen queries, however many people there are.
    """
    units = known_units(session)
    if wish.unit not in units:
        text = f"unit {wish.unit!r} is not known; `siperlu people list` shows the codes in use"
        raise ReportError(text, Fault.UNIT, unit=wish.unit)
    tree = Tree(units.values())
    below = tree.below(wish.unit)
    closed = _closed(session, wish.month, below)
    here = _here(session, wish.month, below)
    if not here and not closed:
        text = f"unit {wish.unit}: no day of {wish.month} has been judged; is the centre's judging running?"
        raise ReportError(text, Fault.NOT_JUDGED, unit=wish.unit, month=str(wish.month))
    people = sorted({*here, *(day.person for day in closed)})
    results = _results(session, people, wish.month)
    members = _members(session, people, [*results, *closed], units, wish)
    office = _office(session, units, tree, wish)
    path = [unit.code for unit in _upwards(units, wish.unit)]
    asked = Asked(office=office, month=wish.month, printed=wish.printed, closed=_when_closed(session, path, wish))
    booked = _corrections(session, wish.month, people)
    year = tallies(session, wish.month.year, wish.month.days[-1], people)
    found = lines(members, results, wish.month, below, closed, year)
    return asked, tuple(replace(line, corrections=booked.get(line.member.id, ())) for line in found)


def _here(session: Session, month: Month, units: Collection[str]) -> list[str]:
    query = select(DayRow.person).where(
        DayRow.day >= month.days[0], DayRow.day <= month.days[-1], DayRow.unit.in_(units)
    )
    return list(session.scalars(query.distinct()))


def _results(session: Session, people: Sequence[str], month: Month) -> list[DayResult]:
    row = DayRow
    query = select(
        *(row.person, row.day, row.state, row.codes, row.working, row.minutes_late, row.minutes_early),
        *(row.no_check_in, row.no_check_out, row.percent_milli, row.unit, row.rules),
    ).where(row.day >= month.days[0], row.day <= month.days[-1])
    return [_result(*told) for told in session.execute(query.where(row.person.in_(people)))]


def _result(*told: Any) -> DayResult:
    person, day, state, codes, working, late, early, no_in, no_out, milli, unit, rules = told
    return DayResult(
        person=person,
        day=day,
        state=State(state),
        codes=tuple(Code(code) for code in codes.split()),
        working=working,
        minutes_late=late,
        minutes_early=early,
        no_check_in=no_in,
        no_check_out=no_out,
        percent=Decimal(milli) / 1000,
        unit=unit,
        rules=rules,
    )


def _closed(session: Session, month: Month, units: Collection[str]) -> list[DayResult]:
    query = select(ClosedDay.document).where(ClosedDay.month == month.days[0], ClosedDay.unit.in_(units))
    return [DAY_RESULT.decode(document) for document in session.scalars(query)]


def _when_closed(session: Session, path: Sequence[str], wish: Wish) -> str:
    """When the month of this unit, or of one above it, was closed, as printed; empty while it is open."""
    query = select(ClosedMonth.closed_at).where(ClosedMonth.unit.in_(path), ClosedMonth.month == wish.month.days[0])
    closed_at = session.scalars(query.order_by(ClosedMonth.closed_at).limit(1)).one_or_none()
    return written(closed_at.astimezone(wish.printed.tzinfo).date()) if closed_at else ""


def _corrections(session: Session, month: Month, people: Sequence[str]) -> dict[str, tuple[Correction, ...]]:
    """What this month took up of earlier ones when it was closed, by person and date."""
    row = StoredCorrection
    query = select(row.person, row.then, row.now, row.percent_milli, row.minutes).where(row.booked == month.days[0])
    found: dict[str, tuple[Correction, ...]] = {}
    mine = query.where(row.person.in_(people)).order_by(row.day, row.id)
    for person, then, now, milli, minutes in session.execute(mine):
        before, after = DAY_RESULT.decode(then), DAY_RESULT.decode(now)
        told = Correction(
            person=person, day=after.day, then=before, now=after, percent=Decimal(milli) / 1000, minutes=minutes
        )
        found[person] = (*found.get(person, ()), told)
    return found


def _members(
    session: Session, people: Sequence[str], results: Iterable[DayResult], units: Mapping[str, KnownUnit], wish: Wish
) -> list[Member]:
    newest: dict[str, DayResult] = {}
    for day in sorted(results, key=lambda each: each.day):
        if day.rules and wish.month.days[0] <= day.day <= wish.month.days[-1]:
            newest[day.person] = day
    rules = _rules(session, {day.rules for day in newest.values()})
    found = session.scalars(select(Person).where(Person.id.in_([person for person in people if person in newest])))
    return [_member(person, newest[person.id], rules, units, wish.staff) for person in found]


def _member(
    person: Person,
    last: DayResult,
    rules: Mapping[str, RuleSet],
    units: Mapping[str, KnownUnit],
    staff: Mapping[str, Staff],
) -> Member:
    told = _told(person, staff)
    unit = units.get(last.unit)
    held = rules[last.rules]
    return Member(
        id=person.id,
        name=person.name,
        number=person.number or person.internal_number or "",
        status=person.status,
        unit=unit.name if unit else last.unit,
        tpp=held.tpp,
        ladder=held.ladder,
        grade=told.grade,
        post=told.post,
        allowance=told.allowance,
    )


def _told(person: Person, staff: Mapping[str, Staff]) -> Staff:
    keys = [key for key in (person.number, person.internal_number) if key]
    return next((staff[key] for key in keys if key in staff), Staff())


def _rules(session: Session, names: Collection[str]) -> dict[str, RuleSet]:
    table = StoredRuleSet
    rows = session.execute(select(table.id, table.version, table.document))
    return {name: rule_set(raw) for id_, version, raw in rows if (name := f"{id_}/{version}") in names}


def _office(session: Session, units: Mapping[str, KnownUnit], tree: Tree, wish: Wish) -> Office:
    path = _upwards(units, wish.unit)
    opd = next((unit for unit in path if unit.kind in TOP["opd"]), path[-1])
    places = [*(unit.code for unit in path), *sorted(tree.below(opd.code))]
    head, officer = (_signatory(session, places, role, wish) for role in (Signs.HEAD, Signs.OFFICER))
    return Office(
        regency=wish.regency,
        place=wish.place,
        opd=opd.name,
        code=wish.unit,
        name=units[wish.unit].name,
        units=tree.below(wish.unit),
        head=head or Signatory(title=f"Kepala {opd.name}"),
        officer=officer or Signatory(title=OFFICER),
    )


def _upwards(units: Mapping[str, KnownUnit], code: str) -> list[KnownUnit]:
    path: list[KnownUnit] = []
    at: str | None = code
    while at is not None and at in units and units[at] not in path:
        path.append(units[at])
        at = units[at].parent
    return path


def _signatory(session: Session, places: Sequence[str], role: Signs, wish: Wish) -> Signatory | None:
    """Who signs as this in the first of these units that has one; their unit is that of the month's last day."""
    keys = [key for key, staff in wish.staff.items() if staff.signs is role]
    if not keys:
        return None
    last = wish.month.days[-1]
    query = (
        select(Person, Assignment.unit)
        .join(Assignment, Assignment.person == Person.id)
        .where(or_(Person.number.in_(keys), Person.internal_number.in_(keys)))
        .where(Assignment.kind == "main", Assignment.from_day <= last)
        .where(or_(Assignment.until_day.is_(None), Assignment.until_day >= last))
        .order_by(Person.name, Person.id)
    )
    found = {unit: person for person, unit in session.execute(query)}
    person = next((found[code] for code in places if code in found), None)
    if person is None:
        return None
    told = _told(person, wish.staff)
    title = OFFICER if role is Signs.OFFICER else told.post or "Kepala"
    return Signatory(title=title, name=person.name, rank=told.rank or told.grade, number=person.number or "")
