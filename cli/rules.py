"""`siperlu rules …`: hours and holidays as dated data, proposed by one and approved by another."""

from __future__ import annotations

from dataclasses import asdict
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import click
from sqlalchemy import select
from sqlalchemy.orm import Session

from cli.acting import acting, by
from cli.centre import as_json, config, failures, session, today
from cli.noted import note
from cli.output import Failure, emit, say
from cli.table import show as show_table
from collector.accounts.roles import BKD
from collector.judging import book, changing
from collector.judging.changing import Decision
from collector.judging.preview import preview
from collector.rules.document import RULE_SET
from collector.rules.rulebook import Holiday
from collector.rules.ruleset import RuleSet
from collector.store.hours import StoredHoliday, StoredRuleSet

confirm = click.option("--confirm", "confirmed", count=True, help="For today or the past: give it twice, and --reason.")
reason = click.option("--reason", "why", default="", help="Why today or the past is changed.")
since_option = click.option("--from", "since", required=True, type=click.DateTime(["%Y-%m-%d"]), help="First date.")
until_option = click.option("--to", "until", required=True, type=click.DateTime(["%Y-%m-%d"]), help="Last date.")


@click.group()
def command() -> None:
    """Rule sets and holidays."""


@command.command("list")
@config
@as_json
def list_(path: Path | None, as_json: bool) -> None:
    """List every version of every rule set."""
    table = StoredRuleSet
    with session(path) as (_, opened):
        book.install(opened.connection(), _now())
        query = select(table).order_by(table.since, table.id, table.version)
        found = [_public(row) for row in opened.scalars(query)]
    if as_json:
        emit({"rule_sets": found})
        return
    titles = ["rule set", "from", "state", "proposed", "approved", "digest"]
    keys = ("name", "since", "state", "proposed_by", "approved_by", "digest")
    show_table(titles, ([str(one[key] or "")[:40] for key in keys] for one in found))


@command.command()
@click.argument("name")
@config
def show(name: str, path: Path | None) -> None:
    """Print rule set NAME (id/version) as the JSON that `import` takes."""
    with session(path) as (_, opened):
        book.install(opened.connection(), _now())
        click.echo(changing.document_of(opened.connection(), name).decode())


@command.command("import")
@click.argument("file", type=click.Path(path_type=Path))
@by
@config
def import_(file: Path, by: str, path: Path | None) -> None:
    """Propose the rule set in FILE; it holds when somebody else has approved it."""
    rules = _read(file)
    with session(path) as (_, opened):
        book.install(opened.connection(), _now())
        name = changing.propose(opened.connection(), rules, acting(opened, by, BKD).id, _now())
        note(opened, "rules.propose", name)
    say(f"{name}: proposed; look at `siperlu rules impact`, then somebody else approves it")


@command.command()
@click.argument("name")
@by
@confirm
@reason
@config
def approve(name: str, by: str, confirmed: int, why: str, path: Path | None) -> None:
    """Let the proposal NAME (id/version) hold from its date on."""
    with session(path) as (_, opened):
        rules = changing.approve(opened.connection(), name, _decision(opened, by, confirmed, why))
        note(opened, "rules.approve", name, confirmed=confirmed)
    say(f"{name}: approved, holds from {rules.since}")


@command.command()
@click.argument("name")
@by
@config
def withdraw(name: str, by: str, path: Path | None) -> None:
    """Take back a proposal, or an approved version that has not begun."""
    with session(path) as (_, opened):
        changing.withdraw(opened.connection(), name, acting(opened, by, BKD).id, _now())
        note(opened, "rules.withdraw", name)
    say(f"{name}: withdrawn")


@command.command()
@click.argument("file", type=click.Path(path_type=Path))
@since_option
@until_option
@config
@as_json
def impact(file: Path, since: datetime, until: datetime, path: Path | None, as_json: bool) -> None:
    """Say whom the rule set in FILE would have touched, had it held from one date to another."""
    rules = _read(file)
    if until < since:
        raise Failure(f"--to {until.date()} is before --from {since.date()}: turn them round")
    with session(path) as (settings, opened):
        book.install(opened.connection(), _now())
        found = preview(opened.connection(), rules, since.date(), until.date(), today(settings))
    touched = [
        {"person": one.person, "unit": one.unit, "day": str(one.day), "before": one.before, "after": one.after}
        for one in found.touched
    ]
    counts = {key: len(people) for key, people in asdict(found).items()}
    if as_json:
        emit({"rule_set": rules.name, **counts, "days": touched})
        return
    for key, count in counts.items():
        say(f"{key.replace('_', ' ')}: {count} {'days' if key == 'touched' else 'people'}")


