"""`siperlu leave …`: letters of leave, travel and exceptions as lists, and what may still be taken of the year's leave."""

from __future__ import annotations

from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import click

from cli import leave_steps
from cli.acting import acting, below, by, check_person
from cli.centre import as_json, config, reading, session, today
from cli.output import Failure, emit, say
from cli.table import show
from collector import audit
from collector.accounts.roles import BKD, EVERYBODY
from collector.leave import reading as leave
from collector.leave.account import Accounts, Opening, state_opening
from collector.leave.reading import Choice, Listed
from collector.leave.requests import APPROVED, FILED, REFUSED, WITHDRAWN
from collector.rules.leave import LeaveYear

MOST = 500
person = click.argument("person")


@click.group()
def command() -> None:
    """Leave, travel and exceptions: filed with the letter, decided by another account, never edited."""


for name, step in leave_steps.COMMANDS.items():
    command.add_command(step, name)


@command.command("list")
@click.option("--state", type=click.Choice([FILED, APPROVED, REFUSED, WITHDRAWN]), help="Only in this state.")
@click.option("--unit", default="", help="Only of this unit and those below.")
@click.option("--person", default="", help="Only of this person, by id.")
@config
@as_json
def list_(state: str | None, unit: str, person: str, path: Path | None, as_json: bool) -> None:
    """Letters: those that wait first, the oldest on top, then the newest decided; at most 500."""
    with reading(path) as (_, opened):
        choice = Choice(below(opened, unit) if unit else None, state or "", person)
        found = leave.listed(opened, choice, MOST)
        more = leave.count(opened, choice) - len(found)
    titles = ["leave", "code", "from", "to", "letter", "state", "decides", "name", "unit"]
    show(titles, [_cells(each) for each in found], on_stderr=as_json)
    if more:
        say(f"and {more} more: narrow them by --state, --unit or --person")
    if as_json:
        emit({"leave": [_public(each) for each in found], "more": more})


@command.command()
@person
@click.option("--year", type=click.IntRange(2000, 2199), help="The year.  [default: this one]")
@by
@config
@as_json
def balance(person: str, year: int | None, by: str, path: Path | None, as_json: bool) -> None:
    """Annual leave of PERSON: right, taken and left of a year, in working days. That it was read is in the audit log."""
    with session(path) as (settings, opened):
        now = today(settings)
        asked = year or now.year
        check_person(opened, acting(opened, by, EVERYBODY), person, date(now.year, 1, 1), now)
        first, last = date(asked, 1, 1), date(asked, 12, 31)
        try:
            found = Accounts(opened.connection(), [person], first, last).year(person, asked)
        except LookupError as error:
            raise Failure(f"person {person!r} has no assignment: nothing can be counted for them") from error
        audit.note(opened, by, "leave.read", person)
    row = [person, str(found.year), str(found.right), str(found.taken), str(found.left), str(found.since or "no right")]
    show(["person", "year", "right", "taken", "left", "from"], [row], on_stderr=as_json)
    if as_json:
        emit({"person": person, **_year(found)})


@command.command()
@person
@click.option("--year", type=click.IntRange(2000, 2199), required=True, help="The year that the statement is about.")
@click.option("--taken", type=int, default=0, help="Working days taken before this system.")
@click.option("--added", type=int, default=0, help="Days added for joint leave that was worked.")
@click.option("--letter", required=True, help="List or letter that it is taken from.")
@by
@config
def opening(person: str, year: int, taken: int, added: int, letter: str, by: str, path: Path | None) -> None:  # noqa: PLR0913, PLR0917 - click hands over one argument an option
    """State for BKD what is known of a YEAR of PERSON beside the letters here; a newer statement takes its place."""
    stated, now = Opening(year, taken, added, letter), datetime.now(UTC)
    with session(path) as (settings, opened):
        check_person(opened, acting(opened, by, BKD), person, today(settings), today(settings))
        state_opening(opened.connection(), person, stated, by, now)
        audit.note(opened, by, "leave.opening", person, {"year": year, "taken": taken, "added": added}, now)
    say(f"{person}, {year}: {taken} taken and {added} added, by {letter}")


def _cells(one: Listed) -> list[str]:
    row = one.row
    return [
        row.id,
        row.code,
        f"{row.since:%d-%m-%Y}",
        f"{row.until:%d-%m-%Y}",
        row.number,
        row.state,
        row.approver if row.state == FILED else "",
        one.name,
        one.unit_name,
    ]


def _public(one: Listed) -> dict[str, Any]:
    row = one.row
    return {
        "leave": row.id,
        "person": row.person,
        "unit": row.unit,
        "code": row.code,
        "from": row.since.isoformat(),
        "to": row.until.isoformat(),
        "hours": [f"{row.starts:%H:%M}", f"{row.ends:%H:%M}"] if row.starts and row.ends else None,
        "number": row.number,
        "dated": row.dated.isoformat(),
        "place": row.place,
        "why": row.why,
        "attached": row.letter is not None,
        "approver": row.approver,
        "state": row.state,
        "filed_by": row.filed_by,
        "decided_by": row.decided_by,
        "decided_why": row.decided_why,
        "withdrawn_by": row.withdrawn_by,
        "withdrawn_why": row.withdrawn_why,
    }


def _year(found: LeaveYear) -> dict[str, Any]:
    since = found.since.isoformat() if found.since else None
    return {"year": found.year, "since": since, "right": found.right, "taken": found.taken, "left": found.left}
