"""Texts in the cells of a CSV: no spreadsheet takes them for a formula, or for a number that it would round. Pure."""

from __future__ import annotations

import re

_RISKY = re.compile(r"\s*[=+\-@]|[\t\r\n]|\d{12,}\Z")
"""What a spreadsheet would run, and a number longer than it keeps: a NIP has 18 digits, of which it keeps 15."""

_MARKED = re.compile(r"'+(?:\s*[=+\-@]|[\t\r\n]|\d)")
"""A text marked by the apostrophe, by `guarded` or by whoever typed it into a spreadsheet."""


def guarded(text: str) -> str:
    """The text with the apostrophe before it by which spreadsheets know a text, where it needs one."""
    return f"'{text}" if _RISKY.match(text) or _MARKED.match(text) else text


def unguarded(text: str) -> str:
    """The text as it was before `guarded`."""
    return text[1:] if _MARKED.match(text) else text
