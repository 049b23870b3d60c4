"""CSV that a spreadsheet opens as it is meant: `;` separated, UTF-8 with its mark, nothing that runs. Pure."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Iterator, Sequence

_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n")
_LONG_NUMBER = re.compile(r"^\d{12,}$")
_DELIMITER = ";"


def cell(value: object) -> str:
    """A value as text that no spreadsheet takes for a formula, or for a number that it would round.

    Such text gets an apostrophe before it, and so does one that begins with an apostrophe, so that `plain` finds back.
    A NIP has 18 digits, of which a spreadsheet keeps 15.
    """
    text = "" if value is None else str(value)
    risky = text.startswith(("'", *_FORMULA)) or text.lstrip().startswith(_FORMULA) or _LONG_NUMBER.match(text)
    return f"'{text}" if risky else text


def plain(text: str) -> str:
    """What `cell` was given."""
    return text.removeprefix("'")


def lines(rows: Iterable[Sequence[object]]) -> Iterator[str]:
    """The rows as lines of CSV, the first one with the byte order mark that makes Excel read UTF-8."""
    yield "\ufeff"
    for row in rows:
        line = io.StringIO()
        csv.writer(line, delimiter=_DELIMITER, lineterminator="\r\n").writerow([cell(value) for value in row])
        yield line.getvalue()


def encode(rows: Iterable[Sequence[object]]) -> bytes:
    """The rows as a file."""
    return "".join(lines(rows)).encode()


def decode(raw: bytes) -> list[list[str]]:
    """The rows of a file that `encode` made. Raises ValueError for one that is no such CSV."""
    try:
        reader = csv.reader(io.StringIO(raw.decode("utf-8-sig"), newline=""), delimiter=_DELIMITER, strict=True)
        return [[plain(text) for text in row] for row in reader]
    except csv.Error as error:
        raise ValueError(str(error)) from error
