"""`siperlu entries …`: what people enter beside the records: manual lists, disasters; and what was entered."""

from __future__ import annotations

from datetime import UTC, datetime, time
from pathlib import Path
from typing import Any

import click

from cli.acting import acting, by, check_unit
from cli.centre import as_json, config, reading, session
from cli.noted import note
from cli.output import Failure, emit, say
from cli.report import DATE
from cli.table import show
from collector.accounts.roles import BKD
from collector.entered import declaring, listing, lists
from collector.entered.declaring import Calamity
from collector.entered.listing import Choice, Listed
from collector.entered.lists import CONFIRMED, FILED, Filing, Line, Word
from collector.entered.rights import DECIDERS, FILERS, may_withdraw
from collector.judging.entries import EntryKind
from collector.people.scope import Tree
from collector.rules.evidence import ManualWhy
from collector.store.people import Unit

reason = click.option("--reason", default="", help="Why; it can be read later.")
MOST = 500


@click.group()
def command() -> None:
    """Manual presence lists, disasters, and every entry with who made it and why."""


@command.command("list")
@click.option("--kind", type=click.Choice([kind.value for kind in EntryKind]), multiple=True, help="Only these kinds.")
@click.option("--unit", default="", help="Only what touches this unit and those below.")
@click.option("--from", "since", type=DATE, help="Only what touches a date from this one on.")
@click.option("--to", "until", type=DATE, help="And up to this one.")
@click.option("--standing", is_flag=True, help="Without what was withdrawn.")
@config
@as_json
def list_(  # noqa: PLR0913, PLR0917 - click hands over one argument an option
    kind: tuple[str, ...],
    unit: str,
    since: datetime | None,
    until: datetime | None,
    standing: bool,
    path: Path | None,
    as_json: bool,
) -> None:
    """Entries, the newest first; the latest 500."""
    if (since is None) != (until is None):
        raise Failure("--from and --to go together: give both or none")
    span = (since.date(), until.date()) if since and until else None
    with reading(path) as (_, opened):
        within = None
        if unit:
            rows = opened.query(Unit.code, Unit.kind, Unit.parent).all()
            within = Tree(rows).below(unit)
        choice = Choice(tuple(map(EntryKind, kind)) or tuple(EntryKind), within, (), span, standing)
        found = listing.listed(opened, choice, MOST)
    titles = ["entry", "kind", "about", "reason", "by", "at", "withdrawn"]
    show(titles, [_cells(each) for each in found], on_stderr=as_json)
    if as_json:
        emit({"entries": [_public(each) for each in found]})


@command.command()
@click.argument("name")
@click.option("--decree", required=True, help="Number of the decree.")
@click.option("--from", "since", type=DATE, required=True, help="First date.")
@click.option("--to", "until", type=DATE, required=True, help="Last date.")
@click.option("--unit", "units", multiple=True, help="A unit and those below it; without any, the whole regency.")
@by
@config
@as_json
def disaster(  # noqa: PLR0913, PLR0917
    name: str,
    decree: str,
    since: datetime,
    until: datetime,
    units: tuple[str, ...],
    by: str,
    path: Path | None,
    as_json: bool,
) -> None:
    """Declare disaster NAME: days of these units excuse themselves and say so. `siperlu day withdraw` takes it back."""
    calamity = Calamity(units=units, since=since.date(), until=until.date(), name=name, decree=decree)
    with session(path) as (_, opened):
        made = declaring.declare_disaster(opened.connection(), calamity, acting(opened, by, BKD).id, datetime.now(UTC))
        for number in made:
            note(
                opened, "disaster.declare", number, **{"from": str(since.date())}, to=str(until.date()), units=len(made)
            )
    say(f"{name}: {len(made)} entries ({', '.join(made)}); the days are judged within a minute")
    if as_json:
        emit({"entries": made})


