"""`siperlu report …`: what the centre knows, for people and for programs."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Any

import click

from cli.centre import as_json, config, session
from cli.output import Failure, emit, say
from cli.table import show
from collector.reports.violations import Period, Report, UnitCount
from collector.reports.violations import report as counted

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
