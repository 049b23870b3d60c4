"""`siperlu report …`: what the centre knows, for people and for programs."""

from __future__ import annotations

import getpass
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

import click

from cli.acting import below
from cli.centre import as_json, config, session
from cli.output import Failure, emit, say
from cli.table import show
from collector import audit
from collector.entered import closing
from collector.recap.month import Month
from collector.reports.violations import Period, Report, UnitCount
from collector.reports.violations import report as counted
from collector.rules.month import Correction

DATE = click.DateTime(["%Y-%m-%d", "%d-%m-%Y"])


def period(since: datetime, until: datetime) -> Period:
    """Two dates as asked for. Raises Failure when they stand the wrong way round."""
    if until < since:
        raise Failure(f"--from {since:%Y-%m-%d} is after --to {until:%Y-%m-%d}: exchange them")
    return Period(since.date(), until.date())


@click.group()
def command() -> None:
    """Reports from the centre's database."""


@command.command()
@click.option("--from", "since", type=DATE, required=True, help="First local date.")
@click.option("--to", "until", type=DATE, required=True, help="Last local date, included.")
@config
@as_json
def violations(since: datetime, until: datetime, path: Path | None, as_json: bool) -> None:
    """Count violations by OPD and kind. A violation is a reason to check, not proof."""
    asked = period(since, until)
    with session(path) as (_, opened):
        found = counted(opened, asked)
    kinds = sorted(found.kinds)
    rows = [[unit.name, *(str(unit.kinds[kind]) for kind in kinds), str(unit.total)] for unit in found.opd]
    show(["OPD", *kinds, "sum"], rows, on_stderr=True)
    say(f"{found.total} violations from {asked.since:%d-%m-%Y} to {asked.until:%d-%m-%Y}")
    if as_json:
        emit(_public(asked, found))


@command.command()
@click.option("--unit", required=True, help="Code of the unit; those below it belong to it.")
@click.option("--month", required=True, metavar="YYYY-MM", help="The month whose closing takes them up.")
@config
@as_json
def corrections(unit: str, month: str, path: Path | None, as_json: bool) -> None:
    """Days of closed months that would be judged otherwise now: taken up by MONTH, or waiting for it. Reading is in the audit log."""
    asked = _month(month)
    with session(path) as (_, opened):
        units = sorted(below(opened, unit))
        found = closing.corrections_for(opened.connection(), units, asked.days[0])
        names = closing.names_of(opened, found)
        audit.note(opened, f"command:{getpass.getuser()}", "month.corrections", unit, {"month": str(asked)})
    titles = ["day", "name", "unit", "then", "now", "percent", "minutes", "state"]
    show(titles, [_correction(each, names, booked=booked) for each, booked in found.items()], on_stderr=as_json)
    waiting = sum(not booked for booked in found.values())
    say(f"{len(found) - waiting} corrections taken up by {asked}, {waiting} waiting")
    if as_json:
        emit({"unit": unit, "month": str(asked), "corrections": [_change(each, booked=found[each]) for each in found]})


def _month(text: str) -> Month:
    try:
        return Month.parse(text)
    except ValueError as error:
        raise Failure(str(error)) from error


def _correction(one: Correction, names: Mapping[str, tuple[str, str]], *, booked: bool) -> list[str]:
    name = names.get(one.person, (one.person, ""))[0]
    codes = (" ".join(one.then.codes), " ".join(one.now.codes))
    state = "taken up" if booked else "waiting"
    return [f"{one.day:%d-%m-%Y}", name, one.then.unit, *codes, f"{one.percent:+f}", f"{one.minutes:+d}", state]


def _change(one: Correction, *, booked: bool) -> dict[str, Any]:
    return {
        "person": one.person,
        "day": one.day.isoformat(),
        "unit": one.then.unit,
        "then": list(one.then.codes),
        "now": list(one.now.codes),
        "percent": f"{one.percent:f}",
        "minutes": one.minutes,
        "booked": booked,
    }


def _public(asked: Period, found: Report) -> dict[str, Any]:
    return {
        "from": asked.since.isoformat(),
        "to": asked.until.isoformat(),
        "total": found.total,
        "kinds": dict(sorted(found.kinds.items())),
        "states": dict(sorted(found.states.items())),
        "opd": [_unit(unit) for unit in found.opd],
    }


def _unit(unit: UnitCount) -> dict[str, Any]:
    return {
        "unit": unit.code,
        "name": unit.name,
        "total": unit.total,
        "kinds": dict(sorted(unit.kinds.items())),
        "below": [_unit(child) for child in unit.children if child.total],
    }
