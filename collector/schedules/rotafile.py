"""A rota as a file: the workbook that people fill in, and what a CSV or XLSX says of a month."""

from __future__ import annotations

import io
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime

import xlsxwriter
from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from collector.errors import CollectorError, SheetError
from collector.people import sheet
from collector.people.sheet import Sheet
from collector.schedules.errors import Rule, ScheduleError
from collector.schedules.grid import Grid, Month
from collector.schedules.rota import PersonDay
from collector.store.people import Person

HEAD = ("id", "nama", "nip", "bulan")
MAX_BYTES = 2**20
CREATED = datetime(2026, 1, 1, tzinfo=UTC).replace(tzinfo=None)
"""The file's own date is always this one: two downloads of the same rota are equal."""
_COLUMNS: Mapping[str, Sequence[str]] = {
    "id": ("id", "id_pegawai", "person"),
    "name": ("nama", "name"),
    "number": ("nip", "ni_pppk", "nomor", "number"),
    "month": ("bulan", "month"),
    **{f"day{day}": (str(day), f"{day:02}", f"tgl_{day}", f"tanggal_{day}") for day in range(1, 32)},
}


@dataclass(frozen=True, slots=True)
class Filled:
    """What a file wishes: signs or names by person and date, the line of each person, rows that cannot be taken with their
    line, remarks on the reading. A cell that is left empty wishes nothing, or with `clear` an empty date."""

    wishes: dict[PersonDay, str] = field(default_factory=dict)
    lines: dict[str, int] = field(default_factory=dict)
    bad: list[tuple[int, CollectorError]] = field(default_factory=list)
    remarks: tuple[str, ...] = ()


def read(session: Session, table: Sheet, month: Month, *, clear: bool = False) -> Filled:
    """The wishes of a table. People are named by id, else by NIP or internal number. One query.

    Raises ScheduleError for a missing column, SheetError for two columns of one meaning.
    """
    columns = sheet.find_columns(table.header, _COLUMNS)
    if not {"id", "number"} & columns.places.keys():
        raise ScheduleError(Rule.COLUMNS, value="id")
    if not any(f"day{day.day}" in columns.places for day in month.days):
        raise ScheduleError(Rule.COLUMNS, value="1")
    rows = [(row.line, columns.read(row)) for row in table.rows if not row.fault]
    known = _known(session, {key for _, cells in rows for key in _keys(cells)})
    found = Filled(remarks=(*table.remarks, *columns.remarks))
    found.bad.extend((row.line, SheetError(row.fault)) for row in table.rows if row.fault)
    people = [(line, cells, next((known[key] for key in _keys(cells) if key in known), None)) for line, cells in rows]
    several = Counter(person for _, _, person in people)
    for line, cells, person in people:
        wrong = _wrong(cells, person, several[person], month)
        if wrong is not None or person is None:
            found.bad.append((line, wrong or ScheduleError(Rule.GONE)))
            continue
        found.lines[person] = line
        found.wishes.update(_wishes(cells, person, month, clear=clear))
    return found


def _keys(cells: Mapping[str, str]) -> list[str]:
    return [text for text in (cells.get("id", "").strip(), cells.get("number", "").strip()) if text]


def _wrong(cells: Mapping[str, str], person: str | None, rows: int, month: Month) -> ScheduleError | None:
    named = " ".join(_keys(cells)) or "''"
    said = cells.get("month", "").strip()
    if person is None:
        return ScheduleError(Rule.UNKNOWN, person=named[:60])
    if rows > 1:
        return ScheduleError(Rule.TWICE, person=named[:60])
    if said not in {"", f"{month.first:%Y-%m}", f"{month.first:%m-%Y}"}:
        return ScheduleError(Rule.MONTH, value=said[:20], month=f"{month.first:%Y-%m}")
    return None


def _wishes(cells: Mapping[str, str], person: str, month: Month, *, clear: bool) -> Iterable[tuple[PersonDay, str]]:
    for day in month.days:
        said = cells.get(f"day{day.day}")
        if said is not None and (clear or said.strip()):
            yield (person, day), said.strip()