@command.group()
def holidays() -> None:
    """The admin's table, which overrides the published list."""


@holidays.command("list")
@click.option("--year", type=click.IntRange(2000, 2199), required=True)
@config
@as_json
def list_holidays(year: int, path: Path | None, as_json: bool) -> None:
    """List the days off of a year, published and by decree."""
    with session(path) as (_, opened):
        book.install_holidays(opened.connection(), [year], _now())
        found = [_public_holiday(row) for row in _holidays(opened, year)]
    if as_json:
        emit({"holidays": found})
        return
    keys = ("number", "day", "name", "decree", "unit", "kind", "source")
    show_table(
        ["no", "day", "name", "decree", "unit", "kind", "source"], ([str(one[key]) for key in keys] for one in found)
    )


@holidays.command("add")
@click.argument("day", type=click.DateTime(["%Y-%m-%d"]))
@click.argument("name")
@click.option("--decree", required=True, help="Number of the decree.")
@click.option("--unit", "units", multiple=True, help="Only for this unit and those below; without it for all.")
@click.option("--joint", is_flag=True, help="Joint leave (cuti bersama).")
@click.option("--works", is_flag=True, help="A working day after all.")
@by
@confirm
@reason
@config
def add_holiday(  # noqa: PLR0913, PLR0917 - click hands over one argument an option
    day: datetime,
    name: str,
    decree: str,
    units: tuple[str, ...],
    joint: bool,
    works: bool,
    by: str,
    confirmed: int,
    why: str,
    path: Path | None,
) -> None:
    """Enter DAY as a day off called NAME, or as a working day after all."""
    holiday = Holiday(day=day.date(), name=name, decree=decree, joint=joint, units=units, works=works)
    with session(path) as (_, opened):
        changing.add_holiday(opened.connection(), holiday, _decision(opened, by, confirmed, why))
        note(opened, "holiday.add", str(holiday.day), unit=" ".join(units))
    say(f"{holiday.day}: {name}, by {decree}")


@holidays.command("withdraw")
@click.argument("number", type=int)
@by
@confirm
@reason
@config
def withdraw_holiday(number: int, by: str, confirmed: int, why: str, path: Path | None) -> None:
    """Take back entry NUMBER of the admin's table."""
    with session(path) as (_, opened):
        changing.withdraw_holiday(opened.connection(), number, _decision(opened, by, confirmed, why))
        note(opened, "holiday.withdraw", str(number))
    say(f"entry {number}: withdrawn")


def _decision(opened: Session, by: str, confirmed: int, why: str) -> Decision:
    return Decision(acting(opened, by, BKD).id, _now(), confirmed, why)


def _now() -> datetime:
    return datetime.now(UTC)


def _read(file: Path) -> RuleSet:
    with failures():
        try:
            return RULE_SET.decode(file.read_bytes())
        except OSError as error:
            raise Failure(
                f"{file}: {error.strerror}; `siperlu rules show NAME > FILE` makes one to begin with"
            ) from error


def _public(row: StoredRuleSet) -> dict[str, Any]:
    return {
        "name": f"{row.id}/{row.version}",
        "since": str(row.since),
        "state": row.state,
        "proposed_by": row.proposed_by,
        "approved_by": row.approved_by,
        "reason": row.reason,
        "digest": row.digest,
    }


def _holidays(opened: Session, year: int) -> list[StoredHoliday]:
    table = StoredHoliday
    within = (table.day >= date(year, 1, 1), table.day <= date(year, 12, 31), table.withdrawn_at.is_(None))
    return list(opened.scalars(select(table).where(*within).order_by(table.day, table.id)))


def _public_holiday(row: StoredHoliday) -> dict[str, Any]:
    kind = "working day" if row.works else "joint leave" if row.joint else "day off"
    return {
        "number": row.id,
        "day": str(row.day),
        "name": row.name,
        "decree": row.decree,
        "unit": row.unit,
        "kind": kind,
        "source": row.source,
    }
