"""CSV that a spreadsheet opens as it is meant: `;` separated, UTF-8 with its mark, nothing that runs."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Iterator, Sequence

from flask import Response

from collector.cells import guarded


def cell(value: object) -> str:
    """A value as text that no spreadsheet takes for a formula, or for a number that it would round."""
    return guarded("" if value is None else str(value))


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
