"""What a recap says, as tables of cells: the one thing that XLSX, PDF and CSV print and that the seal is over. Pure."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal

from collector.recap.people import Signatory
from wire.codec import Codec

Cell = str | int | float
"""What is printed, not reckoned with: money and percentages are Decimal until here."""
Row = tuple[Cell, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """A column: its title, a longer name for the legend where the title is an abbreviation, its width in print (mm)."""

    title: str
    width: float
    meaning: str = ""
    numeric: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """A named table. `total`: a last row of sums, or empty; `notes`: lines under it."""

    name: str
    title: str
    columns: tuple[Column, ...]
    rows: tuple[Row, ...]
    total: Row = ()
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """A whole recap. `head`: lines of the letterhead; `facts`: name and value under it; `foot`: name and value at the end."""

    unit: str
    month: str
    printed: str
    head: tuple[str, ...]
    facts: tuple[tuple[str, str], ...]
    tables: tuple[Table, ...]
    foot: tuple[tuple[str, str], ...]
    signed: str
    signatories: tuple[Signatory, ...]


DOCUMENT: Codec[Document] = Codec("recap", Document)


def text(cell: object) -> str:
    """A cell as it is printed: whole numbers plain, others with a decimal comma and no trailing zero."""
    if cell is None:
        return ""
    if isinstance(cell, float):
        return f"{Decimal(repr(cell)).normalize():f}".replace(".", ",")
    return str(cell)


def trimmed(rows: Iterable[Sequence[object]]) -> list[list[str]]:
    """Rows as texts: without empty cells at the end of a row, without empty rows. What a spreadsheet keeps when it saves."""
    kept: list[list[str]] = []
    for row in rows:
        texts = [text(cell) for cell in row]
        while texts and not texts[-1]:
            texts.pop()
        if texts:
            kept.append(texts)
    return kept


def digest(sheets: Iterable[tuple[str, Iterable[Sequence[object]]]]) -> str:
    """SHA-256 over named sheets of rows as texts, 64 hexadecimal digits."""
    said = [[name, trimmed(rows)] for name, rows in sheets]
    return hashlib.sha256(json.dumps(said, ensure_ascii=False, separators=(",", ":")).encode()).hexdigest()
