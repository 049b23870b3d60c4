"""`siperlu rota …`: a unit's shift rota of a month, shown, written to a file, read from one."""

from __future__ import annotations

import getpass
import re
from collections.abc import Sequence
from datetime import UTC, date, datetime
from pathlib import Path

import click
from sqlalchemy.orm import Session

from cli.centre import as_json, config, reading, session
from cli.output import Failure, emit, say
from cli.table import show as show_table
from collector.judging.organisation import read_organisation
from collector.people import sheet
from collector.schedules import grid, rota, rotafile
from collector.schedules.errors import Rule, ScheduleError
from collector.schedules.grid import Choice, Grid, Month
from collector.schedules.rota import Origin, Plan
from collector.schedules.rotafile import Filled
from collector.schedules.standing import Hand

SHOWN = 40


def _month(ctx: click.Context, param: click.Parameter, value: str) -> Month:
    said = re.fullmatch(r"(20\d\d)-(0[1-9]|1[0-2])", value)
    if said is None:
        raise click.BadParameter(f"{value!r} is not a month: write it as 2026-02", ctx, param)
    return Month(date(int(said[1]), int(said[2]), 1))


unit_option = click.option("--unit", required=True, help="Code of the unit; those below it belong to it.")
month_option = click.option("--month", callback=_month, metavar="YYYY-MM", required=True, help="The month.")
everybody = click.option("--all", "everybody", is_flag=True, help="Also people who have no rota.")


@click.group()
def command() -> None:
    """Shift rotas."""


@command.command()
@unit_option
@month_option
@everybody
@config
@as_json
def show(unit: str, month: Month, everybody: bool, path: Path | None, as_json: bool) -> None:
    """Print the rota of UNIT in a month: a sign a date."""
    with reading(path) as (_, opened):
        found = _grid(opened, unit, month, everybody)
    if as_json:
        people = [
            {"person": row.person, "turns": {str(cell.day): cell.sign for cell in row.cells if cell.sign}}
            for row in found.rows
        ]
        emit({"unit": unit, "month": f"{month.first:%Y-%m}", "people": people})
        return
    width = max((len(row.name) for row in found.rows), default=4)
    click.echo(_line("", width, [str(day.day) for day in month.days]))
    for row in found.rows:
        click.echo(_line(row.name, width, [cell.sign or "." for cell in row.cells]))
    say("; ".join(f"{one.sign} {one.name} {one.hours.start:%H:%M}-{one.hours.end:%H:%M}" for one in found.shifts))


@command.command()
@unit_option
@month_option
@everybody
@click.option(
    "--out", type=click.Path(path_type=Path), required=True, help="Where to: a name that ends in .xlsx or .csv."
)
@config
def export(unit: str, month: Month, everybody: bool, out: Path, path: Path | None) -> None:
    """Write the rota of UNIT in a month to a file to fill in, which `siperlu rota import` takes."""
    makers = {".xlsx": rotafile.workbook, ".csv": rotafile.csv}
    make = makers.get(out.suffix.lower())
    if make is None:
        raise Failure(f"{out}: not a name that ends in .xlsx or .csv; name it so")
    with reading(path) as (_, opened):
        found = _grid(opened, unit, month, everybody)
    try:
        out.write_bytes(make(found))
    except OSError as error:
        raise Failure(f"{out}: {error.strerror}; name another file with --out") from error
    say(f"{out}: {len(found.rows)} people")


@command.command("import")
@click.argument("file", type=click.Path(path_type=Path))
@unit_option
@month_option
@click.option("--clear", is_flag=True, help="Empty cells clear what stands there.")
@click.option("--dry-run", is_flag=True, help="Show what would happen, write nothing.")
@click.option("--strict", is_flag=True, help="Write nothing when a single cell or row is wrong.")
@click.option("--reason", "why", default="", help="Why today or the past is changed.")
@config
@as_json
def import_(  # noqa: PLR0913, PLR0917 - click hands over one argument an option
    file: Path,
    unit: str,
    month: Month,
    clear: bool,
    dry_run: bool,
    strict: bool,
    why: str,
    path: Path | None,
    as_json: bool,
) -> None:
    """Take the rota of a month from a CSV or XLSX FILE: a row a person (id or nip), a column a date (1 to 31)."""
    with session(path) as (_, opened):
        _check_unit(opened, unit)
        hand = Hand(by=f"command:{getpass.getuser()}", at=datetime.now(UTC), bkd=True, why=why)
        filled = rotafile.read(opened, sheet.read_file(file), month, clear=clear)
        standing = rota.of(opened, filled.lines, month.first, month.last)
        planned = rota.plan(standing, filled.wishes, hand)
        wrong = _report(filled, planned)
        if strict and wrong:
            raise Failure(f"{file}: {wrong} cells or rows are wrong and --strict was asked; nothing was written")
        number = "" if dry_run else rota.write(opened, planned, hand, Origin(unit, rota.COMMAND, file.name))
    if as_json:
        emit({"change": number or None, "dates": len(planned.changes), "set_aside": wrong, "dry_run": dry_run})
        return
    say(f"{len(planned.changes)} dates; {f'change {number}' if number else 'nothing was written'}")


@command.command()
@click.argument("change")
@click.option("--reason", "why", default="", help="Why today or the past is changed.")
@config
def undo(change: str, why: str, path: Path | None) -> None:
    """Put back what stood there before CHANGE, all of it or nothing."""
    hand = Hand(by=f"command:{getpass.getuser()}", at=datetime.now(UTC), bkd=True, why=why)
    with session(path) as (_, opened):
        number = rota.undo(opened, change, hand)
    say(f"{change}: taken back by change {number}")


def _line(name: str, width: int, signs: Sequence[str]) -> str:
    """A row in columns of their own: a table that fits itself to the terminal would cut 31 of them off."""
    return f"{name:<{width}}  " + " ".join(f"{sign:>2}" for sign in signs)


def _grid(opened: Session, unit: str, month: Month, everybody: bool) -> Grid:
    below = _check_unit(opened, unit)
    hand = Hand(by="command", at=datetime.now(UTC), bkd=True)
    return grid.read(opened, Choice(below, month, on_rota=not everybody), hand)


def _check_unit(opened: Session, unit: str) -> frozenset[str]:
    """The unit and those below it. Raises ScheduleError for one that nobody knows."""
    organisation = read_organisation(opened.connection())
    if unit not in organisation.kinds:
        raise ScheduleError(Rule.UNIT, value=unit)
    return organisation.tree.below(unit)


def _report(filled: Filled, planned: Plan) -> int:
    """Print what cannot be taken; how much that is."""
    for remark in filled.remarks:
        say(f"note: {remark}")
    wrong = [(line, str(error)) for line, error in filled.bad]
    wrong += [(filled.lines[person], str(error)) for (person, _), error in planned.faults.items()]
    if wrong:
        show_table(["line", "problem"], ([str(line), text] for line, text in sorted(wrong)[:SHOWN]), on_stderr=True)
    return len(wrong)
