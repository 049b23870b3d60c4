"""CSV that a spreadsheet opens as it is meant: `;` separated, UTF-8 with its mark, nothing that runs."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from flask import Response

from collector.recap.semicolons import cell, encode, lines

__all__ = ["cell", "lines", "sheet"]


def sheet(name: str, rows: Iterable[Sequence[object]]) -> Response:
    """The rows as a file to keep; `name` holds letters, digits and `-` only."""
    text = encode(rows)
    headers = {"Content-Disposition": f'attachment; filename="{re.sub("[^A-Za-z0-9-]", "-", name)}.csv"'}
    return Response(text, content_type="text/csv; charset=utf-8", headers=headers)