@command.command()
@click.argument("lines", nargs=-1, required=True, metavar="PERSON=COMES-GOES...")
@click.option("--unit", required=True, help="The unit; people of those below it may stand on the list.")
@click.option("--day", type=DATE, required=True, help="The work date.")
@click.option("--why", type=click.Choice([why.value for why in ManualWhy]), required=True, help="The lawful reason.")
@click.option("--number", required=True, help="Number of the list or its letter.")
@by
@config
@as_json
def manual(  # noqa: PLR0913, PLR0917
    lines: tuple[str, ...],
    unit: str,
    day: datetime,
    why: str,
    number: str,
    by: str,
    path: Path | None,
    as_json: bool,
) -> None:
    """File a manual list, a word a person: id=07:20-16:30, id=07:20- or id=-16:30. It counts when another confirms it."""
    filing = Filing(
        unit=unit, day=day.date(), why=ManualWhy(why), number=number, lines=tuple(_line(each) for each in lines)
    )
    with session(path) as (_, opened):
        account = acting(opened, by, FILERS)
        check_unit(opened, account, unit)
        made = lists.file(opened.connection(), filing, account.id, datetime.now(UTC))
        note(opened, "list.file", made, unit=unit, day=str(filing.day), why=why, people=len(filing.lines))
        doubtful = lists.unfounded(opened.connection(), filing)
    if doubtful:
        say(f"the facts do not show this reason for {', '.join(doubtful)}: their day will go to review")
    say(f"list {made}: filed; it counts when somebody else confirms it")
    if as_json:
        emit({"list": made, "unfounded": doubtful})


@command.command()
@click.argument("number", metavar="LIST")
@click.argument("act", type=click.Choice(["confirm", "refuse", "withdraw"]))
@by
@reason
@config
def decide(number: str, act: str, by: str, reason: str, path: Path | None) -> None:
    """Confirm or refuse LIST, or withdraw it; the last two need a reason."""
    step = {"confirm": lists.confirm, "refuse": lists.refuse, "withdraw": lists.withdraw}[act]
    with session(path) as (_, opened):
        account = acting(opened, by, FILERS if act == "withdraw" else DECIDERS)
        row = lists.find(opened.connection(), number)
        check_unit(opened, account, row.unit)
        # What is refused or gone already is the book's to refuse: it says in which state the list is.
        if act == "withdraw" and row.state in {FILED, CONFIRMED} and not may_withdraw(account, row):
            raise Failure(f"list {row.number} is {row.state}: who filed or decides about it takes it back, not {by}")
        step(opened.connection(), number, Word(account.id, datetime.now(UTC), reason, person=account.person))
        note(opened, f"list.{act}", number)
        state = lists.find(opened.connection(), number).state
    say(f"list {number}: {state}")


def _line(text: str) -> Line:
    person, _, span = text.partition("=")
    comes, dash, goes = span.partition("-")
    wrong = Failure(f"{text!r} is no line of a list: write id=07:20-16:30, id=07:20- or id=-16:30")
    if not person or not dash:
        raise wrong
    try:
        return Line(person, time.fromisoformat(comes) if comes else None, time.fromisoformat(goes) if goes else None)
    except ValueError as error:
        raise wrong from error


def _cells(one: Listed) -> list[str]:
    back = f"{one.withdrawn_by}: {one.withdrawn_why or ''}" if one.withdrawn_at else ""
    return [one.id, one.kind.value, one.subject, one.reason, one.by, f"{one.at:%Y-%m-%d %H:%M}", back]


def _public(one: Listed) -> dict[str, Any]:
    return {
        "entry": one.id,
        "kind": one.kind.value,
        "person": one.person,
        "unit": one.unit,
        "kiosk": one.kiosk,
        "reason": one.reason,
        "by": one.by,
        "at": one.at.isoformat(),
        "withdrawn_by": one.withdrawn_by,
        "withdrawn_at": one.withdrawn_at.isoformat() if one.withdrawn_at else None,
        "withdrawn_why": one.withdrawn_why,
    }
