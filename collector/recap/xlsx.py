"""The recap as XLSX. Every text is a text cell, so nothing runs and a NIP keeps its digits. Same document, same bytes."""

from __future__ import annotations

import io
from datetime import UTC, datetime
from itertools import count
from typing import Any

import xlsxwriter
from xlsxwriter.format import Format
from xlsxwriter.workbook import Workbook
from xlsxwriter.worksheet import Worksheet

from collector.recap.document import Cell, Column, Document
from collector.recap.layout import LaidRow, Look, Sheet, digest_of, sheets
from collector.recap.qr import png
from collector.recap.seal import Seal, Sealer, qr_text, stamp

CREATED = datetime(2026, 1, 1, tzinfo=UTC).replace(tzinfo=None)
"""The file's own date is always this one: the time of print stands in the foot, and two prints of it are equal."""

FOLIO = 14
CHARACTER_MM = 1.9
TITLE_HEIGHT = 78
QR_SCALE = 0.5

_CENTRED: dict[str, Any] = {"align": "center", "valign": "vcenter"}
_GRID: dict[str, Any] = {"border": 1, "border_color": "#7a7f87", "valign": "vcenter"}
FORMATS: dict[Look, dict[str, Any]] = {
    Look.HEAD: {"bold": True, "font_size": 13},
    Look.TITLE: {"bold": True, "font_size": 13},
    Look.FACT: {},
    Look.COLUMNS: {**_GRID, **_CENTRED, "bold": True, "text_wrap": True, "bg_color": "#e8ecf2"},
    Look.BODY: {**_GRID, "text_wrap": True},
    Look.TOTAL: {**_GRID, "bold": True, "bg_color": "#f4f6f9"},
    Look.NOTE: {"italic": True, "font_size": 8},
    Look.SIGN: {},
}


def write(document: Document, sealer: Sealer) -> bytes:
    """The file: all tables, one sheet each; the seal and its QR code at the foot of the first."""
    seal = stamp(document, digest_of(document), sealer)
    target = io.BytesIO()
    book = xlsxwriter.Workbook(target, {"in_memory": True, "default_format_properties": {"font_size": 9}})
    book.set_properties({"title": f"Rekap {document.unit} {document.month}", "created": CREATED})
    formats = _Formats(book)
    for sheet in sheets(document):
        _sheet(book.add_worksheet(sheet.name), sheet, formats)
    _seal(book.worksheets()[0], document, seal, formats)
    book.close()
    return target.getvalue()


class _Formats:
    """Formats of a workbook, made once each."""

    def __init__(self, book: Workbook) -> None:
        self._book = book
        self._made: dict[tuple[Look, bool, bool], Format] = {}

    def of(self, look: Look, *, centred: bool = False, upright: bool = False) -> Format:
        """The format of a look; `centred`: numbers and codes; `upright`: titles of narrow columns."""
        wanted = (look, centred, upright)
        if wanted not in self._made:
            more = {**(_CENTRED if centred else {}), **({"rotation": 90} if upright else {})}
            self._made[wanted] = self._book.add_format({"font_size": 9, **FORMATS[look], **more})
        return self._made[wanted]


def _sheet(paper: Worksheet, sheet: Sheet, formats: _Formats) -> None:
    for place, column in enumerate(sheet.columns):
        paper.set_column(place, place, max(column.width / CHARACTER_MM, 3.6))
    for number, row in enumerate(sheet.rows):
        _row(paper, number, row, sheet.columns, formats)
    titles = next(number for number, row in enumerate(sheet.rows) if row.look is Look.COLUMNS)
    paper.set_row(titles, TITLE_HEIGHT)
    paper.freeze_panes(titles + 1, 3)
    paper.repeat_rows(titles)
    paper.set_landscape()
    paper.set_paper(FOLIO)
    paper.set_margins(0.4, 0.4, 0.5, 0.6)
    paper.fit_to_pages(1, 0)
    paper.set_footer("&L&8&A&R&8&P / &N")


def _row(paper: Worksheet, number: int, row: LaidRow, columns: tuple[Column, ...], formats: _Formats) -> None:
    framed = row.look in (Look.COLUMNS, Look.BODY, Look.TOTAL)
    for place, cell in enumerate(row.cells):
        column = columns[place] if framed else None
        narrow = column is not None and column.width < 10
        upright = row.look is Look.COLUMNS and column is not None and narrow and len(column.title) > 4
        look = formats.of(row.look, centred=narrow or bool(column and column.numeric), upright=upright)
        _cell(paper, number, place, cell, look)


def _cell(paper: Worksheet, row: int, place: int, cell: Cell, look: Format) -> None:
    if isinstance(cell, str):
        (paper.write_string if cell else paper.write_blank)(row, place, cell, look)
    else:
        paper.write_number(row, place, cell, look)


def _seal(paper: Worksheet, document: Document, seal: Seal, formats: _Formats) -> None:
    rows = count(len(sheets(document)[0].rows))
    for name, value in seal.lines:
        row = next(rows)
        paper.write_string(row, 1, name, formats.of(Look.FACT))
        paper.write_string(row, 2, value, formats.of(Look.FACT))
    picture = {"image_data": io.BytesIO(png(qr_text(document, seal))), "x_scale": QR_SCALE, "y_scale": QR_SCALE}
    paper.insert_image(next(rows) + 1, 1, "segel.png", {**picture, "description": "Segel rekap sebagai kode QR"})
