"""Why an order could not be made, as it is kept: a code and its values, which the pages say in the reader's language."""

from __future__ import annotations

import json
from dataclasses import dataclass
from enum import StrEnum

from collector.errors import CollectorError, PrintError, ReportError, SheetError


class Fault(StrEnum):
    """What is wrong with an order."""

    UNIT = "unit"  # unit
    NOT_JUDGED = "not-judged"  # unit, month
    NO_RECORDS = "no-records"
    TOO_MANY_RECORDS = "too-many-records"  # count, most
    UNSETTLED = "unsettled"  # month, days
    NO_ALLOWANCE = "no-allowance"  # month
    STAFF_COLUMNS = "staff-columns"
    STAFF_TWICE = "staff-twice"  # line, number
    STAFF_LINE = "staff-line"  # line
    STAFF_SHEET = "staff-sheet"
    FORM = "form"  # form
    WAITING = "waiting"  # most
    PRINTING = "printing"
    OTHER = "other"  # what


@dataclass(frozen=True, slots=True)
class Told:
    """A fault and its values by name."""

    fault: Fault
    values: dict[str, str | int]


def of(error: Exception) -> Told:
    """What a page is told of an error. What is in no list is told by its kind alone: its text may name files or people."""
    if isinstance(error, ReportError) and error.code:
        return Told(Fault(error.code), dict(error.values))
    if isinstance(error, SheetError):
        return Told(Fault.STAFF_SHEET, {})
    if isinstance(error, PrintError):
        return Told(Fault.PRINTING, {})
    return Told(Fault.OTHER, {"what": type(error).__name__})


def encode(told: Told) -> str:
    """As it stands in `report_orders.error`."""
    return json.dumps({"code": told.fault.value, **told.values}, ensure_ascii=False)


def decode(text: str) -> Told | None:
    """What stands there; None for nothing. What an older version wrote in words is told as OTHER."""
    if not text:
        return None
    try:
        values = json.loads(text)
        return Told(Fault(values.pop("code")), values)
    except (ValueError, KeyError, AttributeError, TypeError):
        return Told(Fault.OTHER, {"what": text[:200]})


def logged(error: Exception) -> bool:
    """Whether the error is one that nobody foresaw, and its trace belongs into the log."""
    return not isinstance(error, CollectorError)