def _known(session: Session, keys: set[str]) -> dict[str, str]:
    """Person ids by what they are called in the file."""
    wanted = sorted(keys)
    query = select(Person.id, Person.number, Person.internal_number).where(
        or_(Person.id.in_(wanted), Person.number.in_(wanted), Person.internal_number.in_(wanted))
    )
    return {key: row.id for row in session.execute(query) for key in (row.internal_number, row.number, row.id) if key}


def rows_of(grid: Grid) -> list[tuple[str, ...]]:
    """The table of a grid, its header first: what `read` takes."""
    header = (*HEAD, *(str(day.day) for day in grid.month.days))
    month = f"{grid.month.first:%Y-%m}"
    return [
        header,
        *((row.person, row.name, row.number, month, *(cell.sign for cell in row.cells)) for row in grid.rows),
    ]


def csv(grid: Grid) -> bytes:
    """The grid as CSV."""
    header, *rows = rows_of(grid)
    return sheet.write(header, rows)


def workbook(grid: Grid) -> bytes:
    """The grid as a workbook to fill in: all cells text, dates offer the signs, Sundays shaded, the shifts on a second sheet."""
    target = io.BytesIO()
    with xlsxwriter.Workbook(target, {"in_memory": True}) as book:
        book.set_properties({"created": CREATED})
        page = book.add_worksheet("Jadwal")
        plain = book.add_format({"num_format": "@", "border": 1, "border_color": "#b9b2a1"})
        head = book.add_format({"num_format": "@", "bold": True, "bg_color": "#dcebea", "border": 1})
        day = book.add_format({"num_format": "@", "align": "center", "border": 1, "border_color": "#b9b2a1"})
        sunday = book.add_format({"num_format": "@", "align": "center", "border": 1, "bg_color": "#fbe4db"})
        page.set_column(0, 0, 10, plain)
        page.set_column(1, 1, 30, plain)
        page.set_column(2, 3, 20, plain)
        page.set_column(4, 3 + len(grid.month.days), 4.5, day)
        for line, row in enumerate(rows_of(grid)):
            for column, text in enumerate(row):
                date_of = grid.month.days[column - 4] if column > 3 else None
                body = plain if date_of is None else sunday if date_of.weekday() == 6 else day
                page.write_string(line, column, text, body if line else head)
        page.freeze_panes(1, 2)
        _offer(page, grid)
        legend = book.add_worksheet("Keterangan")
        legend.set_column(0, 2, 24)
        for line, row in enumerate(_legend(grid)):
            for column, text in enumerate(row):
                legend.write_string(line, column, text)
    return target.getvalue()


def _offer(page: object, grid: Grid) -> None:
    """A list at each date; another text is warned of, not refused: whole names are read too."""
    signs = [*(one.sign for one in grid.shifts), "LB", "LJ"]
    rule = {"validate": "list", "source": signs, "error_type": "warning"}
    if grid.rows and len(",".join(signs)) < 255:  # what a workbook can hold
        page.data_validation(1, 4, len(grid.rows), 3 + len(grid.month.days), rule)  # type: ignore[attr-defined]


def _legend(grid: Grid) -> list[tuple[str, str, str]]:
    shifts = [(one.sign, one.name, f"{one.hours.start:%H:%M}-{one.hours.end:%H:%M}") for one in grid.shifts]
    return [("tanda", "shift", "jam"), *shifts, ("LB", "libur", ""), ("LJ", "lepas jaga", "")]


def month_of(day: date) -> Month:
    """The month that holds a date."""
    return Month(day.replace(day=1))


def kept(table: Sheet, filled: Filled) -> str:
    """The rows that can be taken, as a CSV: what a preview hands on to its confirmation."""
    lines = set(filled.lines.values())
    return sheet.write(table.header, [row.cells for row in table.rows if row.line in lines]).decode("utf-8-sig")
