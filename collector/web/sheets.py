"""CSV that a spreadsheet opens as it is meant: `;` separated, UTF-8 with its mark, nothing that runs."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Iterator, Sequence

from flask import Response

_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n")
_LONG_NUMBER = re.compile(r"^\d{12,}$")


def cell(value: object) -> str:
    """A value as text that no spreadsheet takes for a formula, or for a number that it would round.

    Such text gets an apostrophe before it. A NIP has 18 digits, of which a spreadsheet keeps 15.
    """
    text = "" if value is None else str(value)
    risky = text.startswith(_FORMULA) or text.lstrip().startswith(_FORMULA) or _LONG_NUMBER.match(text)
    return f"'{text}" if risky else text


def lines(rows: Iterable[Sequence[object]]) -> Iterator[str]:
    """The rows as lines of CSV, the first one with the byte order mark that makes Excel read UTF-8."""
    yield "\ufeff"
    for row in rows:
        line = io.StringIO()
        csv.writer(line, delimiter=";", lineterminator="\r\n").writerow([cell(value) for value in row])
        yield line.getvalue()


def sheet(name: str, rows: Iterable[Sequence[object]]) -> Response:
    """The rows as a file to keep; `name` holds letters, digits and `-` only."""
    text = "".join(lines(rows)).encode()
    headers = {"Content-Disposition": f'attachment; filename="{re.sub("[^A-Za-z0-9-]", "-", name)}.csv"'}
    return Response(text, content_type="text/csv; charset=utf-8", headers=headers)
