"""An XLSX workbook's first sheet as a table: within limits, without formulas, and with no number that lost its digits."""

from __future__ import annotations

import io
import re
import warnings
import zipfile
import zlib
from collections.abc import Iterator
from datetime import date, datetime
from typing import Any

import openpyxl

from collector.errors import SheetError
from collector.people.sheet import MAX_COLUMNS, MAX_ROWS, Row

ZIP = b"PK\x03\x04"
OLE = b"\xd0\xcf\x11\xe0"
MAX_PARTS = 400
MAX_UNPACKED = 64 * 2**20
"""Bytes of all parts together; a list of 11,000 people has some 8 MiB."""
KEPT_DIGITS = 15
"""Decimal digits of a number that spreadsheets keep (IEEE 754 double)."""

_MERGED = re.compile(rb"<(?:\w+:)?mergeCell\b[^>]*\bref=[\"']([A-Z0-9:]{1,20})[\"']")
_DECLARED = re.compile(rb"<!(?:DOCTYPE|ENTITY)", re.IGNORECASE)

Table = tuple[list[Row], tuple[str, ...]]


def is_workbook(raw: bytes) -> bool:
    """Whether the bytes begin as a workbook does, of the new or the old kind."""
    return raw.startswith((ZIP, OLE))


def read(raw: bytes, origin: str) -> Table:
    """The rows of the first visible sheet, header first, and remarks. Raises SheetError."""
    if raw.startswith(OLE):
        raise SheetError(
            f"{origin}: an old or password-protected workbook; save it as .xlsx without a password, or as CSV"
        )
    parts = _parts(raw, origin)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # openpyxl warns of styles and of dates that cannot be
            return _read(raw, parts, origin)
    except SheetError:
        raise
    except Exception as error:  # openpyxl answers a broken part with whatever went wrong inside it
        raise SheetError(
            f"{origin}: no workbook that can be read ({type(error).__name__}); save it again as .xlsx, or as CSV"
        ) from error


def _parts(raw: bytes, origin: str) -> dict[str, bytes]:
    """The XML parts, unpacked no further than they declare. What they declare is added up before anything is unpacked."""
    try:
        with zipfile.ZipFile(io.BytesIO(raw)) as archive:
            found = archive.infolist()
            _check_size(found, origin)
            parts = {one.filename: archive.read(one) for one in found if one.filename.endswith((".xml", ".rels"))}
    except SheetError:
        raise
    except (zipfile.BadZipFile, zlib.error, RuntimeError, EOFError, OSError, ValueError) as error:
        raise SheetError(f"{origin}: a damaged workbook; save it again as .xlsx, or as CSV") from error
    for name, content in parts.items():
        if b"\0" in content[:4] or _DECLARED.search(content):
            raise SheetError(f"{origin}: part {name[:60]!r} declares entities or is not UTF-8; save it again as .xlsx")
    return parts


def _check_size(parts: list[zipfile.ZipInfo], origin: str) -> None:
    total = sum(one.file_size for one in parts)
    if len(parts) > MAX_PARTS or total > MAX_UNPACKED:
        raise SheetError(
            f"{origin}: {len(parts)} parts of {total // 2**20} MiB unpacked, at most {MAX_PARTS} of "
            f"{MAX_UNPACKED // 2**20} MiB are read; take pictures and other sheets out, or save it as CSV"
        )


def _read(raw: bytes, parts: dict[str, bytes], origin: str) -> Table:
    book = openpyxl.load_workbook(io.BytesIO(raw), read_only=True, keep_links=False)
    try:
        sheets = [sheet for sheet in book.worksheets if sheet.sheet_state == "visible"]
        if not sheets:
            raise SheetError(f"{origin}: no visible sheet; show the one that is meant")
        first = sheets[0]
        _refuse_merged(parts.get(str(first._worksheet_path).lstrip("/"), b""), first.title, origin)  # noqa: SLF001
        remarks = (f"only the first sheet {first.title[:60]!r} is read",) if len(sheets) > 1 else ()
        return list(_rows(first, origin)), remarks
    finally:
        book.close()


def _refuse_merged(part: bytes, title: str, origin: str) -> None:
    """Merged cells leave all but one empty: whose they are, nobody can tell."""
    merged = [found.decode() for found in _MERGED.findall(part)]
    if merged:
        raise SheetError(
            f"{origin}: sheet {title[:60]!r} has merged cells ({', '.join(merged[:5])}); unmerge them, and let row 1 name "
            "the columns"
        )


def _rows(sheet: Any, origin: str) -> Iterator[Row]:
    """Rows that are not blank. What the sheet says of its own size is not believed."""
    sheet.reset_dimensions()
    count = 0
    for line, cells in enumerate(sheet.iter_rows(max_row=2 * MAX_ROWS, max_col=MAX_COLUMNS + 1), start=1):
        texts, fault = _texts(cells)
        while texts and not texts[-1].strip():
            texts.pop()
        if texts or fault:
            count += 1
            yield Row(line, tuple(texts), fault)
        if count > MAX_ROWS + 1:  # the header is no row
            raise SheetError(f"{origin}: more than {MAX_ROWS} rows; split it")


def _texts(cells: tuple[Any, ...]) -> tuple[list[str], str]:
    texts: list[str] = []
    fault = ""
    for cell in cells:
        if cell.value is not None and cell.data_type in ("f", "e"):
            what = "a formula" if cell.data_type == "f" else f"the error {str(cell.value)[:20]}"
            fault = fault or f"cell {cell.coordinate} holds {what}; paste values only"
        texts.append(_text(cell.value))
    return texts, fault


def _text(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "TRUE" if value else "FALSE"
    if isinstance(value, datetime | date):
        return f"{value:%d-%m-%Y}"
    if isinstance(value, int | float):
        return _number(value)
    return str(value)


def _number(value: float) -> str:
    """A number as text. One with more digits than a spreadsheet keeps is written so that it cannot be taken for a NIP."""
    if abs(value) >= 10**KEPT_DIGITS:
        return f"{value:.3e}"
    return str(int(value)) if value == int(value) else repr(value)
