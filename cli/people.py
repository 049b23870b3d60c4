"""`siperlu people …`: units, people and their faces, into the centre's database."""

from __future__ import annotations

import getpass
import importlib
from collections.abc import Sequence
from dataclasses import asdict
from datetime import UTC, date, datetime
from pathlib import Path

import click
from sqlalchemy.orm import Session

from cli.centre import as_json, centre, config, reading, session, today
from cli.output import Failure, emit, say
from cli.report import DATE
from cli.table import show
from collector.errors import UndoError
from collector.people import importing, imports, sheet, undoing
from collector.people.changing import Leaving
from collector.people.importing import Preview
from collector.people.leaving import leave
from collector.people.merge import KnownPerson
from collector.people.rows import Bad
from collector.people.sheet import Sheet
from collector.vault import Vault, add_key

LATER = {"faces": "cli.faces"}
SHOWN_ROWS = 40
SHOWN_IMPORTS = 200


class People(click.Group):
    """Loads the recognition engine only for the command that needs it."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Every command."""
        return sorted([*super().list_commands(ctx), *LATER])

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """A command of this module, or of its own one."""
        module = LATER.get(cmd_name)
        return importlib.import_module(module).command if module else super().get_command(ctx, cmd_name)


@click.group(cls=People)
def command() -> None:
    """Units, people and their faces."""


@command.command("import")
@click.argument("file", type=click.Path(path_type=Path))
@config
@click.option("--dry-run", is_flag=True, help="Show what would happen, write nothing.")
@click.option("--strict", is_flag=True, help="Write nothing when a single row is wrong.")
@click.option("--with-nik", is_flag=True, help="Read the column NIK too, and keep it encrypted.")
@click.option("--report", "set_aside", type=click.Path(path_type=Path), help="Where the rows set aside are written.")
@as_json
def import_(  # noqa: PLR0913, PLR0917 - click hands over one argument an option
    file: Path, path: Path | None, dry_run: bool, strict: bool, with_nik: bool, set_aside: Path | None, as_json: bool
) -> None:
    """Take units or people from a CSV or XLSX FILE; which of the two, its columns tell.

    People: nama; status; unit, and nip or id; further unit_kedua, tanggal_lahir, mulai, sampai, keluar.
    Units: kode; nama; further jenis, induk, lintang, bujur. A column that is not there changes nothing.
    """
    ident = None
    with centre(path) as (settings, writer):
        raw, day = sheet.read_bytes(file), today(settings)
        table = sheet.read(raw, str(file))
        with writer.session() as opened:
            found = importing.preview(opened, table, day, with_nik=with_nik)
            wrong = found.plan.bad
            target = _save(set_aside or file.with_name(f"{file.stem}.ditolak.csv"), table, wrong, dry_run)
            if not (dry_run or (strict and wrong)):
                origin = imports.origin_of(raw, file.name, _by(), with_nik=with_nik)
                vault = Vault.open(settings.store.keys) if with_nik else None
                ident = imports.apply(opened, found, imports.Work(origin, vault, day, datetime.now(UTC)))
    _show(found, target)
    if strict and wrong:
        raise Failure(f"{file}: {len(wrong)} rows are wrong and --strict was asked; nothing was written")
    _conclude(found, ident, as_json)


@command.command("imports")
@config
@as_json
def imports_(path: Path | None, as_json: bool) -> None:
    """List the imports that were applied, the newest first."""
    with reading(path) as (_, opened):
        found = imports.history(opened, SHOWN_IMPORTS)
    if as_json:
        emit(
            {"imports": [{**asdict(one), "at": one.at.isoformat(), "undone_at": _iso(one.undone_at)} for one in found]}
        )
        return
    rows = ([one.id, f"{one.at:%Y-%m-%d %H:%M}Z", one.by, one.kind, one.file, one.state] for one in found)
    show(["import", "at", "by", "kind", "file", "state"], rows)


@command.command()
@click.argument("ident", metavar="IMPORT")
@config
@click.option("--why", required=True, help="Why; it is kept.")
@click.option("--dry-run", is_flag=True, help="Say what would keep it from being undone, write nothing.")
@as_json
def undo(ident: str, path: Path | None, why: str, dry_run: bool, as_json: bool) -> None:
    """Take back all that an IMPORT did, as a whole; where something stands on it, that is named and nothing changes."""
    with session(path) as (settings, opened):
        if dry_run:
            standing, done = undoing.blocks(opened, ident), 0
        else:
            standing, done = _undone(opened, ident, why, today(settings))
    for line in standing[:SHOWN_ROWS]:
        say(f"stands on it: {line}")
    if standing and not dry_run:
        raise Failure(f"{len(standing)} reasons keep import {ident} from being undone; nothing was changed")
    if as_json:
        emit({"import": ident, "undone": done, "blocks": list(standing)})
    elif not dry_run:
        say(f"{ident}: {done} people or units are as they were before")


