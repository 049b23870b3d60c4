"""A recap as sheets of rows, top to bottom: what a spreadsheet shows and what its digest is over. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from collector.recap.document import Column, Document, Row, Table, digest

RIGHT = 12
"""Column in which the right one of the two signatures stands."""


class Look(StrEnum):
    """How a row looks."""

    HEAD = "head"
    TITLE = "title"
    FACT = "fact"
    COLUMNS = "columns"
    BODY = "body"
    TOTAL = "total"
    NOTE = "note"
    SIGN = "sign"


@dataclass(frozen=True, slots=True)
class LaidRow:
    """A row, its cells from the first column on."""

    look: Look
    cells: Row


@dataclass(frozen=True, slots=True)
class Sheet:
    """A sheet: its name, its columns for their widths, its rows."""

    name: str
    columns: tuple[Column, ...]
    rows: tuple[LaidRow, ...]


def sheets(document: Document) -> tuple[Sheet, ...]:
    """All sheets; the first one has letterhead and signatures, every one says of what unit and month it is."""
    first, *others = document.tables
    front = [*_head(document), *_body(first), *_signatures(document), *_pairs(document.foot)]
    return (_sheet(first, front), *(_sheet(each, [*_titles(document, each), *_body(each)]) for each in others))


def digest_of(document: Document) -> str:
    """SHA-256 of what the sheets show: the digest of the XLSX and of the PDF."""
    return digest((sheet.name, [row.cells for row in sheet.rows]) for sheet in sheets(document))


def _sheet(table: Table, rows: list[LaidRow]) -> Sheet:
    return Sheet(table.name, table.columns, tuple(rows))


def _head(document: Document) -> list[LaidRow]:
    head = [LaidRow(Look.HEAD, (line,)) for line in document.head]
    return [*head, *_pairs(document.facts), LaidRow(Look.NOTE, ())]


def _titles(document: Document, table: Table) -> list[LaidRow]:
    title = LaidRow(Look.TITLE, (table.title.upper(),))
    return [title, *_pairs(document.facts), LaidRow(Look.NOTE, ())]


def _pairs(pairs: tuple[tuple[str, str], ...]) -> list[LaidRow]:
    return [LaidRow(Look.FACT, ("", name, value)) for name, value in pairs]


def _body(table: Table) -> list[LaidRow]:
    rows = [LaidRow(Look.COLUMNS, tuple(column.title for column in table.columns))]
    rows += [LaidRow(Look.BODY, row) for row in table.rows]
    rows += [LaidRow(Look.TOTAL, table.total)] if table.total else []
    return [*rows, *(LaidRow(Look.NOTE, ("", note)) for note in table.notes), LaidRow(Look.NOTE, ())]


def _signatures(document: Document) -> list[LaidRow]:
    left, right = document.signatories
    lines = (
        ("Mengetahui,", document.signed),
        (left.title, right.title),
        *[("", "")] * 3,
        (left.name or "." * 40, right.name or "." * 40),
        (left.rank, right.rank),
        (f"NIP {left.number or '.' * 30}", f"NIP {right.number or '.' * 30}"),
        ("", ""),
    )
    return [LaidRow(Look.SIGN, ("", one, *[""] * (RIGHT - 2), other)) for one, other in lines]
