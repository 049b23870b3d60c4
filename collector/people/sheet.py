"""A CSV or XLSX file as a table: encoding, delimiter, limits. What the cells mean is the business of `rows`."""

from __future__ import annotations

import csv
import difflib
import io
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from collector.cells import guarded, unguarded
from collector.errors import SheetError

MAX_BYTES = 16 * 2**20
MAX_COLUMNS = 100
MAX_ROWS = 100_000
MAX_CELL = 500
DELIMITERS = ";,\t"


@dataclass(frozen=True, slots=True)
class Row:
    """One row: the line of the file it starts on, its cells as written, and what breaks its form (empty: nothing)."""

    line: int
    cells: tuple[str, ...]
    fault: str = ""


@dataclass(frozen=True, slots=True)
class Sheet:
    """A header, its rows, and remarks on how the file was read."""

    header: tuple[str, ...]
    rows: tuple[Row, ...]
    remarks: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Columns:
    """Which column of a header has which meaning, and remarks on those that have none."""

    places: Mapping[str, int]
    remarks: tuple[str, ...]

    def read(self, row: Row) -> dict[str, str]:
        """A row's cells by meaning; a meaning without a column is missing, a short row has empty cells."""
        return {meaning: row.cells[place] if place < len(row.cells) else "" for meaning, place in self.places.items()}


def read_file(path: Path) -> Sheet:
    """A CSV or XLSX file. Raises SheetError."""
    return read(read_bytes(path), str(path))


def read_bytes(path: Path) -> bytes:
    """A file's bytes, one more than are allowed at most. Raises SheetError."""
    try:
        with path.open("rb") as file:
            return file.read(MAX_BYTES + 1)
    except OSError as error:
        raise SheetError(f"{path}: {error.strerror or error}; check the path and its permissions") from error


def read(raw: bytes, origin: str) -> Sheet:
    """XLSX, or CSV in UTF-8 (with or without mark) or, said so, Windows-1252; `;`, `,` or tab. Raises SheetError."""
    from collector.people import workbook  # noqa: PLC0415 - most commands read no workbook

    if len(raw) > MAX_BYTES:
        raise SheetError(f"{origin}: larger than {MAX_BYTES // 2**20} MiB; split it")
    if workbook.is_workbook(raw):
        table, remarks = workbook.read(raw, origin)
        return _sheet(iter(table), remarks, origin)
    if b"\0" in raw:
        raise SheetError(f"{origin}: holds NUL bytes, so it is no CSV in UTF-8; save it as CSV UTF-8")
    text, remarks = _decode(raw, origin)
    return _sheet(_rows(text, origin), remarks, origin)


def _sheet(rows: Iterator[Row], remarks: tuple[str, ...], origin: str) -> Sheet:
    header = next(rows, None)
    if header is None:
        raise SheetError(f"{origin}: empty; the first row must name the columns")
    if len(header.cells) > MAX_COLUMNS:
        raise SheetError(f"{origin}: {len(header.cells)} columns, at most {MAX_COLUMNS} are read; take the others out")
    return Sheet(header.cells, tuple(_checked(row, len(header.cells)) for row in rows), remarks)


def find_columns(header: Sequence[str], known: Mapping[str, Sequence[str]]) -> Columns:
    """Columns by their names; `known`: the names of each meaning, in lower case with `_`. Raises SheetError for two alike."""
    meanings = {name: meaning for meaning, names in known.items() for name in names}
    places: dict[str, int] = {}
    remarks: list[str] = []
    for place, title in enumerate(header):
        name = re.sub(r"[\W_]+", "_", title.strip().casefold()).strip("_")
        meaning = meanings.get(name)
        if meaning in places:
            raise SheetError(f"columns {header[places[meaning]]!r} and {title!r} both say {meaning}; take one out")
        if meaning is not None:
            places[meaning] = place
        elif name:
            remarks.append(_unknown(title, name, meanings))
    return Columns(places, tuple(remarks))


def write(header: Sequence[str], rows: Sequence[Sequence[str]]) -> bytes:
    """A CSV with `;` in UTF-8 with mark, as spreadsheets here open it; no cell of it runs as a formula or is rounded."""
    text = io.StringIO(newline="")
    writer = csv.writer(text, delimiter=";")
    writer.writerow([guarded(cell) for cell in header])
    writer.writerows([guarded(cell) for cell in row] for row in rows)
    return text.getvalue().encode("utf-8-sig", errors="replace")


def _decode(raw: bytes, origin: str) -> tuple[str, tuple[str, ...]]:
    try:
        return raw.decode("utf-8-sig"), ()
    except UnicodeDecodeError:
        pass
    try:
        return raw.decode("cp1252"), ("not UTF-8: read as Windows-1252; check names with accents",)
    except UnicodeDecodeError as error:
        raise SheetError(f"{origin}: neither UTF-8 nor Windows-1252; save it as CSV UTF-8") from error


def _rows(text: str, origin: str) -> Iterator[Row]:
    """Rows that are not blank. A broken quote makes every row border after it doubtful, so it refuses the file."""
    first = text.lstrip("\r\n").partition("\n")[0]
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=max(DELIMITERS, key=first.count), strict=True)
    line, count = 1, 0
    try:
        for cells in reader:
            if any(cell.strip() for cell in cells):
                count += 1
                yield Row(line, tuple(unguarded(cell) for cell in cells))
            if count > MAX_ROWS + 1:  # the header is no row
                raise SheetError(f"{origin}: more than {MAX_ROWS} rows; split it")
            line = reader.line_num + 1
    except csv.Error as error:
        raise SheetError(f"{origin}: row at line {line}: {error}; check the quotation marks there") from error


def _checked(row: Row, columns: int) -> Row:
    if row.fault:
        return row
    if len(row.cells) > columns:
        return Row(
            row.line,
            row.cells[:columns],
            f"{len(row.cells)} cells, the header has {columns}; quote the cell with a delimiter",
        )
    longest = max((len(cell) for cell in row.cells), default=0)
    if longest > MAX_CELL:
        short = tuple(cell[:MAX_CELL] for cell in row.cells)
        return Row(row.line, short, f"a cell of {longest} characters, at most {MAX_CELL} are read; shorten it")
    return row


def _unknown(title: str, name: str, meanings: Mapping[str, str]) -> str:
    if name == "nik":
        return "column NIK is protected data: not read, not stored"
    near = difflib.get_close_matches(name, meanings, n=1)
    return f"column {title[:60]!r} is not read" + (f"; did you mean {near[0]!r}?" if near else "")
