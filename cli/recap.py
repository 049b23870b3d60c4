"""`siperlu recap`: a unit's month as a file that its head signs."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import click

from cli.centre import as_json, config, reading
from cli.output import Failure, emit, say
from collector.keys import CentreKeys
from collector.recap import csvfile, pdf, staff, tpp, xlsx
from collector.recap.document import Document
from collector.recap.lines import Line
from collector.recap.month import Month
from collector.recap.seal import Sealer
from collector.recap.source import Wish, unit_month
from collector.recap.tables import document

WRITERS: dict[str, Callable[[Document, Sealer], bytes]] = {
    ".xlsx": xlsx.write,
    ".pdf": pdf.write,
    ".csv": csvfile.write,
}


@click.command()
@click.option("--unit", required=True, help="Code of the unit; those below it are in the recap too.")
@click.option("--month", "month_text", required=True, metavar="YYYY-MM", help="The month.")
@click.option(
    "--out", required=True, type=click.Path(path_type=Path), help="FILE.xlsx, FILE.pdf or FILE.csv; its end says which."
)
@click.option(
    "--staff",
    "staff_file",
    type=click.Path(path_type=Path),
    help="CSV of the people: nip or id; gol, pangkat, jabatan, tpp, tanda_tangan (kepala, petugas).",
)
@click.option("--tpp", "tpp_file", type=click.Path(path_type=Path), help="Write the allowance list here too (CSV).")
@click.option("--printed", help="Time of print, RFC 3339; now when it is left out.")
@config
@as_json
def command(  # noqa: PLR0913, PLR0917 - click hands over one argument an option
    unit: str,
    month_text: str,
    out: Path,
    staff_file: Path | None,
    tpp_file: Path | None,
    printed: str | None,
    path: Path | None,
    as_json: bool,
) -> None:
    """Print a unit's monthly recap, sealed by the centre."""
    writer = _writer(out)
    month = _month(month_text)
    with reading(path) as (settings, session):
        wish = Wish(
            unit=unit,
            month=month,
            regency=settings.reports.regency,
            place=settings.reports.place,
            staff=staff.read(staff_file) if staff_file else {},
            printed=_moment(printed, ZoneInfo(settings.web.timezone)),
        )
        asked, lines = unit_month(session, wish)
        shown = document(asked, lines)
        payments = tpp.write(lines, month, closed=bool(asked.closed)) if tpp_file else b""
        raw = writer(shown, CentreKeys.open(settings.store.keys))
    save(out, raw)
    if tpp_file:
        save(tpp_file, payments)
    _conclude(out, month, lines, as_json)


def save(target: Path, raw: bytes) -> None:
    """Write a file whole or not at all. Raises Failure."""
    draft = target.with_name(f".{target.name}.{os.getpid()}")
    try:
        draft.write_bytes(raw)
        draft.replace(target)
    except OSError as error:
        raise Failure(f"{target}: cannot be written ({error.strerror}); name another file") from error
    finally:
        draft.unlink(missing_ok=True)


def _writer(out: Path) -> Callable[[Document, Sealer], bytes]:
    writer = WRITERS.get(out.suffix.lower())
    if writer is None:
        raise Failure(f"{out}: the name must end in one of {', '.join(WRITERS)}")
    return writer


def _month(text: str) -> Month:
    try:
        return Month.parse(text)
    except ValueError as error:
        raise Failure(str(error)) from error


def _moment(text: str | None, zone: ZoneInfo) -> datetime:
    try:
        moment = datetime.fromisoformat(text) if text else datetime.now(UTC)
    except ValueError as error:
        raise Failure(f"--printed {text!r} is no moment; write 2026-06-02T09:15:00+07:00") from error
    return moment.replace(tzinfo=moment.tzinfo or zone).astimezone(zone)


def _conclude(out: Path, month: Month, lines: Sequence[Line], as_json: bool) -> None:
    waiting = sum(len(line.month.unsettled) for line in lines)
    if as_json:
        emit({"file": str(out), "month": str(month), "people": len(lines), "unsettled_days": waiting})
        return
    say(
        f"{out}: {len(lines)} people, {month}"
        + (f"; {waiting} days are not final, so it is provisional" if waiting else "")
    )
