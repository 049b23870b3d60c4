"""Tables of plain texts on the terminal."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from rich.console import Console
from rich.table import Table
from rich.text import Text


def show(titles: Sequence[str], rows: Iterable[Sequence[str]], *, on_stderr: bool = False) -> None:
    """Print a table: a name with square brackets is a name, not markup, and nothing is cut off."""
    table = Table(*titles, box=None, pad_edge=False)
    for row in rows:
        table.add_row(*(Text(cell, overflow="fold") for cell in row))
    Console(stderr=on_stderr).print(table)
