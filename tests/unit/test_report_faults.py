"""Why an order failed: kept as a code and values, told in words, and never with a path or a trace."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

import collector
from collector.errors import PrintError, ReportError, SheetError
from collector.recap import faults
from collector.recap.faults import Fault, Told
from collector.web.reporting.faults import WORDS

PLACED = re.compile(r"%\((\w+)\)s")


def raised() -> dict[Fault, set[str]]:
    """By code, the values that the code gives with it."""
    found: dict[Fault, set[str]] = {}
    for path in (Path(collector.__file__).parent / "recap").glob("*.py"):
        for call in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(call, ast.Call) and isinstance(call.func, ast.Name) and call.func.id == "ReportError":
                codes = [each.attr for each in call.args[1:] if isinstance(each, ast.Attribute)]
                names = {each.arg for each in call.keywords if each.arg}
                for code in codes:
                    found.setdefault(Fault[code], names)
                    assert found[Fault[code]] == names
    return found


def test_every_fault_has_words_with_just_the_values_that_it_is_raised_with() -> None:
    assert set(WORDS) == set(Fault)
    found = raised()
    assert set(Fault) - set(found) == {Fault.STAFF_SHEET, Fault.PRINTING, Fault.OTHER}
    for fault, names in found.items():
        assert set(PLACED.findall(WORDS[fault])) <= names, fault


@pytest.mark.parametrize(
    ("error", "told"),
    [
        (ReportError("a.csv: line 3: …", Fault.STAFF_LINE, line=3), Told(Fault.STAFF_LINE, {"line": 3})),
        (SheetError("folder/pegawai.csv: no CSV"), Told(Fault.STAFF_SHEET, {})),
        (PrintError("no library"), Told(Fault.PRINTING, {})),
        (ReportError("by a command only"), Told(Fault.OTHER, {"what": "ReportError"})),
        (KeyError("Siti"), Told(Fault.OTHER, {"what": "KeyError"})),
    ],
)
def test_a_fault_comes_back_as_it_was_kept(error: Exception, told: Told) -> None:
    assert faults.of(error) == told
    assert faults.decode(faults.encode(told)) == told


def test_what_an_older_version_kept_in_words_is_still_told() -> None:
    assert faults.decode("") is None
    for old in ("no such unit", '{"code": "of-tomorrow"}', "[]", '{"a": 1}'):
        assert faults.decode(old) == Told(Fault.OTHER, {"what": old})
