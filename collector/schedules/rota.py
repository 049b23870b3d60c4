"""Changing a rota: what is wished is checked cell by cell, written with what stood there before, and can be taken back."""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date

from sqlalchemy import insert, select, update
from sqlalchemy.orm import Session

from collector import audit
from collector.judging import entries
from collector.rules.hours import Turn
from collector.schedules.errors import Rule, ScheduleError
from collector.schedules.signs import Signs, signs_of, stored
from collector.schedules.standing import Hand, Standing, hold, somebody
from collector.store.hours import RotaChange, TurnChange

PersonDay = tuple[str, date]
PAGE, FILE, COMMAND, UNDO = "page", "file", "command", "undo"


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a change comes from: the unit whose rota it is, page, file or command, and the file's name."""

    unit: str
    source: str
    file: str = ""


@dataclass(frozen=True, slots=True)
class Plan:
    """What would be written, before and after, by person and date; and what cannot be, with why."""

    changes: dict[PersonDay, tuple[Turn | None, Turn | None]] = field(default_factory=dict)
    faults: dict[PersonDay, ScheduleError] = field(default_factory=dict)


def plan(
    standing: Standing, wishes: Mapping[PersonDay, str], hand: Hand, was: Mapping[PersonDay, str] | None = None
) -> Plan:
    """What these wishes, a sign or name a cell, would change. `was`: what the asker saw; a cell that says something else by
    now is a fault, not overwritten. A cell that says what is there already is no change, whoever may change it."""
    found, signs = Plan(), signs_of(standing.rules)
    there = {(person, turn.day): turn for person, known in standing.facts.known.items() for turn in known.rota}
    for (person, day), text in sorted(wishes.items()):
        try:
            before = there.get((person, day))
            if text.strip() and standing.refusal(hand, person, day) is Rule.ELSEWHERE:
                standing.check(hand, person, day)  # before anything of somebody else's is told
            after = _wished(standing, signs, (person, day), text)
            if stored(before) == stored(after):
                continue
            standing.check(hand, person, day)
            _check_seen((was or {}).get((person, day)), signs.write(before), (person, day))
            found.changes[person, day] = (before, after)
        except ScheduleError as error:
            found.faults[person, day] = error
    return found


def _check_seen(seen: str | None, now: str, cell: PersonDay) -> None:
    if seen is not None and seen != now:
        raise ScheduleError(Rule.MEANWHILE, person=cell[0], day=cell[1])


def _wished(standing: Standing, signs: Signs, cell: PersonDay, text: str) -> Turn | None:
    """The turn that is wished; nothing can stand anywhere, a shift only where the pattern has it."""
    person, day = cell
    held = standing.held(person, day)
    if held is None or not text.strip():
        return None
    if held.rota is None:
        raise ScheduleError(Rule.NO_ROTA, person=person, pattern=held.name, day=day)
    return signs.read(text, day, held.rota)


def of(session: Session, people: Iterable[str], since: date, until: date) -> Standing:
    """What holds for these people, who are held until the transaction ends: what is planned on it can be written."""
    names = sorted(set(people))
    hold(session.connection(), names)
    return Standing(session.connection(), names, since, until)


def write(session: Session, planned: Plan, hand: Hand, origin: Origin) -> str:
    """Write the changes of a plan that was made in this transaction (`of`); id of the change, empty for none.

    Its faults are left out: whoever takes all or nothing looks at them before. Raises ScheduleError where nobody is named.
    """
    somebody(hand)
    if not planned.changes:
        return ""
    entries.set_turns(session.connection(), {cell: after for cell, (_, after) in planned.changes.items()})
    number, count = secrets.token_hex(8), len(planned.changes)
    month = min(day for _, day in planned.changes).replace(day=1)
    row = {"id": number, "unit": origin.unit, "month": month, "source": origin.source, "file": origin.file[:200]}
    who = {"by": hand.by, "at": hand.at, "reason": hand.why.strip(), "cells": count}
    session.execute(insert(RotaChange).values(**row, **who))
    kept = [
        {"change": number, "person": person, "day": day, "before": stored(before), "after": stored(after)}
        for (person, day), (before, after) in planned.changes.items()
    ]
    session.execute(insert(TurnChange), kept)
    detail: dict[str, str | int] = {
        "unit": origin.unit,
        "month": f"{month:%Y-%m}",
        "cells": count,
        "source": origin.source,
    }
    audit.note(session, hand.by, "rota.change", number, detail, hand.at)
    return number


def undo(session: Session, number: str, hand: Hand) -> str:
    """Put back what stood there before a change; id of the change that does it. All of it or nothing.

    Raises ScheduleError: taken back already, changed since, or not this hand's to change.
    """
    change = session.get(RotaChange, number, with_for_update=True)
    if change is None or change.undone:
        raise ScheduleError(Rule.GONE)
    query = select(TurnChange.person, TurnChange.day, TurnChange.before, TurnChange.after)
    rows = session.execute(query.where(TurnChange.change == number)).all()
    if not rows:  # of people who are no longer known
        raise ScheduleError(Rule.GONE)
    standing = of(session, {row.person for row in rows}, min(row.day for row in rows), max(row.day for row in rows))
    signs = signs_of(standing.rules)
    seen = {(row.person, row.day): signs.by_name.get(row.after, row.after) for row in rows}
    planned = plan(standing, {(row.person, row.day): row.before for row in rows}, hand, seen)
    if planned.faults:
        raise next(iter(planned.faults.values()))
    session.execute(update(RotaChange).where(RotaChange.id == number).values(undone=True))
    return write(session, planned, hand, Origin(change.unit, UNDO, number))
