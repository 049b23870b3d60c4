"""The recap as CSV: the columns first, so that other programs read it, head and foot below the table."""

from __future__ import annotations

from collector.recap import semicolons
from collector.recap.document import Document, Row, digest, text
from collector.recap.seal import Sealer, stamp

NAME = "csv"


def rows(document: Document) -> list[Row]:
    """All rows but the seal's: the sums, then what they are of."""
    table = document.tables[0]
    titles = tuple(column.title for column in table.columns)
    told = ((" — ".join(document.head[:2]), document.head[-1]), *document.facts, *document.foot)
    return [titles, *table.rows, (), *told]


def write(document: Document, sealer: Sealer) -> bytes:
    """The file; the seal is over what this file shows."""
    shown = rows(document)
    seal = stamp(document, digest([(NAME, shown)]), sealer)
    return semicolons.encode([*([text(cell) for cell in row] for row in shown), *seal.lines])
