"""The staff list that OPD send with a recap: grade, post, allowance, and who signs. CSV, read by `collector.people.sheet`.

Columns: `nip` or `id`; `gol`, `pangkat`, `jabatan`, `tpp` (rupiah a month), `tanda_tangan` (`kepala` or `petugas`). A column
that is not there is not known.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from pathlib import Path

from collector.errors import ReportError
from collector.people.sheet import Row, find_columns, read_file
from collector.recap.faults import Fault

COLUMNS = {
    "number": ("nip", "ni_pppk", "nip_id"),
    "internal": ("id",),
    "grade": ("gol", "golongan"),
    "rank": ("pangkat",),
    "post": ("jabatan",),
    "allowance": ("tpp",),
    "signs": ("tanda_tangan", "ttd"),
}
_RUPIAH = re.compile(r"(?:Rp\.?\s*)?(\d{1,12}|\d{1,3}(?:\.\d{3}){1,3})(?:,00)?\Z", re.IGNORECASE | re.ASCII)


class Signs(StrEnum):
    """What somebody signs as."""

    HEAD = "kepala"
    OFFICER = "petugas"


@dataclass(frozen=True, slots=True, kw_only=True)
class Staff:
    """What the list says of one person; `allowance` in rupiah a month, None when it says nothing."""

    grade: str = ""
    rank: str = ""
    post: str = ""
    allowance: Decimal | None = None
    signs: Signs | None = None


def read(path: Path) -> dict[str, Staff]:
    """The list, by NIP or internal id. Raises SheetError for no CSV, ReportError for a line that cannot be read."""
    sheet = read_file(path)
    columns = find_columns(sheet.header, COLUMNS)
    if not {"number", "internal"} & columns.places.keys():
        raise ReportError(f"{path}: no column nip or id; the first row must name the columns", Fault.STAFF_COLUMNS)
    staff: dict[str, Staff] = {}
    for row in sheet.rows:
        number, one = _one(path, row, columns.read(row))
        if number in staff:
            text = f"{path}: line {row.line}: {number} stands twice; keep one line a person"
            raise ReportError(text, Fault.STAFF_TWICE, line=row.line, number=number)
        staff[number] = one
    return staff


def _one(path: Path, row: Row, told: Mapping[str, str]) -> tuple[str, Staff]:
    cells = {meaning: cell.strip() for meaning, cell in told.items()}
    number = "".join(cells.get("number", "").split()) or cells.get("internal", "")
    if row.fault or not number:
        text = f"{path}: line {row.line}: {row.fault or 'neither nip nor id; enter one'}"
        raise ReportError(text, Fault.STAFF_LINE, line=row.line)
    try:
        signs = Signs(cells["signs"].casefold()) if cells.get("signs") else None
        allowance = _rupiah(cells["allowance"]) if cells.get("allowance") else None
    except ValueError as error:
        raise ReportError(f"{path}: line {row.line}: {error}", Fault.STAFF_LINE, line=row.line) from error
    known = {name: cells.get(name, "") for name in ("grade", "rank", "post")}
    return number, Staff(**known, allowance=allowance, signs=signs)


def _rupiah(text: str) -> Decimal:
    found = _RUPIAH.match(text)
    if found is None:
        raise ValueError(f"tpp {text!r} is not an amount; write 2500000 or 2.500.000")
    return Decimal(found[1].replace(".", ""))