def _undone(opened: Session, ident: str, why: str, day: date) -> tuple[tuple[str, ...], int]:
    try:
        return (), undoing.undo(opened, ident, undoing.Undoing(_by(), why, datetime.now(UTC), day))
    except UndoError as error:
        if not error.blocks:
            raise
        return error.blocks, 0


def _by() -> str:
    return f"command:{getpass.getuser()}"


def _iso(at: datetime | None) -> str | None:
    return at.isoformat() if at else None


@command.command("list")
@config
@as_json
def list_(path: Path | None, as_json: bool) -> None:
    """List the people who serve, with the ids that kiosks know them by."""
    with reading(path) as (settings, opened):
        people = [one for one in importing.known_people(opened) if one.left_on is None or one.left_on > today(settings)]
    people.sort(key=lambda person: (person.main.unit if person.main else "", person.name))
    if as_json:
        emit({"people": [_public(person) for person in people]})
        return
    show(["person", "name", "status", "NIP", "id", "unit"], (list(_public(person).values()) for person in people))


@command.command()
@click.argument("who")
@config
@click.option("--erase", is_flag=True, help="Delete person, templates and pictures; else they are marked as left.")
@click.option("--on", "day", type=DATE, help="First day they no longer serve; today when not given.")
@click.option(
    "--why", type=click.Choice([why.value for why in Leaving]), default=Leaving.OTHER.value, show_default=True
)
def remove(who: str, path: Path | None, erase: bool, day: datetime | None, why: str) -> None:
    """Take WHO (person id, NIP or internal id) out of service; kiosks forget them on their next contact after that day."""
    with session(path) as (settings, opened):
        first = day.date() if day else today(settings)
        person = leave(opened, who, first, erase=erase, why=Leaving(why), by=_by())
    say(f"{person}: {'deleted' if erase else f'left from {first}'}; kiosks forget them with the roster of that day")


def _save(target: Path, table: Sheet, wrong: Sequence[Bad], dry_run: bool) -> Path | None:
    """Write the rows set aside before anything is imported; where they are, if there are any."""
    if dry_run or not wrong:
        return None
    try:
        target.write_bytes(importing.report(table, wrong))
    except OSError as error:
        raise Failure(f"{target}: {error.strerror}; name another file with --report. Nothing was imported") from error
    return target


def _show(found: Preview, target: Path | None) -> None:
    for remark in found.remarks:
        say(f"note: {remark}")
    problems = [("error", bad.line, error) for bad in found.plan.bad for error in bad.errors]
    problems += [("warning", item.line, warning) for item in found.plan.items for warning in item.warnings]
    problems.sort(key=lambda problem: problem[1])
    if problems:
        shown = [[kind, str(line), text] for kind, line, text in problems[:SHOWN_ROWS]]
        show(["", "line", "problem"], shown, on_stderr=True)
    if len(problems) > SHOWN_ROWS:
        say(f"… and {len(problems) - SHOWN_ROWS} more")
    if target is not None:
        say(f"rows set aside: {target}")


def _public(person: KnownPerson) -> dict[str, str]:
    return {
        "person": person.id,
        "name": person.name,
        "status": person.status,
        "number": person.number or "",
        "internal_number": person.internal_number or "",
        "unit": person.main.unit if person.main else "",
    }


def _conclude(found: Preview, ident: str | None, as_json: bool) -> None:
    """`ident`: of the import, None where nothing was written."""
    counts = found.plan.counts
    if as_json:
        emit({"kind": found.kind, "dry_run": ident is None, "import": ident, **counts})
        return
    what = ", ".join(f"{count} {effect.replace('_', ' ')}" for effect, count in counts.items())
    say(f"{found.kind}: {what}; {f'import {ident}' if ident else 'nothing was written'}")


@command.command()
@config
@click.option("--rotate", is_flag=True, help="Make a new key first; the old one may be taken away afterwards.")
@as_json
def vault(path: Path | None, rotate: bool, as_json: bool) -> None:
    """Seal every template, enrolment picture and NIK with the newest key of the vault.

    The centre does so by itself when it starts. After --rotate start the centre's processes again, so that they use the
    new key, then run this once more without it: what they sealed in between follows.
    """
    from collector.keys import CentreKeys  # noqa: PLC0415 - the other commands need no keys
    from collector.people.sealing import reseal_all  # noqa: PLC0415

    with centre(path) as (settings, writer):
        if rotate:
            CentreKeys.open(settings.store.keys)
            add_key(settings.store.keys)
        keys = CentreKeys.open(settings.store.keys)
        done = reseal_all(writer, keys)
    say(f"{done} sealed with key vault-{keys.vault.newest}; back the folder of the centre's keys up now")
    if as_json:
        emit({"sealed": done, "key": keys.vault.newest})
